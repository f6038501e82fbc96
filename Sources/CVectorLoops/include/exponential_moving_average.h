#pragma once

#include <stddef.h>

/// average ← average + complement · (values − average), for `count` dense elements.
void vector_exponential_moving_average(float *average, const float *values, size_t count, float complement);
