#pragma once

// Convolutions of any kernel, stride and padding, as products of shifted images with one weight matrix per tap.
// Images are channels last; a pixel stride wider than the channels makes a slice of a wider image.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One place of the kernel.
struct convolution_tap {
  /// Where it reads: position · step + this.
  int32_t y, x;
  /// Index of its matrix's first element in the weights.
  ptrdiff_t weights;
};

/// A grid of target pixels, each the sum over taps of a source pixel times a matrix:
///
/// target(n, target_y + gy · target_step, target_x + gx · target_step, k) =
///   bias(k) + Σ over taps t and channels c of source(n, gy · source_step + t.y, gx · source_step + t.x, c) · w(t, c, k),
///
/// zero outside the source. A convolution is one such grid; a strided convolution's data gradient is one per sub-pixel
/// phase, so that no tap is multiplied with a zero that the stride put there.
struct convolution_grid {
  const float *source;
  ptrdiff_t source_pixel_stride;
  int32_t source_height, source_width;
  float *target;
  ptrdiff_t target_pixel_stride;
  int32_t target_height, target_width;
  int32_t source_step, target_step, target_y, target_x;
  /// Positions per image.
  int32_t height, width;
  size_t channels, outputs;
  /// w(t, c, k) is at t.weights + c · weight_channel_stride + k · weight_output_stride; one of the strides is 1.
  const float *weights;
  ptrdiff_t weight_channel_stride, weight_output_stride;
  /// `[outputs]`, or NULL.
  const float *bias;
  const struct convolution_tap *taps;
  size_t tap_count;
  /// Where not NULL: mean and sum of squared deviations of each output over each CONVOLUTION_PART_POSITIONS positions,
  /// `[parts][outputs]`, found while the positions are in the cache. Only with a target_step of 1.
  double *mean, *squares;
};

/// Positions whose moments are found together; calls of `convolution_grid_run` that find some start at a multiple of it.
#define CONVOLUTION_PART_POSITIONS 128

/// Bytes of scratch memory that one call of `convolution_grid_run` needs.
size_t convolution_grid_scratch_bytes(void);

/// Computes positions `first ..< end`, counted over all images, for outputs `first_output ..< end_output`;
/// `first_output` is a multiple of 32.
void convolution_grid_run(
    const struct convolution_grid *grid, size_t first, size_t end, size_t first_output, size_t end_output,
    void *scratch);

/// One of the two images of a weight gradient.
struct convolution_image {
  const float *pixels;
  ptrdiff_t pixel_stride;
  int32_t height, width;
  size_t channels;
  /// Pixel of a position: position · step, plus the tap where `shifted`.
  int32_t step;
  bool shifted;
};

/// Gradient of the taps' matrices: gradient(t, c, k) = Σ over positions of rows(position, t, c) · columns(position, t, k),
/// dense, `[tap_count][rows.channels][columns.channels]`.
struct convolution_filter {
  struct convolution_image rows, columns;
  int32_t height, width;
  const struct convolution_tap *taps;
  size_t tap_count;
};

/// Most channels of `rows` that one call of `convolution_filter_run` may be given.
#define CONVOLUTION_FILTER_CHANNELS 128

/// Bytes of scratch memory that one call of `convolution_filter_run` needs.
size_t convolution_filter_scratch_bytes(void);

/// Sums positions `first ..< end`, counted over all images, into the rows of `gradient` that belong to channels
/// `first_channel ..< end_channel` (128 at most).
void convolution_filter_run(
    const struct convolution_filter *filter, size_t first, size_t end, size_t first_channel, size_t end_channel,
    float *gradient, bool accumulate, void *scratch);

/// to[k] (+)= Σ over `pixels` of from[pixel · pixel_stride + k], k < channels.
void sum_pixels(
    const float *from, ptrdiff_t pixel_stride, size_t pixels, size_t channels, float *to, bool accumulate);

/// to[i] (+)= Σ over parts, in order, of from[part · part_stride + i], i < count.
void sum_parts(const float *from, size_t part_stride, size_t parts, size_t count, float *to, bool accumulate);
