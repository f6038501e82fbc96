#include "activation_functions.h"
#include "batch_normalization.h"

// Rows that are summed in single precision before the sums are added to those in double precision.
enum { segment_rows = 64 };

/// Returns g of the columns from c on, and the input's distance from the center.
VECTOR_LOOP vector_float16 gradient_before_activation(
    const float *input, const float *output_gradient, struct vector_normalization k, size_t c, size_t count,
    enum vector_activation_kind kind, float slope, vector_float16 *distance) {
  *distance = vector_load(input + c, count) - vector_load(k.center + c, count);
  vector_float16 gradient = vector_load(output_gradient + c, count);
  if (kind == vector_activation_none) return gradient;
  vector_float16 z = *distance * vector_load(k.factor + c, count) + vector_load(k.offset + c, count);
  return activation_gradient_from_input(gradient, z, kind, slope);
}

/// Adds one segment of up to 16 · vectors columns from `first` on to the sums.
VECTOR_LOOP void segment_sums(
    double *sum, double *product_sum, struct vector_rows input, struct vector_rows output_gradient, size_t rows,
    struct vector_normalization k, size_t first, size_t vectors, size_t last_count, enum vector_activation_kind kind,
    float slope) {
  vector_float16 part[4] = {0}, product[4] = {0};
  for (size_t row = 0; row < rows; row++) {
    const float *x = input.start + row * input.stride, *dy = output_gradient.start + row * output_gradient.stride;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++) {
      if (v < vectors) {
        vector_float16 distance;
        vector_float16 g = gradient_before_activation(
            x, dy, k, first + 16 * v, v + 1 == vectors ? last_count : 16, kind, slope, &distance);
        part[v] += g;
        product[v] += g * distance;
      }
    }
  }
  for (size_t v = 0; v < vectors; v++) {
    size_t count = v + 1 == vectors ? last_count : 16;
    for (size_t i = 0; i < count; i++) {
      sum[first + 16 * v + i] += (double)part[v][i];
      product_sum[first + 16 * v + i] += (double)product[v][i];
    }
  }
}

VECTOR_LOOP void sums_of_kind(
    double *sum, double *product_sum, struct vector_rows input, struct vector_rows output_gradient,
    struct vector_size size, struct vector_normalization k, enum vector_activation_kind kind, float slope) {
  for (size_t c = 0; c < size.columns; c++) sum[c] = product_sum[c] = 0;
  for (size_t c = 0; c < size.columns; c += 64) {
    size_t here = size.columns - c < 64 ? size.columns - c : 64;
    for (size_t row = 0; row < size.rows; row += segment_rows) {
      size_t segment = size.rows - row < segment_rows ? size.rows - row : segment_rows;
      struct vector_rows x = {input.start + row * input.stride, input.stride};
      struct vector_rows dy = {output_gradient.start + row * output_gradient.stride, output_gradient.stride};
      if (here == 64) {
        segment_sums(sum, product_sum, x, dy, segment, k, c, 4, 16, kind, slope);
      } else {
        for (size_t v = 0; v < here; v += 16)
          segment_sums(
              sum, product_sum, x, dy, segment, k, c + v, 1, here - v < 16 ? here - v : 16, kind, slope);
      }
    }
  }
}

VECTOR_LOOP void sums(
    double *sum, double *product_sum, struct vector_rows input, struct vector_rows output_gradient,
    struct vector_size size, struct vector_normalization normalization) {
  WITH_CONSTANT_KIND(
      normalization.activation, sums_of_kind, sum, product_sum, input, output_gradient, size, normalization)
}

MULTIVERSION(
    vector_batch_normalization_backward_sums, sums,
    (double *sum, double *product_sum, struct vector_rows input, struct vector_rows output_gradient,
     struct vector_size size, struct vector_normalization normalization),
    (sum, product_sum, input, output_gradient, size, normalization))

VECTOR_LOOP void apply_part(
    float *input_gradient, const float *input, const float *output_gradient, struct vector_normalization k,
    const float *slope_term, const float *constant_term, size_t c, size_t count, enum vector_activation_kind kind,
    float slope) {
  vector_float16 distance;
  vector_float16 g = gradient_before_activation(input, output_gradient, k, c, count, kind, slope, &distance);
  vector_float16 result = distance * vector_load(slope_term + c, count) + vector_load(constant_term + c, count);
  vector_store(input_gradient + c, g * vector_load(k.factor + c, count) + result, count);
}

/// Rows of sixty-four columns, whose constants stay in registers.
VECTOR_LOOP void apply_group(
    struct vector_rows input_gradient, struct vector_rows input, struct vector_rows output_gradient, size_t rows,
    struct vector_normalization k, const float *slope_term, const float *constant_term,
    enum vector_activation_kind kind, float slope) {
  vector_float16 centers[4], factors[4], offsets[4], slopes[4], constants[4];
  for (size_t v = 0; v < 4; v++) {
    centers[v] = vector_load(k.center + 16 * v, 16);
    factors[v] = vector_load(k.factor + 16 * v, 16);
    offsets[v] = vector_load(k.offset + 16 * v, 16);
    slopes[v] = vector_load(slope_term + 16 * v, 16);
    constants[v] = vector_load(constant_term + 16 * v, 16);
  }
  for (size_t row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++) {
      vector_float16 distance = vector_load(input.start + 16 * v, 16) - centers[v];
      vector_float16 g = activation_gradient_from_input(
          vector_load(output_gradient.start + 16 * v, 16), distance * factors[v] + offsets[v], kind, slope);
      vector_store(input_gradient.start + 16 * v, g * factors[v] + (distance * slopes[v] + constants[v]), 16);
    }
    input_gradient.start += input_gradient.stride;
    input.start += input.stride;
    output_gradient.start += output_gradient.stride;
  }
}

VECTOR_LOOP void apply_of_kind(
    struct vector_rows input_gradient, struct vector_rows input, struct vector_rows output_gradient,
    struct vector_size size, struct vector_normalization k, const float *slope_term, const float *constant_term,
    enum vector_activation_kind kind, float slope) {
  if (size.columns == 64) {
    apply_group(input_gradient, input, output_gradient, size.rows, k, slope_term, constant_term, kind, slope);
    return;
  }
  for (size_t row = 0; row < size.rows; row++) {
    size_t c = 0;
    for (; c + 16 <= size.columns; c += 16)
      apply_part(
          input_gradient.start, input.start, output_gradient.start, k, slope_term, constant_term, c, 16, kind, slope);
    if (c < size.columns)
      apply_part(
          input_gradient.start, input.start, output_gradient.start, k, slope_term, constant_term, c, size.columns - c,
          kind, slope);
    input_gradient.start += input_gradient.stride;
    input.start += input.stride;
    output_gradient.start += output_gradient.stride;
  }
}

VECTOR_LOOP void apply(
    struct vector_rows input_gradient, struct vector_rows input, struct vector_rows output_gradient,
    struct vector_size size, struct vector_normalization normalization, const float *slope_term,
    const float *constant_term) {
  WITH_CONSTANT_KIND(
      normalization.activation, apply_of_kind, input_gradient, input, output_gradient, size, normalization, slope_term,
      constant_term)
}

MULTIVERSION(
    vector_batch_normalization_backward_apply, apply,
    (struct vector_rows input_gradient, struct vector_rows input, struct vector_rows output_gradient,
     struct vector_size size, struct vector_normalization normalization, const float *slope_term,
     const float *constant_term),
    (input_gradient, input, output_gradient, size, normalization, slope_term, constant_term))
