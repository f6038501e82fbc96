#pragma once

// Runs of a few channels do not fill a vector. Elementwise loops copy some runs into a small dense block,
// work on that, and copy the results back: measured 10 times as fast for 3 channels out of 4.

#include "vector_math.h"

/// Floats of a block.
enum { packing_block = 240 };

/// Runs of `columns` that a block takes; 0 where runs fill vectors or are many floats long, and packing does not pay.
VECTOR_LOOP size_t packing_rows(size_t columns) { return columns < 16 ? packing_block / columns : 0; }

VECTOR_LOOP void pack(float *restrict block, const float *restrict from, size_t stride, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
#pragma clang loop vectorize(disable) unroll(disable)
    for (size_t c = 0; c < columns; c++) block[row * columns + c] = from[row * stride + c];
}

VECTOR_LOOP void unpack(float *restrict to, size_t stride, const float *restrict block, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
#pragma clang loop vectorize(disable) unroll(disable)
    for (size_t c = 0; c < columns; c++) to[row * stride + c] = block[row * columns + c];
}

/// Calls `call` with `columns` as last argument, a constant for the most frequent numbers.
#define WITH_COLUMNS(columns, call, ...)                                                             \
  do {                                                                                               \
    if ((columns) == 1) call(__VA_ARGS__, 1);                                                        \
    else if ((columns) == 3) call(__VA_ARGS__, 3);                                                   \
    else call(__VA_ARGS__, columns);                                                                 \
  } while (0)
