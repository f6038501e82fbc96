#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "activation.h"

// Layout: `rows` runs of `columns` floats; a stride is the distance between two runs of a tensor, in floats. Columns are
// channels. A dense tensor of few channels may be given with `folds` neighbouring pixels as one row of
// folds · channels columns, so that its rows fill vectors; constants per column then repeat `folds` times.

/// Mean and sum of squared deviations of each column over the rows, without cancellation however large the mean: by
/// sums over short segments around the segment's own mean, joined in double precision (Chan, Golub and LeVeque 1983).
void vector_batch_normalization_moments(
    double *mean, double *squares, const float *input, size_t stride, size_t rows, size_t columns);

/// Joins sets of moments, set i with element c at mean[i · part_stride + c] and likewise in `squares`, into the first: `count`
/// sets of `rows` rows each, then `last_count` sets of `last_rows` rows each. At least one row is in the first set.
void vector_batch_normalization_join(
    double *mean, double *squares, size_t count, size_t rows, size_t last_count, size_t last_rows, size_t part_stride,
    size_t channels);

/// Moments of `rows` pixels of `channels` channels, as above. Where pixels are few floats and lie without gaps, several
/// count as one row, so that vectors are full.
void vector_batch_normalization_part(
    double *mean, double *squares, const float *input, size_t pixel_stride, size_t rows, size_t channels);

/// Joins `parts` sets of moments, part p of counts[p] rows and with element c at mean[p · channels + c], into the first.
void vector_batch_normalization_join_parts(
    double *mean, double *squares, const double *counts, size_t parts, size_t channels);

/// output = activation((input − center) · factor + offset), all three per column.
void vector_batch_normalization_apply(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
    const float *center, const float *factor, const float *offset, enum vector_activation kind, float slope);

/// Per column over the rows: Σ g and Σ g · (input − center), with
/// g = output_gradient · activation′((input − center) · factor + offset).
void vector_batch_normalization_backward_sums(
    double *sum, double *product_sum, const float *input, size_t input_stride, const float *output_gradient,
    size_t output_gradient_stride, size_t rows, size_t columns, const float *center, const float *factor,
    const float *offset, enum vector_activation kind, float slope);

/// input_gradient = factor · g + slope_term · (input − center) + constant_term, with the g of the sums.
/// `input_gradient` may be `output_gradient`.
void vector_batch_normalization_backward_apply(
    float *input_gradient, size_t input_gradient_stride, const float *input, size_t input_stride,
    const float *output_gradient, size_t output_gradient_stride, size_t rows, size_t columns, const float *center,
    const float *factor, const float *offset, const float *slope_term, const float *constant_term,
    enum vector_activation kind, float slope);
