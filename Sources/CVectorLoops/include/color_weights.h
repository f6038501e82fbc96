#pragma once

#include "layout.h"

/// A table with a value for each of `size.rows` · `size.columns` colors, row after row: at least two of each.
struct vector_color_table {
  const float *start;
  struct vector_size size;
};

/// The table's values at `count` colors (a, b): in row (b + 1) / 2 · (rows − 1) and column (a + 1) / 2 · (columns − 1),
/// interpolated bilinearly, with a and b limited to −1...1. A row of `weights` and `colors` is a pixel, of one float
/// and of two.
void vector_color_weights(
    struct vector_rows weights, struct vector_rows colors, struct vector_color_table table, size_t count);
