#pragma once

// Matrix products by a BLAS library that is loaded while the program runs, instead of the register tiles of product.h:
// for processors without a tuned tile. The library packs both factors itself, so rows have to lie apart evenly.

#include <stdbool.h>
#include <stddef.h>

/// `cblas_sgemm` of a library with integers of 32 bits.
typedef void (*blas_sgemm)(
    int order, int transpose_left, int transpose_right, int rows, int columns, int length, float alpha,
    const float *left, int left_stride, const float *right, int right_stride, float beta, float *out, int out_stride);

/// out[row · out_stride + column] (+)= Σ over k < length of left(row, k) · right[k · right_stride + column].
///
/// left(row, k) is at row · left_stride + k, or with `transposed` at k · left_stride + row.
void blas_product(
    blas_sgemm sgemm, bool transposed, size_t rows, size_t columns, size_t length, const float *left,
    size_t left_stride, const float *right, size_t right_stride, float *out, size_t out_stride, bool accumulate);
