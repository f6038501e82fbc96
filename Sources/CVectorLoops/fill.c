#include "fill.h"

#include "multiversion.h"

VECTOR_LOOP void fill(struct vector_rows output, struct vector_size size, float value) {
  for (size_t row = 0; row < size.rows; row++, output.start += output.stride)
    for (size_t c = 0; c < size.columns; c++) output.start[c] = value;
}

MULTIVERSION(
    vector_fill, fill, (struct vector_rows output, struct vector_size size, float value), (output, size, value))
