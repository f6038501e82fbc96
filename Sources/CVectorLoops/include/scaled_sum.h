#pragma once

#include <stddef.h>

/// output ← factor · (first + second), for `count` dense elements; output may be first.
void vector_scaled_sum(float *output, const float *first, const float *second, size_t count, float factor);

/// output ← factor · values, for `count` dense elements; output may be values.
void vector_scaled(float *output, const float *values, size_t count, float factor);
