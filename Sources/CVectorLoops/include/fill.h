#pragma once

#include <stddef.h>

/// Sets `rows` runs of `columns` floats, `stride` floats apart, to `value`.
void vector_fill(float *output, size_t stride, size_t rows, size_t columns, float value);
