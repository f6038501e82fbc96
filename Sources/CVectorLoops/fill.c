#include "fill.h"

#include "multiversion.h"

VECTOR_LOOP void fill(float *output, size_t stride, size_t rows, size_t columns, float value) {
  for (size_t row = 0; row < rows; row++, output += stride)
    for (size_t c = 0; c < columns; c++) output[c] = value;
}

MULTIVERSION(
    vector_fill, fill, (float *output, size_t stride, size_t rows, size_t columns, float value),
    (output, stride, rows, columns, value))
