#pragma once

// Convolutions of an image of few channels, too few for a matrix product: 3 × 3 with stride 1 of one channel, the first
// layer of a network that reads gray images, and 4 × 4 with stride 2 of 3 or 4 channels, that of a discriminator. The
// padding is 1. A row of the kernel meets at most 16 numbers of the image, which lie together.

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

struct few_channels {
  /// `[batch][image_height][image_width][image_channels]`, pixels `image_pixel_stride` floats apart; only
  /// `few_channels_image_run` writes it.
  float *image;
  ptrdiff_t image_pixel_stride;
  int32_t image_height, image_width;
  size_t image_channels;
  /// `[batch][map_height][map_width][map_channels]`, pixels `map_pixel_stride` floats apart; only `few_channels_map_run`
  /// writes it.
  float *map;
  ptrdiff_t map_pixel_stride;
  int32_t map_height, map_width;
  size_t map_channels;
  /// `[kernel][kernel][image_channels][map_channels]`, of a data sum.
  const float *weights;
  /// `[map_channels]`, or NULL, of a sum onto the map.
  const float *bias;
};

/// Returns whether there are loops for a kernel of `kernel` × `kernel` with padding 1: 3 × 3 with stride 1 and one
/// channel, 4 × 4 with stride 2 and three or four.
bool few_channels_computes(int32_t kernel, int32_t stride, size_t image_channels);

/// Bytes of scratch memory that a call needs.
size_t few_channels_scratch_bytes(size_t image_channels, size_t map_channels, int32_t map_width);

/// Computes rows `first ..< end` of the map, counted over all images.
void few_channels_map_run(const struct few_channels *convolution, size_t first, size_t end, void *scratch);

/// Computes rows `first ..< end` of the image, counted over all images: the gradient of the image from that of the map.
/// `image_channels` is 3 or 4.
void few_channels_image_run(const struct few_channels *convolution, size_t first, size_t end, void *scratch);

/// Sums rows `first ..< end` of the map, counted over all images, into `gradient`, `[kernel][kernel][image_channels]
/// [map_channels]`, or adds to it where `accumulate`.
void few_channels_filter_run(
    const struct few_channels *convolution, size_t first, size_t end, float *gradient, bool accumulate, void *scratch);
