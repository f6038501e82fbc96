#include "copy.h"

#include "vector_math.h"

VECTOR_LOOP void copy_row(float *restrict output, const float *restrict input, size_t columns) {
  size_t c = 0;
  for (; c + 16 <= columns; c += 16) vector_store(output + c, vector_load(input + c, 16), 16);
  // A few floats: a call to memcpy, which the compiler would make of this, costs more than the copy.
#pragma clang loop vectorize(disable) unroll(disable)
  for (; c < columns; c++) ((volatile float *)output)[c] = input[c];
}

VECTOR_LOOP void copy(struct vector_rows output, struct vector_rows input, struct vector_size size) {
  for (size_t row = 0; row < size.rows; row++, output.start += output.stride, input.start += input.stride)
    copy_row(output.start, input.start, size.columns);
}

MULTIVERSION(
    vector_copy, copy, (struct vector_rows output, struct vector_rows input, struct vector_size size),
    (output, input, size))
