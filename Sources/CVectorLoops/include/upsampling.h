#pragma once

#include <stddef.h>
#include <stdint.h>

// Layout: rows of pixels, a pixel's channels together; a pixel stride is the distance between two pixels, in floats.

/// One row of output pixels between the input rows `top` and `bottom`: output(x) = Σ over the neighbours k = 0, 1 of
/// column_weights[2x + k] · (top_weight · top(columns[2x + k]) + bottom_weight · bottom(columns[2x + k])).
void vector_upsampling_bilinear_forward(
    float *output, size_t output_pixel_stride, const float *top, const float *bottom, float top_weight,
    float bottom_weight, size_t input_pixel_stride, const uint32_t *columns, const float *column_weights,
    size_t output_width, size_t channels);

/// One row of output pixels, each input pixel repeated `factor` times.
void vector_upsampling_nearest_forward(
    float *output, size_t output_pixel_stride, const float *input, size_t input_pixel_stride, size_t input_width,
    size_t factor, size_t channels);

/// One row of input gradients: input_gradient(x) = Σ row_weights[r] · column_weights[x · taps + k] ·
/// output_gradient(r, first_columns[x] + k) over `row_count` rows r and `taps` columns k; a tap of no effect has weight
/// 0 and lies inside the row.
void vector_upsampling_backward(
    float *input_gradient, size_t input_pixel_stride, const float *output_gradient, size_t output_pixel_stride,
    size_t output_row_stride, const float *row_weights, size_t row_count, const uint32_t *first_columns,
    const float *column_weights, size_t taps, size_t input_width, size_t channels);
