#pragma once

// Convolutions 3 × 3 of an image of one channel, with stride 1 and padding 1: the first layer of a network that reads a
// gray image. Too few terms for a matrix product: a tap is one number times the map's channels.

#include <stdint.h>

#include "layout.h"

struct one_channel {
  /// One float a pixel.
  const float *image;
  ptrdiff_t image_pixel_stride;
  /// `[batch][height][width][channels]`; a filter sum only reads it.
  float *map;
  ptrdiff_t map_pixel_stride;
  int32_t height, width;
  size_t channels;
  /// `[9][channels]`, of a data sum.
  const float *weights;
  /// `[channels]`, or NULL, of a data sum.
  const float *bias;
};

/// Bytes of scratch memory that a call needs.
size_t one_channel_scratch_bytes(int32_t width);

/// Computes rows `first ..< end` of the map, counted over all images.
void one_channel_data_run(const struct one_channel *convolution, size_t first, size_t end, void *scratch);

/// Sums rows `first ..< end`, counted over all images, into the gradient of the weights, `[9][channels]`.
void one_channel_filter_run(
    const struct one_channel *convolution, size_t first, size_t end, float *gradient, bool accumulate, void *scratch);
