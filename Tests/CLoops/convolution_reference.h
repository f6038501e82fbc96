#pragma once

// A convolution between an image and a map by plain loops in double precision: the map's pixel (y, x) and tap (i, j)
// meet at the image's pixel (y · stride + i − padding, x · stride + j − padding).

#include <stdbool.h>
#include <stddef.h>

#include "blas.h"

struct convolution {
  int batch, image_height, image_width, image_channels, map_height, map_width, map_channels;
  int kernel, stride, padding;
};

/// Returns the convolution of images of that size, whose map follows from it.
static inline struct convolution convolution_of(
    int batch, int height, int width, int image_channels, int map_channels, int kernel, int stride, int padding) {
  return (struct convolution){
      batch, height, width, image_channels, (height + 2 * padding - kernel) / stride + 1,
      (width + 2 * padding - kernel) / stride + 1, map_channels, kernel, stride, padding};
}

/// Calls `body` with the image's pixel, the map's pixel and the tap of every meeting; pixels count over the batch.
#define FOR_EACH_MEETING(of, image_pixel, map_pixel, tap)                                                       \
  for (int n = 0; n < (of).batch; n++)                                                                          \
    for (int y = 0; y < (of).map_height; y++)                                                                   \
      for (int x = 0; x < (of).map_width; x++)                                                                  \
        for (int tap = 0; tap < (of).kernel * (of).kernel; tap++)                                               \
          for (int v = y * (of).stride + tap / (of).kernel - (of).padding,                                      \
                   u = x * (of).stride + tap % (of).kernel - (of).padding,                                      \
                   once = v >= 0 && v < (of).image_height && u >= 0 && u < (of).image_width;                    \
               once; once = 0)                                                                                  \
            for (size_t image_pixel = (size_t)((n * (of).image_height + v) * (of).image_width + u),             \
                        map_pixel = (size_t)((n * (of).map_height + y) * (of).map_width + x);                   \
                 once; once = 0)

static inline size_t image_pixels(struct convolution of) {
  return (size_t)(of.batch * of.image_height * of.image_width);
}
static inline size_t map_pixels(struct convolution of) { return (size_t)(of.batch * of.map_height * of.map_width); }

/// The channels of `from` summed into those of `to` over all meetings; weights: [taps][from][to], or with the last two
/// exchanged. `to` begins with the bias.
static inline void reference_data(
    struct convolution of, bool onto_image, const float *from, size_t from_stride, const float *weights,
    bool transposed, const float *bias, double *to, size_t to_stride) {
  const size_t from_channels = (size_t)(onto_image ? of.map_channels : of.image_channels);
  const size_t to_channels = (size_t)(onto_image ? of.image_channels : of.map_channels);
  const size_t pixels = onto_image ? image_pixels(of) : map_pixels(of);
  for (size_t pixel = 0; pixel < pixels; pixel++)
    for (size_t k = 0; k < to_channels; k++) to[pixel * to_stride + k] = bias ? (double)bias[k] : 0;
  FOR_EACH_MEETING(of, image_pixel, map_pixel, tap) {
    const float *source = from + (onto_image ? map_pixel : image_pixel) * from_stride;
    double *target = to + (onto_image ? image_pixel : map_pixel) * to_stride;
    const float *matrix = weights + (size_t)tap * from_channels * to_channels;
    for (size_t c = 0; c < from_channels; c++)
      for (size_t k = 0; k < to_channels; k++)
        target[k] += (double)source[c] * (double)matrix[transposed ? k * from_channels + c : c * to_channels + k];
  }
}

/// The gradient of the weights [taps][image channels][map channels], or with the last two exchanged, added to what is
/// there.
static inline void reference_filter(
    struct convolution of, const float *image, size_t image_stride, const float *map, size_t map_stride,
    bool transposed, double *gradient) {
  const size_t rows = (size_t)of.image_channels, columns = (size_t)of.map_channels;
  FOR_EACH_MEETING(of, image_pixel, map_pixel, tap)
  for (size_t c = 0; c < rows; c++)
    for (size_t k = 0; k < columns; k++)
      gradient[(size_t)tap * rows * columns + (transposed ? k * rows + c : c * columns + k)] +=
          (double)image[image_pixel * image_stride + c] * (double)map[map_pixel * map_stride + k];
}

/// A library's product by plain loops: rows and columns as in C, the right factor as it is.
static inline void reference_sgemm(
    int order, int transpose_left, int transpose_right, int rows, int columns, int length, float alpha,
    const float *left, int left_stride, const float *right, int right_stride, float beta, float *out, int out_stride) {
  (void)order, (void)transpose_right;
  const bool is_transposed = transpose_left == 112;  // CblasTrans
  for (int row = 0; row < rows; row++)
    for (int column = 0; column < columns; column++) {
      double sum = 0;
      for (int k = 0; k < length; k++)
        sum += (double)left[is_transposed ? k * left_stride + row : row * left_stride + k] *
               (double)right[k * right_stride + column];
      float *to = out + row * out_stride + column;
      // Memory to which nothing is added may hold no numbers.
      *to = (float)((double)alpha * sum + (beta == 0 ? 0 : (double)beta * (double)*to));
    }
}

/// The products of a convolution: the vector loops, and a library.
static const blas_sgemm products[] = {NULL, reference_sgemm};
enum { PRODUCTS = sizeof products / sizeof *products };
