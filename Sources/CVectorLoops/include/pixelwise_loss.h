#pragma once

#include "layout.h"

/// Where a loss writes its gradient: rows = factor · derivative, added to what is there with `accumulate`.
struct vector_loss_gradient {
  /// `start` is NULL where no gradient is wanted.
  struct vector_rows rows;
  float factor;
  bool accumulate;
};

enum vector_pixelwise_loss_kind {
  /// |prediction − target|
  vector_l1_loss,
  /// (prediction − target)²
  vector_mean_squared_error,
};

/// *sum = the sum of the per-element losses of a block.
void vector_pixelwise_loss(
    enum vector_pixelwise_loss_kind kind, double *sum, struct vector_rows prediction, struct vector_rows target,
    struct vector_size size, struct vector_loss_gradient gradient);

/// The same with the losses and the gradients of each row multiplied by its weight, one float in a row of `weights`.
void vector_weighted_pixelwise_loss(
    enum vector_pixelwise_loss_kind kind, double *sum, struct vector_rows prediction, struct vector_rows target,
    struct vector_rows weights, struct vector_size size, struct vector_loss_gradient gradient);
