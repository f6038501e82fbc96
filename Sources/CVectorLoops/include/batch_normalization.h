#pragma once

#include "activation.h"

// Columns are channels. A dense tensor of few channels may be given with `folds` neighbouring pixels as one run of
// folds · channels columns, so that its runs fill vectors; constants per column then repeat `folds` times.

/// Mean and sum of squared deviations of each column over the rows, without cancellation however large the mean: by
/// sums over short segments around the segment's own mean, joined in double precision (Chan, Golub and LeVeque 1983).
void vector_batch_normalization_moments(
    struct vector_moments moments, struct vector_rows input, struct vector_size size);

/// The same, for pixels as rows and channels as columns. Where pixels are few floats and lie without gaps, several
/// count as one row, so that vectors are full.
void vector_batch_normalization_pixel_moments(
    struct vector_moments moments, struct vector_rows input, struct vector_size size);

/// Joins sets of moments of `channels` columns, set i from element i · channels on, into the first: `count` sets of
/// `rows` rows each, then `last_count` sets of `last_rows` rows each. At least one row is in the first set.
void vector_batch_normalization_join(
    struct vector_moments moments, size_t count, size_t rows, size_t last_count, size_t last_rows, size_t channels);

/// Joins `parts` sets of moments of `channels` columns into the first: set i from element i · channels on, of counts[i]
/// rows.
void vector_batch_normalization_join_parts(
    struct vector_moments moments, const double *counts, size_t parts, size_t channels);

/// z = (input − center) · factor + offset, with constants per column, and then an activation.
struct vector_normalization {
  const float *center, *factor, *offset;
  struct vector_activation activation;
};

/// output = activation(z).
void vector_batch_normalization_apply(
    struct vector_rows output, struct vector_rows input, struct vector_size size,
    struct vector_normalization normalization);

/// Per column over the rows: Σ g and Σ g · (input − center), with g = output_gradient · activation′(z).
void vector_batch_normalization_backward_sums(
    double *sum, double *product_sum, struct vector_rows input, struct vector_rows output_gradient,
    struct vector_size size, struct vector_normalization normalization);

/// input_gradient = factor · g + slope_term · (input − center) + constant_term, with the g of the sums.
/// `input_gradient` may be `output_gradient`.
void vector_batch_normalization_backward_apply(
    struct vector_rows input_gradient, struct vector_rows input, struct vector_rows output_gradient,
    struct vector_size size, struct vector_normalization normalization, const float *slope_term,
    const float *constant_term);
