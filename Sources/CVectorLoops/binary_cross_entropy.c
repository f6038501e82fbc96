#include "binary_cross_entropy.h"

#include "loss_loop.h"

VECTOR_LOOP void binary_cross_entropy(
    double *sum, const float *logits, size_t logits_stride, float target, float *gradient, size_t gradient_stride,
    size_t rows, size_t columns, float factor, bool accumulate) {
  loss_loop(
      loss_binary_cross_entropy, sum, logits, logits_stride, 0, 0, target, gradient, gradient_stride, rows, columns,
      factor, accumulate);
}

MULTIVERSION(
    vector_binary_cross_entropy, binary_cross_entropy,
    (double *sum, const float *logits, size_t logits_stride, float target, float *gradient, size_t gradient_stride,
     size_t rows, size_t columns, float factor, bool accumulate),
    (sum, logits, logits_stride, target, gradient, gradient_stride, rows, columns, factor, accumulate))
