#pragma once

#include <stddef.h>
#include <stdint.h>

// Layout: one row of output pixels and the `window` rows of input pixels behind it. A pixel's channels lie together; a
// pixel stride is the distance between two pixels of a row, a row stride that between two rows, in elements.

/// output = the largest of each window, and its place y · window + x in `indices` where there are any. Of equal ones the
/// first wins; a NaN beats every number, as in PyTorch.
void vector_max_pooling_forward(
    float *output, size_t output_pixel_stride, uint8_t *indices, size_t indices_pixel_stride, const float *input,
    size_t input_pixel_stride, size_t input_row_stride, size_t output_width, size_t channels, size_t window);

/// Puts each output gradient at its place in the window and 0 elsewhere, plus `addend` where not NULL, which may be
/// `input_gradient` itself. Columns of the input that are in no window are left to the caller.
void vector_max_pooling_backward(
    float *input_gradient, size_t input_pixel_stride, size_t input_row_stride, const float *addend,
    size_t addend_pixel_stride, size_t addend_row_stride, const float *output_gradient, size_t output_pixel_stride,
    const uint8_t *indices, size_t indices_pixel_stride, size_t output_width, size_t channels, size_t window);
