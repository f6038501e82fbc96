#include "batch_normalization.h"

#include "activation_functions.h"

VECTOR_LOOP vector_float16 normalized(
    vector_float16 distance, const float *factor, const float *offset, size_t count) {
  return distance * vector_load(factor, count) + vector_load(offset, count);
}

VECTOR_LOOP void apply_part(
    float *output, const float *input, const float *center, const float *factor, const float *offset, size_t count,
    enum vector_activation kind, float slope) {
  vector_float16 distance = vector_load(input, count) - vector_load(center, count);
  vector_store(output, activation_value(normalized(distance, factor, offset, count), kind, slope), count);
}

/// Rows of sixty-four columns, whose constants stay in registers: what the layers of large images come to. With wider rows
/// the constants come from the first-level cache; going through such a tensor in columns of 64 was tried, and is slower
/// than that as soon as the tensor is larger than the caches.
VECTOR_LOOP void apply_group(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, const float *center,
    const float *factor, const float *offset, enum vector_activation kind, float slope) {
  vector_float16 centers[4], factors[4], offsets[4];
  for (size_t v = 0; v < 4; v++) {
    centers[v] = vector_load(center + 16 * v, 16);
    factors[v] = vector_load(factor + 16 * v, 16);
    offsets[v] = vector_load(offset + 16 * v, 16);
  }
  for (size_t row = 0; row < rows; row++, output += output_stride, input += input_stride) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++) {
      vector_float16 z = (vector_load(input + 16 * v, 16) - centers[v]) * factors[v] + offsets[v];
      vector_store(output + 16 * v, activation_value(z, kind, slope), 16);
    }
  }
}

VECTOR_LOOP void apply_of_kind(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
    const float *center, const float *factor, const float *offset, enum vector_activation kind, float slope) {
  if (columns == 64) {
    apply_group(output, output_stride, input, input_stride, rows, center, factor, offset, kind, slope);
    return;
  }
  for (size_t row = 0; row < rows; row++, output += output_stride, input += input_stride) {
    size_t c = 0;
    for (; c + 16 <= columns; c += 16)
      apply_part(output + c, input + c, center + c, factor + c, offset + c, 16, kind, slope);
    if (c < columns)
      apply_part(output + c, input + c, center + c, factor + c, offset + c, columns - c, kind, slope);
  }
}

VECTOR_LOOP void apply(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
    const float *center, const float *factor, const float *offset, enum vector_activation kind, float slope) {
#define APPLY(kind)                                                                                  \
  apply_of_kind(output, output_stride, input, input_stride, rows, columns, center, factor, offset, kind, slope)
  switch (kind) {
    case vector_activation_none: APPLY(vector_activation_none); break;
    case vector_activation_leaky_relu: APPLY(vector_activation_leaky_relu); break;
    case vector_activation_tanh: APPLY(vector_activation_tanh); break;
    case vector_activation_sigmoid: APPLY(vector_activation_sigmoid); break;
  }
}

MULTIVERSION(
    vector_batch_normalization_apply, apply,
    (float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
     const float *center, const float *factor, const float *offset, enum vector_activation kind, float slope),
    (output, output_stride, input, input_stride, rows, columns, center, factor, offset, kind, slope))
