#include "batch_normalization.h"

#include "activation_functions.h"

VECTOR_LOOP vector_float16 normalized(
    vector_float16 distance, const float *factor, const float *offset, size_t count) {
  return distance * vector_load(factor, count) + vector_load(offset, count);
}

VECTOR_LOOP void apply_part(
    float *output, const float *input, struct vector_normalization k, size_t c, size_t count,
    enum vector_activation_kind kind, float slope) {
  vector_float16 distance = vector_load(input + c, count) - vector_load(k.center + c, count);
  vector_float16 z = normalized(distance, k.factor + c, k.offset + c, count);
  vector_store(output + c, activation_value(z, kind, slope), count);
}

/// Rows of sixty-four columns, whose constants stay in registers: the layers of large images. With wider rows the
/// constants come from the first-level cache; going through such a tensor in columns of 64 was tried, and is slower
/// than that as soon as the tensor is larger than the caches.
VECTOR_LOOP void apply_group(
    struct vector_rows output, struct vector_rows input, size_t rows, struct vector_normalization k,
    enum vector_activation_kind kind, float slope) {
  vector_float16 centers[4], factors[4], offsets[4];
  for (size_t v = 0; v < 4; v++) {
    centers[v] = vector_load(k.center + 16 * v, 16);
    factors[v] = vector_load(k.factor + 16 * v, 16);
    offsets[v] = vector_load(k.offset + 16 * v, 16);
  }
  for (size_t row = 0; row < rows; row++, output.start += output.stride, input.start += input.stride) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++) {
      vector_float16 z = (vector_load(input.start + 16 * v, 16) - centers[v]) * factors[v] + offsets[v];
      vector_store(output.start + 16 * v, activation_value(z, kind, slope), 16);
    }
  }
}

VECTOR_LOOP void apply_of_kind(
    struct vector_rows output, struct vector_rows input, struct vector_size size, struct vector_normalization k,
    enum vector_activation_kind kind, float slope) {
  if (size.columns == 64) {
    apply_group(output, input, size.rows, k, kind, slope);
    return;
  }
  for (size_t row = 0; row < size.rows; row++, output.start += output.stride, input.start += input.stride) {
    size_t c = 0;
    for (; c + 16 <= size.columns; c += 16) apply_part(output.start, input.start, k, c, 16, kind, slope);
    if (c < size.columns) apply_part(output.start, input.start, k, c, size.columns - c, kind, slope);
  }
}

VECTOR_LOOP void apply(
    struct vector_rows output, struct vector_rows input, struct vector_size size,
    struct vector_normalization normalization) {
  WITH_CONSTANT_KIND(normalization.activation, apply_of_kind, output, input, size, normalization)
}

MULTIVERSION(
    vector_batch_normalization_apply, apply,
    (struct vector_rows output, struct vector_rows input, struct vector_size size,
     struct vector_normalization normalization),
    (output, input, size, normalization))
