#pragma once

#include <stddef.h>

/// Copies `rows` runs of `columns` floats; a stride is the distance between two runs, in floats. Not in place.
void vector_copy(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns);
