#pragma once

// Products of small matrices in panels of 32 columns, which convolutions consist of. Sums stay in registers over the
// whole inner dimension, and rows are found through pointers, so that neither im2col nor a copy of the input is needed.

#include <stdbool.h>
#include <stddef.h>

/// Rows of one register tile, and so of one group of row pointers.
#define PRODUCT_ROWS 8
/// Columns of a packed panel.
#define PANEL_WIDTH 32

/// out(row)[0 ..< valid] (+)= start + Σ over `groups` and k of left(group, row)[k] · panel(group, k).
///
/// - left: `[⌈rows / 8⌉][groups][8]` pointers, each to `length` floats from `left_offset` on.
/// - panel: `[groups][length][32]`; columns from `valid` on are read up to a whole vector but not used.
/// - out: `[⌈rows / 8⌉][8]` pointers, each to `valid` floats from `out_offset` on.
/// - start: 32 floats that the sums begin with where `accumulate` is false; NULL for zeros.
void product_panel(
    size_t rows, size_t groups, size_t length, const float *const *left, ptrdiff_t left_offset, const float *panel,
    float *const *out, ptrdiff_t out_offset, const float *start, bool accumulate, size_t valid);

/// Returns whether `product_narrow_panel`, which writes all of 16 columns, is the faster one for `valid` columns: it needs
/// the 32 registers of AVX-512.
bool product_is_narrow(size_t valid);

/// out[row · out_stride + column] (+)= Σ over k < length of left[row · left_stride + k] · panel[k · 32 + column], for
/// the first 16 columns. `length` is a multiple of 16.
void product_narrow_panel(
    size_t rows, size_t length, const float *left, ptrdiff_t left_stride, const float *panel, float *out,
    ptrdiff_t out_stride, bool accumulate);

/// out[row · out_stride + column] (+)= Σ over k < length of left(k, row) · panel(k, column), for column < valid ≤ 32.
///
/// - left: row r at place k is at r / 8 · left_group_stride + k · left_stride + r % 8.
/// - panel: column c at place k is at k · panel_stride + c; columns from `valid` on are read up to a whole vector but
///   not used.
void transposed_panel(
    size_t rows, size_t length, const float *left, ptrdiff_t left_stride, ptrdiff_t left_group_stride,
    const float *panel, ptrdiff_t panel_stride, float *out, ptrdiff_t out_stride, bool accumulate, size_t valid);

/// Packs `valid` columns of a matrix into `panel`, `[rows][width]`, with zeros from `valid` on. Element (row, column)
/// is at row · row_stride + column · column_stride; one of the strides must be 1.
void pack_panel(
    size_t rows, size_t valid, const float *matrix, ptrdiff_t row_stride, ptrdiff_t column_stride, float *panel,
    size_t width);
