#pragma once

#include <stdint.h>

#include "layout.h"

// A row of `vector_rows` is a pixel here: `size` is the written row's pixels and channels.

/// For each pixel of a row, the places of the pixels that it is computed from, and their weights.
struct vector_row_taps {
  /// Of pixel x: two places from 2x on (bilinear), or the first of `count` neighbours (backward).
  const uint32_t *places;
  /// Of pixel x: `count` weights from x · count on.
  const float *weights;
  size_t count;
};

/// One row of output pixels between the input rows `top` and `bottom`: output(x) = Σ over k = 0, 1 of
/// column weight(x, k) · (top_weight · top(column(x, k)) + bottom_weight · bottom(column(x, k))).
void vector_upsampling_bilinear_forward(
    struct vector_rows output, struct vector_rows top, const float *bottom, float top_weight, float bottom_weight,
    struct vector_row_taps columns, struct vector_size size);

/// One row of output pixels: each of the `size.rows` input pixels repeated `factor` times.
void vector_upsampling_nearest_forward(
    struct vector_rows output, struct vector_rows input, size_t factor, struct vector_size size);

/// One row of input gradients: input_gradient(x) = Σ row_weights[r] · column weight(x, k) · output_gradient(r,
/// first(x) + k) over `row_count` rows r and the columns' `count` neighbours k. A neighbour without effect has weight 0
/// and lies inside the row.
void vector_upsampling_backward(
    struct vector_rows input_gradient, struct vector_pixels output_gradient, const float *row_weights,
    size_t row_count, struct vector_row_taps columns, struct vector_size size);
