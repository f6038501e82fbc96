#include "copy.h"

#include "vector_math.h"

VECTOR_LOOP void copy(
    float *restrict output, size_t output_stride, const float *restrict input, size_t input_stride, size_t rows,
    size_t columns) {
  for (size_t row = 0; row < rows; row++, output += output_stride, input += input_stride) {
    size_t c = 0;
    for (; c + 16 <= columns; c += 16) vector_store(output + c, vector_load(input + c, 16), 16);
    // A few floats: a call to memcpy, which the compiler would make of this, costs more than the copy.
#pragma clang loop vectorize(disable) unroll(disable)
    for (; c < columns; c++) ((volatile float *)output)[c] = input[c];
  }
}

MULTIVERSION(
    vector_copy, copy,
    (float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns),
    (output, output_stride, input, input_stride, rows, columns))
