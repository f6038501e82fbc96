#include "scaled_sum.h"

#include "multiversion.h"

VECTOR_LOOP void scaled_sum(float *output, const float *first, const float *second, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) output[i] = factor * (first[i] + second[i]);
}

MULTIVERSION(
    vector_scaled_sum, scaled_sum,
    (float *output, const float *first, const float *second, size_t count, float factor),
    (output, first, second, count, factor))

VECTOR_LOOP void scaled(float *output, const float *values, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) output[i] = factor * values[i];
}

MULTIVERSION(
    vector_scaled, scaled, (float *output, const float *values, size_t count, float factor),
    (output, values, count, factor))
