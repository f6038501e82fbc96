#include "l1_loss.h"

#include "loss_loop.h"

VECTOR_LOOP void l1_loss(
    double *sum, const float *prediction, size_t prediction_stride, const float *target, size_t target_stride,
    float *gradient, size_t gradient_stride, size_t rows, size_t columns, float factor, bool accumulate) {
  loss_loop(
      loss_l1, sum, prediction, prediction_stride, target, target_stride, 0, gradient, gradient_stride, rows,
      columns, factor, accumulate);
}

MULTIVERSION(
    vector_l1_loss, l1_loss,
    (double *sum, const float *prediction, size_t prediction_stride, const float *target, size_t target_stride,
     float *gradient, size_t gradient_stride, size_t rows, size_t columns, float factor, bool accumulate),
    (sum, prediction, prediction_stride, target, target_stride, gradient, gradient_stride, rows, columns, factor,
     accumulate))
