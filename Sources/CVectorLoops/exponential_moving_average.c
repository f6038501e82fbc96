#include "exponential_moving_average.h"

#include "multiversion.h"

VECTOR_LOOP void exponential_moving_average(
    float *restrict average, const float *restrict values, size_t count, float complement) {
  for (size_t i = 0; i < count; i++) average[i] += complement * (values[i] - average[i]);
}

MULTIVERSION(
    vector_exponential_moving_average, exponential_moving_average,
    (float *average, const float *values, size_t count, float complement), (average, values, count, complement))
