#include "binary_cross_entropy.h"

#include "loss_loop.h"

VECTOR_LOOP void binary_cross_entropy(
    double *sum, struct vector_rows logits, float target, struct vector_size size,
    struct vector_loss_gradient gradient) {
  struct vector_rows none = {0};
  loss_loop(loss_binary_cross_entropy, sum, logits, none, target, none, size, gradient);
}

MULTIVERSION(
    vector_binary_cross_entropy, binary_cross_entropy,
    (double *sum, struct vector_rows logits, float target, struct vector_size size,
     struct vector_loss_gradient gradient),
    (sum, logits, target, size, gradient))
