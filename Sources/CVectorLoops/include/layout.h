#pragma once

// How the loops are given parts of tensors. All of these are passed by value, in registers where they are two words.

#include <stdbool.h>
#include <stddef.h>

/// Runs of floats in a tensor: run i begins at start + i · stride.
struct vector_rows {
  float *start;
  size_t stride;
};

/// The size of a block: `rows` runs of `columns` floats. Dense tensors may be given as one run.
struct vector_size {
  size_t rows, columns;
};

/// Pixels of an image: pixel x of row y begins at start + y · row_stride + x · pixel_stride, its channels together.
struct vector_pixels {
  float *start;
  size_t pixel_stride, row_stride;
};

/// Means and sums of squared deviations.
struct vector_moments {
  double *mean, *squares;
};
