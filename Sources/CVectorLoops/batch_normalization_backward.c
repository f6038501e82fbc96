#include "activation_functions.h"
#include "batch_normalization.h"

// Rows that are summed in single precision before the sums join those in double precision.
enum { segment_rows = 64 };

/// g, and the input's distance from the center.
VECTOR_LOOP vector_float16 gradient_behind_activation(
    const float *input, const float *output_gradient, const float *center, const float *factor, const float *offset,
    size_t count, enum vector_activation kind, float slope, vector_float16 *distance) {
  *distance = vector_load(input, count) - vector_load(center, count);
  vector_float16 gradient = vector_load(output_gradient, count);
  if (kind == vector_activation_none) return gradient;
  vector_float16 z = *distance * vector_load(factor, count) + vector_load(offset, count);
  return activation_gradient_from_input(gradient, z, kind, slope);
}

/// Adds one segment of up to 16 · vectors columns to the sums.
VECTOR_LOOP void segment_sums(
    double *sum, double *product_sum, const float *input, size_t input_stride, const float *output_gradient,
    size_t output_gradient_stride, size_t rows, const float *center, const float *factor, const float *offset,
    size_t vectors, size_t last_count, enum vector_activation kind, float slope) {
  vector_float16 part[4] = {0}, product[4] = {0};
  for (size_t row = 0; row < rows; row++) {
    const float *x = input + row * input_stride, *dy = output_gradient + row * output_gradient_stride;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++) {
      if (v < vectors) {
        size_t c = 16 * v;
        vector_float16 distance;
        vector_float16 g = gradient_behind_activation(
            x + c, dy + c, center + c, factor + c, offset + c, v + 1 == vectors ? last_count : 16, kind, slope,
            &distance);
        part[v] += g;
        product[v] += g * distance;
      }
    }
  }
  for (size_t v = 0; v < vectors; v++) {
    size_t count = v + 1 == vectors ? last_count : 16;
    for (size_t i = 0; i < count; i++) {
      sum[16 * v + i] += (double)part[v][i];
      product_sum[16 * v + i] += (double)product[v][i];
    }
  }
}

VECTOR_LOOP void sums_of_kind(
    double *sum, double *product_sum, const float *input, size_t input_stride, const float *output_gradient,
    size_t output_gradient_stride, size_t rows, size_t columns, const float *center, const float *factor,
    const float *offset, enum vector_activation kind, float slope) {
  for (size_t c = 0; c < columns; c++) sum[c] = product_sum[c] = 0;
  for (size_t c = 0; c < columns; c += 64) {
    size_t here = columns - c < 64 ? columns - c : 64;
    for (size_t row = 0; row < rows; row += segment_rows) {
      size_t segment = rows - row < segment_rows ? rows - row : segment_rows;
      const float *x = input + row * input_stride + c, *dy = output_gradient + row * output_gradient_stride + c;
      if (here == 64) {
        segment_sums(
            sum + c, product_sum + c, x, input_stride, dy, output_gradient_stride, segment, center + c, factor + c,
            offset + c, 4, 16, kind, slope);
      } else {
        for (size_t v = 0; v < here; v += 16)
          segment_sums(
              sum + c + v, product_sum + c + v, x + v, input_stride, dy + v, output_gradient_stride, segment,
              center + c + v, factor + c + v, offset + c + v, 1, here - v < 16 ? here - v : 16, kind, slope);
      }
    }
  }
}

VECTOR_LOOP void sums(
    double *sum, double *product_sum, const float *input, size_t input_stride, const float *output_gradient,
    size_t output_gradient_stride, size_t rows, size_t columns, const float *center, const float *factor,
    const float *offset, enum vector_activation kind, float slope) {
#define SUMS(kind)                                                                                   \
  sums_of_kind(                                                                                      \
      sum, product_sum, input, input_stride, output_gradient, output_gradient_stride, rows, columns, center, factor, \
      offset, kind, slope)
  switch (kind) {
    case vector_activation_none: SUMS(vector_activation_none); break;
    case vector_activation_leaky_relu: SUMS(vector_activation_leaky_relu); break;
    case vector_activation_tanh: SUMS(vector_activation_tanh); break;
    case vector_activation_sigmoid: SUMS(vector_activation_sigmoid); break;
  }
}

MULTIVERSION(
    vector_batch_normalization_backward_sums, sums,
    (double *sum, double *product_sum, const float *input, size_t input_stride, const float *output_gradient,
     size_t output_gradient_stride, size_t rows, size_t columns, const float *center, const float *factor,
     const float *offset, enum vector_activation kind, float slope),
    (sum, product_sum, input, input_stride, output_gradient, output_gradient_stride, rows, columns, center, factor,
     offset, kind, slope))

VECTOR_LOOP void apply_part(
    float *input_gradient, const float *input, const float *output_gradient, const float *center, const float *factor,
    const float *offset, const float *slope_term, const float *constant_term, size_t count,
    enum vector_activation kind, float slope) {
  vector_float16 distance;
  vector_float16 g = gradient_behind_activation(
      input, output_gradient, center, factor, offset, count, kind, slope, &distance);
  vector_float16 result = distance * vector_load(slope_term, count) + vector_load(constant_term, count);
  vector_store(input_gradient, g * vector_load(factor, count) + result, count);
}

/// Rows of sixty-four columns, whose constants stay in registers.
VECTOR_LOOP void apply_group(
    float *input_gradient, size_t input_gradient_stride, const float *input, size_t input_stride,
    const float *output_gradient, size_t output_gradient_stride, size_t rows, const float *center, const float *factor,
    const float *offset, const float *slope_term, const float *constant_term, enum vector_activation kind,
    float slope) {
  vector_float16 centers[4], factors[4], offsets[4], slopes[4], constants[4];
  for (size_t v = 0; v < 4; v++) {
    centers[v] = vector_load(center + 16 * v, 16);
    factors[v] = vector_load(factor + 16 * v, 16);
    offsets[v] = vector_load(offset + 16 * v, 16);
    slopes[v] = vector_load(slope_term + 16 * v, 16);
    constants[v] = vector_load(constant_term + 16 * v, 16);
  }
  for (size_t row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++) {
      vector_float16 distance = vector_load(input + 16 * v, 16) - centers[v];
      vector_float16 g = activation_gradient_from_input(
          vector_load(output_gradient + 16 * v, 16), distance * factors[v] + offsets[v], kind, slope);
      vector_store(input_gradient + 16 * v, g * factors[v] + (distance * slopes[v] + constants[v]), 16);
    }
    input_gradient += input_gradient_stride;
    input += input_stride;
    output_gradient += output_gradient_stride;
  }
}

VECTOR_LOOP void apply_of_kind(
    float *input_gradient, size_t input_gradient_stride, const float *input, size_t input_stride,
    const float *output_gradient, size_t output_gradient_stride, size_t rows, size_t columns, const float *center,
    const float *factor, const float *offset, const float *slope_term, const float *constant_term,
    enum vector_activation kind, float slope) {
  if (columns == 64) {
    apply_group(
        input_gradient, input_gradient_stride, input, input_stride, output_gradient, output_gradient_stride, rows,
        center, factor, offset, slope_term, constant_term, kind, slope);
    return;
  }
  for (size_t row = 0; row < rows; row++) {
    size_t c = 0;
    for (; c + 16 <= columns; c += 16)
      apply_part(
          input_gradient + c, input + c, output_gradient + c, center + c, factor + c, offset + c, slope_term + c,
          constant_term + c, 16, kind, slope);
    if (c < columns)
      apply_part(
          input_gradient + c, input + c, output_gradient + c, center + c, factor + c, offset + c, slope_term + c,
          constant_term + c, columns - c, kind, slope);
    input_gradient += input_gradient_stride;
    input += input_stride;
    output_gradient += output_gradient_stride;
  }
}

VECTOR_LOOP void apply(
    float *input_gradient, size_t input_gradient_stride, const float *input, size_t input_stride,
    const float *output_gradient, size_t output_gradient_stride, size_t rows, size_t columns, const float *center,
    const float *factor, const float *offset, const float *slope_term, const float *constant_term,
    enum vector_activation kind, float slope) {
#define APPLY(kind)                                                                                  \
  apply_of_kind(                                                                                     \
      input_gradient, input_gradient_stride, input, input_stride, output_gradient, output_gradient_stride, rows, \
      columns, center, factor, offset, slope_term, constant_term, kind, slope)
  switch (kind) {
    case vector_activation_none: APPLY(vector_activation_none); break;
    case vector_activation_leaky_relu: APPLY(vector_activation_leaky_relu); break;
    case vector_activation_tanh: APPLY(vector_activation_tanh); break;
    case vector_activation_sigmoid: APPLY(vector_activation_sigmoid); break;
  }
}

MULTIVERSION(
    vector_batch_normalization_backward_apply, apply,
    (float *input_gradient, size_t input_gradient_stride, const float *input, size_t input_stride,
     const float *output_gradient, size_t output_gradient_stride, size_t rows, size_t columns, const float *center,
     const float *factor, const float *offset, const float *slope_term, const float *constant_term,
     enum vector_activation kind, float slope),
    (input_gradient, input_gradient_stride, input, input_stride, output_gradient, output_gradient_stride, rows,
     columns, center, factor, offset, slope_term, constant_term, kind, slope))
