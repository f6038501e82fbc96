#include "batch_normalization.h"
#include "vector_math.h"

// Rows of a segment. A segment of 64 columns is read twice, the second time from the first-level cache.
enum { segment_rows = 64 };

/// Joins the moments of one segment of up to 16 · vectors columns to those of the `done` rows before it.
VECTOR_LOOP void segment_moments(
    double *mean, double *squares, const float *input, size_t stride, size_t rows, size_t done, size_t vectors,
    size_t last_count) {
  vector_float16 sum[4] = {0}, center[4], drift[4] = {0}, square[4] = {0};
  for (size_t row = 0; row < rows; row++) {
    const float *from = input + row * stride;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++)
      if (v < vectors) sum[v] += vector_load(from + 16 * v, v + 1 == vectors ? last_count : 16);
  }
  for (size_t v = 0; v < vectors; v++) center[v] = sum[v] * (1.0f / (float)rows);
  for (size_t row = 0; row < rows; row++) {
    const float *from = input + row * stride;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++) {
      if (v < vectors) {
        vector_float16 difference = vector_load(from + 16 * v, v + 1 == vectors ? last_count : 16) - center[v];
        drift[v] += difference;
        square[v] += difference * difference;
      }
    }
  }
  double n = (double)rows, share = n / (n + (double)done), weight = (double)done * share;
  for (size_t v = 0; v < vectors; v++) {
    size_t count = v + 1 == vectors ? last_count : 16;
    for (size_t i = 0; i < count; i++) {
      size_t c = 16 * v + i;
      // The center is a rounded mean; the drift corrects it.
      double segment_mean = (double)center[v][i] + (double)drift[v][i] / n;
      double segment_squares = (double)square[v][i] - (double)drift[v][i] * (double)drift[v][i] / n;
      double distance = done ? segment_mean - mean[c] : 0;
      mean[c] = done ? mean[c] + distance * share : segment_mean;
      squares[c] = (done ? squares[c] : 0) + segment_squares + distance * distance * weight;
    }
  }
}

VECTOR_LOOP void block_moments(struct vector_moments result, struct vector_rows input, struct vector_size size) {
  for (size_t c = 0; c < size.columns; c += 64) {
    size_t here = size.columns - c < 64 ? size.columns - c : 64;
    for (size_t row = 0; row < size.rows; row += segment_rows) {
      size_t segment = size.rows - row < segment_rows ? size.rows - row : segment_rows;
      const float *from = input.start + row * input.stride + c;
      if (here == 64)
        segment_moments(result.mean + c, result.squares + c, from, input.stride, segment, row, 4, 16);
      else
        for (size_t v = 0; v < here; v += 16)
          segment_moments(
              result.mean + c + v, result.squares + c + v, from + v, input.stride, segment, row, 1,
              here - v < 16 ? here - v : 16);
    }
  }
}

MULTIVERSION(
    vector_batch_normalization_moments, block_moments,
    (struct vector_moments moments, struct vector_rows input, struct vector_size size), (moments, input, size))

/// Joins set `set` of n rows to the first, of `done` rows.
VECTOR_LOOP void join_set(
    double *restrict mean, double *restrict squares, size_t set, size_t channels, double done, double n) {
  double share = n / (done + n), weight = done * share;
  const double *set_mean = mean + set * channels, *set_squares = squares + set * channels;
  // Set 0 is written, sets 1 and up are read.
#pragma clang loop vectorize(assume_safety)
  for (size_t c = 0; c < channels; c++) {
    double distance = set_mean[c] - mean[c];
    mean[c] += distance * share;
    squares[c] += set_squares[c] + distance * distance * weight;
  }
}

VECTOR_LOOP void join(
    struct vector_moments moments, size_t count, size_t rows, size_t last_count, size_t last_rows, size_t channels) {
  double done = (double)(count > 0 ? rows : last_rows);
  for (size_t set = 1; set < count + last_count; set++) {
    double n = (double)(set < count ? rows : last_rows);
    join_set(moments.mean, moments.squares, set, channels, done, n);
    done += n;
  }
}

MULTIVERSION(
    vector_batch_normalization_join, join,
    (struct vector_moments moments, size_t count, size_t rows, size_t last_count, size_t last_rows, size_t channels),
    (moments, count, rows, last_count, last_rows, channels))

VECTOR_LOOP void join_parts(struct vector_moments moments, const double *counts, size_t parts, size_t channels) {
  double done = counts[0];
  for (size_t part = 1; part < parts; part++) {
    join_set(moments.mean, moments.squares, part, channels, done, counts[part]);
    done += counts[part];
  }
}

MULTIVERSION(
    vector_batch_normalization_join_parts, join_parts,
    (struct vector_moments moments, const double *counts, size_t parts, size_t channels),
    (moments, counts, parts, channels))

// Columns of a row of several pixels: four vectors.
enum { row_columns = 64 };

void vector_batch_normalization_pixel_moments(
    struct vector_moments moments, struct vector_rows input, struct vector_size size) {
  size_t channels = size.columns;
  size_t folds = input.stride == channels && channels <= row_columns / 2 && row_columns % channels == 0
                     ? row_columns / channels
                     : 1;
  if (folds == 1 || size.rows % folds != 0) {
    vector_batch_normalization_moments(moments, input, size);
    return;
  }
  double mean[row_columns], squares[row_columns];
  struct vector_moments folded = {mean, squares};
  struct vector_rows rows = {input.start, row_columns};
  vector_batch_normalization_moments(folded, rows, (struct vector_size){size.rows / folds, row_columns});
  vector_batch_normalization_join(folded, folds, size.rows / folds, 0, 0, channels);
  for (size_t c = 0; c < channels; c++) {
    moments.mean[c] = mean[c];
    moments.squares[c] = squares[c];
  }
}
