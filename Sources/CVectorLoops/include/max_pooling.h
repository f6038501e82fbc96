#pragma once

#include <stdint.h>

#include "layout.h"

/// The places of maxima in their windows, y · window + x, for a row of pixels `stride` bytes apart.
struct vector_places {
  /// NULL where they are not wanted.
  uint8_t *start;
  size_t stride;
};

/// One row of pooled pixels, of `size.rows` pixels and `size.columns` channels, from the `window` rows of input below
/// it: output = the largest of each window, and its place. Of equal ones the first wins; a NaN beats every number, as
/// in PyTorch.
void vector_max_pooling_forward(
    struct vector_rows output, struct vector_places places, struct vector_pixels input, struct vector_size size,
    size_t window);

/// The gradient of a row of pooled pixels: writes each output gradient at its place in the window and 0 elsewhere, plus
/// `addend` where its start is not NULL, which may be `input_gradient` itself. Leaves out columns that are in no
/// window.
void vector_max_pooling_backward(
    struct vector_pixels input_gradient, struct vector_pixels addend, struct vector_rows output_gradient,
    struct vector_places places, struct vector_size size, size_t window);
