#pragma once

// Sums per-element losses in double precision and in a fixed order and writes factor · derivative in the same pass.
// With weights, both are multiplied by the weight of the element's row. Whether there are weights is a constant where
// the loop is inlined, so that without them nothing is multiplied.

#include "layout.h"
#include "packing.h"
#include "pixelwise_loss.h"

enum loss_kind { loss_mean_squared_error, loss_l1, loss_binary_cross_entropy };

VECTOR_LOOP vector_float16 loss_value(enum loss_kind kind, vector_float16 x, vector_float16 target) {
  switch (kind) {
    case loss_mean_squared_error: return (x - target) * (x - target);
    case loss_l1: return vector_absolute(x - target);
    case loss_binary_cross_entropy:
      return vector_maximum(x, (vector_float16){0}) - x * target + vector_log1p(vector_exp(-vector_absolute(x)));
  }
}

VECTOR_LOOP vector_float16 loss_derivative(enum loss_kind kind, vector_float16 x, vector_float16 target) {
  switch (kind) {
    case loss_mean_squared_error: return 2.0f * (x - target);
    case loss_l1: {
      vector_float16 zero = {0};
      vector_float16 one = vector_broadcast(1.0f);
      return vector_select(x > target, one, zero) - vector_select(x < target, one, zero);
    }
    case loss_binary_cross_entropy: {
      // sigmoid(x) − target over one denominator, so that nothing cancels where the two are close.
      vector_float16 e = vector_exp(-vector_absolute(x));
      vector_float16 rest = 1.0f - target;
      return vector_select(x >= 0.0f, rest - target * e, rest * e - target) / (1.0f + e);
    }
  }
}

VECTOR_LOOP void loss_part(
    enum loss_kind kind, vector_double16 *sum, const float *prediction, vector_float16 target, bool is_weighted,
    vector_float16 weight, float *gradient, size_t count, float factor, bool accumulate) {
  vector_float16 x = vector_load(prediction, count);
  vector_float16 value = loss_value(kind, x, target);
  if (is_weighted) value = value * weight;
  if (count < 16) {
    // Lanes past the end have no loss.
    float values[16];
    __builtin_memcpy(values, &value, sizeof value);
    for (size_t i = count; i < 16; i++) values[i] = 0;
    __builtin_memcpy(&value, values, sizeof value);
  }
  *sum += __builtin_convertvector(value, vector_double16);
  if (!gradient) return;
  vector_float16 derivative = loss_derivative(kind, x, target) * factor;
  if (is_weighted) derivative = derivative * weight;
  if (accumulate) derivative += vector_load(gradient, count);
  vector_store(gradient, derivative, count);
}

/// Adds the loss of `count` dense elements. Without `target` or `weights`, the constant is every element's.
VECTOR_LOOP void loss_run(
    enum loss_kind kind, vector_double16 *total, const float *prediction, const float *target,
    vector_float16 constant_target, bool is_weighted, const float *weights, vector_float16 constant_weight,
    float *gradient, size_t count, float factor, bool accumulate) {
  size_t c = 0;
  for (; c + 16 <= count; c += 16)
    loss_part(
        kind, total, prediction + c, target ? vector_load(target + c, 16) : constant_target, is_weighted,
        weights ? vector_load(weights + c, 16) : constant_weight, gradient ? gradient + c : 0, 16, factor, accumulate);
  if (c < count)
    loss_part(
        kind, total, prediction + c, target ? vector_load(target + c, count - c) : constant_target, is_weighted,
        weights ? vector_load(weights + c, count - c) : constant_weight, gradient ? gradient + c : 0, count - c, factor,
        accumulate);
}

/// Copies the weight of each of some runs to all of its columns in a dense block.
VECTOR_LOOP void repeat_weights(
    float *restrict block, const float *restrict from, size_t stride, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
#pragma clang loop vectorize(disable) unroll(disable)
    for (size_t c = 0; c < columns; c++) block[row * columns + c] = from[row * stride];
}

/// Without `target.start`, the target is `constant_target` everywhere; without `weights.start`, there are no weights. A
/// row of `weights` is one float.
VECTOR_LOOP void loss_loop(
    enum loss_kind kind, double *sum, struct vector_rows prediction, struct vector_rows target, float constant_target,
    struct vector_rows weights, struct vector_size size, struct vector_loss_gradient loss_gradient) {
  struct vector_rows gradient = loss_gradient.rows;
  const float factor = loss_gradient.factor;
  const bool accumulate = loss_gradient.accumulate;
  const bool is_weighted = weights.start != 0;
  vector_double16 total = {0};
  vector_float16 constant = vector_broadcast(constant_target);
  size_t packed_rows = size.rows > 1 ? packing_rows(size.columns) : 0;
  size_t step = packed_rows > 0 ? packed_rows : 1;
  for (size_t row = 0; row < size.rows; row += step) {
    if (packed_rows > 0) {
      float x[packing_block], t[packing_block], w[packing_block], g[packing_block];
      size_t here = size.rows - row < step ? size.rows - row : step;
      WITH_COLUMNS(size.columns, pack, x, prediction.start, prediction.stride, here);
      if (target.start) WITH_COLUMNS(size.columns, pack, t, target.start, target.stride, here);
      if (is_weighted) WITH_COLUMNS(size.columns, repeat_weights, w, weights.start, weights.stride, here);
      if (gradient.start && accumulate) WITH_COLUMNS(size.columns, pack, g, gradient.start, gradient.stride, here);
      loss_run(
          kind, &total, x, target.start ? t : 0, constant, is_weighted, is_weighted ? w : 0, constant,
          gradient.start ? g : 0, here * size.columns, factor, accumulate);
      if (gradient.start) WITH_COLUMNS(size.columns, unpack, gradient.start, gradient.stride, g, here);
    } else {
      loss_run(
          kind, &total, prediction.start, target.start, constant, is_weighted, 0,
          is_weighted ? vector_broadcast(weights.start[0]) : constant, gradient.start, size.columns, factor,
          accumulate);
    }
    prediction.start += step * prediction.stride;
    if (target.start) target.start += step * target.stride;
    if (is_weighted) weights.start += step * weights.stride;
    if (gradient.start) gradient.start += step * gradient.stride;
  }
  *sum = vector_sum(total);
}
