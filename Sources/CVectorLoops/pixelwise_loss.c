#include "pixelwise_loss.h"

#include "loss_loop.h"

VECTOR_LOOP void weighted_pixelwise_loss(
    enum vector_pixelwise_loss_kind kind, double *sum, struct vector_rows prediction, struct vector_rows target,
    struct vector_rows weights, struct vector_size size, struct vector_loss_gradient gradient) {
  if (kind == vector_l1_loss)
    loss_loop(loss_l1, sum, prediction, target, 0, weights, size, gradient);
  else
    loss_loop(loss_mean_squared_error, sum, prediction, target, 0, weights, size, gradient);
}

MULTIVERSION(
    vector_weighted_pixelwise_loss, weighted_pixelwise_loss,
    (enum vector_pixelwise_loss_kind kind, double *sum, struct vector_rows prediction, struct vector_rows target,
     struct vector_rows weights, struct vector_size size, struct vector_loss_gradient gradient),
    (kind, sum, prediction, target, weights, size, gradient))

VECTOR_LOOP void pixelwise_loss(
    enum vector_pixelwise_loss_kind kind, double *sum, struct vector_rows prediction, struct vector_rows target,
    struct vector_size size, struct vector_loss_gradient gradient) {
  weighted_pixelwise_loss(kind, sum, prediction, target, (struct vector_rows){0}, size, gradient);
}

MULTIVERSION(
    vector_pixelwise_loss, pixelwise_loss,
    (enum vector_pixelwise_loss_kind kind, double *sum, struct vector_rows prediction, struct vector_rows target,
     struct vector_size size, struct vector_loss_gradient gradient),
    (kind, sum, prediction, target, size, gradient))
