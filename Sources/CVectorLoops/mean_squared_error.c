#include "mean_squared_error.h"

#include "loss_loop.h"

VECTOR_LOOP void mean_squared_error(
    double *sum, const float *prediction, size_t prediction_stride, const float *target, size_t target_stride,
    float *gradient, size_t gradient_stride, size_t rows, size_t columns, float factor, bool accumulate) {
  loss_loop(
      loss_mean_squared_error, sum, prediction, prediction_stride, target, target_stride, 0, gradient, gradient_stride, rows,
      columns, factor, accumulate);
}

MULTIVERSION(
    vector_mean_squared_error, mean_squared_error,
    (double *sum, const float *prediction, size_t prediction_stride, const float *target, size_t target_stride,
     float *gradient, size_t gradient_stride, size_t rows, size_t columns, float factor, bool accumulate),
    (sum, prediction, prediction_stride, target, target_stride, gradient, gradient_stride, rows, columns, factor,
     accumulate))
