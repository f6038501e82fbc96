#pragma once

// Sums per-element losses in double precision and in a fixed order and writes factor · derivative in the same pass.

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
    enum loss_kind kind, vector_double16 *sum, const float *prediction, vector_float16 target, float *gradient,
    size_t count, float factor, bool accumulate) {
  vector_float16 x = vector_load(prediction, count);
  vector_float16 value = loss_value(kind, x, target);
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
  if (accumulate) derivative += vector_load(gradient, count);
  vector_store(gradient, derivative, count);
}

/// Adds the loss of `count` dense elements.
VECTOR_LOOP void loss_run(
    enum loss_kind kind, vector_double16 *total, const float *prediction, const float *target,
    vector_float16 constant_target, float *gradient, size_t count, float factor, bool accumulate) {
  size_t c = 0;
  for (; c + 16 <= count; c += 16)
    loss_part(
        kind, total, prediction + c, target ? vector_load(target + c, 16) : constant_target,
        gradient ? gradient + c : 0, 16, factor, accumulate);
  if (c < count)
    loss_part(
        kind, total, prediction + c, target ? vector_load(target + c, count - c) : constant_target,
        gradient ? gradient + c : 0, count - c, factor, accumulate);
}

/// Without `target.start`, the target is `constant_target` everywhere.
VECTOR_LOOP void loss_loop(
    enum loss_kind kind, double *sum, struct vector_rows prediction, struct vector_rows target, float constant_target,
    struct vector_size size, struct vector_loss_gradient loss_gradient) {
  struct vector_rows gradient = loss_gradient.rows;
  const float factor = loss_gradient.factor;
  const bool accumulate = loss_gradient.accumulate;
  vector_double16 total = {0};
  vector_float16 constant = vector_broadcast(constant_target);
  size_t packed_rows = size.rows > 1 ? packing_rows(size.columns) : 0;
  size_t step = packed_rows > 0 ? packed_rows : 1;
  for (size_t row = 0; row < size.rows; row += step) {
    if (packed_rows > 0) {
      float x[packing_block], t[packing_block], g[packing_block];
      size_t here = size.rows - row < step ? size.rows - row : step;
      WITH_COLUMNS(size.columns, pack, x, prediction.start, prediction.stride, here);
      if (target.start) WITH_COLUMNS(size.columns, pack, t, target.start, target.stride, here);
      if (gradient.start && accumulate) WITH_COLUMNS(size.columns, pack, g, gradient.start, gradient.stride, here);
      loss_run(
          kind, &total, x, target.start ? t : 0, constant, gradient.start ? g : 0, here * size.columns, factor,
          accumulate);
      if (gradient.start) WITH_COLUMNS(size.columns, unpack, gradient.start, gradient.stride, g, here);
    } else {
      loss_run(
          kind, &total, prediction.start, target.start, constant, gradient.start, size.columns, factor, accumulate);
    }
    prediction.start += step * prediction.stride;
    if (target.start) target.start += step * target.stride;
    if (gradient.start) gradient.start += step * gradient.stride;
  }
  *sum = vector_sum(total);
}
