#include "batch_normalization.h"
#include "vector_math.h"

// Rows of a segment. A segment of 64 columns is read twice, the second time from the first-level cache.
enum { segment_rows = 64 };

/// Moments of one segment of up to 16 · vectors columns, joined to those of the `done` rows before it.
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
      // The center is a rounded mean: what it missed is in the drift.
      double segment_mean = (double)center[v][i] + (double)drift[v][i] / n;
      double segment_squares = (double)square[v][i] - (double)drift[v][i] * (double)drift[v][i] / n;
      double distance = done ? segment_mean - mean[c] : 0;
      mean[c] = done ? mean[c] + distance * share : segment_mean;
      squares[c] = (done ? squares[c] : 0) + segment_squares + distance * distance * weight;
    }
  }
}

VECTOR_LOOP void moments(
    double *mean, double *squares, const float *input, size_t stride, size_t rows, size_t columns) {
  for (size_t c = 0; c < columns; c += 64) {
    size_t here = columns - c < 64 ? columns - c : 64;
    for (size_t row = 0; row < rows; row += segment_rows) {
      size_t segment = rows - row < segment_rows ? rows - row : segment_rows;
      const float *from = input + row * stride + c;
      if (here == 64)
        segment_moments(mean + c, squares + c, from, stride, segment, row, 4, 16);
      else
        for (size_t v = 0; v < here; v += 16)
          segment_moments(
              mean + c + v, squares + c + v, from + v, stride, segment, row, 1, here - v < 16 ? here - v : 16);
    }
  }
}

MULTIVERSION(
    vector_batch_normalization_moments, moments,
    (double *mean, double *squares, const float *input, size_t stride, size_t rows, size_t columns),
    (mean, squares, input, stride, rows, columns))

VECTOR_LOOP void join(
    double *restrict mean, double *restrict squares, size_t count, size_t rows, size_t last_count, size_t last_rows,
    size_t part_stride, size_t channels) {
  double done = (double)(count > 0 ? rows : last_rows);
  for (size_t part = 1; part < count + last_count; part++) {
    double n = (double)(part < count ? rows : last_rows);
    double share = n / (done + n), weight = done * share;
    const double *part_mean = mean + part * part_stride, *part_squares = squares + part * part_stride;
    // Set 0 is written, sets 1 and up are read.
#pragma clang loop vectorize(assume_safety)
    for (size_t c = 0; c < channels; c++) {
      double distance = part_mean[c] - mean[c];
      mean[c] += distance * share;
      squares[c] += part_squares[c] + distance * distance * weight;
    }
    done += n;
  }
}

MULTIVERSION(
    vector_batch_normalization_join, join,
    (double *mean, double *squares, size_t count, size_t rows, size_t last_count, size_t last_rows,
     size_t part_stride, size_t channels),
    (mean, squares, count, rows, last_count, last_rows, part_stride, channels))

// Columns of a row of several pixels: four vectors.
enum { row_columns = 64 };

void vector_batch_normalization_part(
    double *mean, double *squares, const float *input, size_t pixel_stride, size_t rows, size_t channels) {
  size_t folds = pixel_stride == channels && channels <= row_columns / 2 && row_columns % channels == 0
                     ? row_columns / channels
                     : 1;
  if (folds == 1 || rows % folds != 0) {
    vector_batch_normalization_moments(mean, squares, input, pixel_stride, rows, channels);
    return;
  }
  double means[row_columns], deviations[row_columns];
  vector_batch_normalization_moments(means, deviations, input, row_columns, rows / folds, row_columns);
  vector_batch_normalization_join(means, deviations, folds, rows / folds, 0, 0, channels, channels);
  for (size_t c = 0; c < channels; c++) {
    mean[c] = means[c];
    squares[c] = deviations[c];
  }
}

VECTOR_LOOP void join_parts(
    double *restrict mean, double *restrict squares, const double *counts, size_t parts, size_t channels) {
  double done = counts[0];
  for (size_t part = 1; part < parts; part++) {
    double n = counts[part], share = n / (done + n), weight = done * share;
    const double *part_mean = mean + part * channels, *part_squares = squares + part * channels;
    // Part 0 is written, parts 1 and up are read.
#pragma clang loop vectorize(assume_safety)
    for (size_t c = 0; c < channels; c++) {
      double distance = part_mean[c] - mean[c];
      mean[c] += distance * share;
      squares[c] += part_squares[c] + distance * distance * weight;
    }
    done += n;
  }
}

MULTIVERSION(
    vector_batch_normalization_join_parts, join_parts,
    (double *mean, double *squares, const double *counts, size_t parts, size_t channels),
    (mean, squares, counts, parts, channels))
