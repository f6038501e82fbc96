#pragma once

// Convolutions of any kernel, stride and padding, as products of shifted images with one weight matrix per tap: the
// *data* sum, onto the map or the image, and the *filter* sum, onto the weights. Defined in shifted_data.c and
// shifted_filter.c. Tensors are channels last; a pixel stride wider than the channels makes a slice of a wider tensor.

#include <stdint.h>

#include "blas.h"
#include "layout.h"

/// One place of the kernel.
struct convolution_tap {
  /// Offset of the pixel that it reads from position · step.
  int32_t y, x;
  /// Index of its matrix's first element in the weights.
  ptrdiff_t weights;
};

/// One phase of a data sum: result pixels that are the sum over taps of a source pixel times a matrix:
///
/// result(n, result_y + y · result_step, result_x + x · result_step, k) =
///   bias(k) + Σ over taps t and channels c of source(n, y · source_step + t.y, x · source_step + t.x, c) · w(t, c, k),
///
/// zero outside the source. A sum onto the map is one phase; a sum onto the image is one per sub-pixel phase of the
/// stride, so that no tap is multiplied with a zero that the stride puts between two pixels.
struct shifted_data {
  const float *source;
  ptrdiff_t source_pixel_stride;
  int32_t source_height, source_width;
  float *result;
  ptrdiff_t result_pixel_stride;
  int32_t result_height, result_width;
  int32_t source_step, result_step, result_y, result_x;
  /// Positions per image.
  int32_t height, width;
  size_t source_channels, result_channels;
  /// w(t, c, k) is at t.weights + c · weight_source_stride + k · weight_result_stride; one of the strides is 1.
  const float *weights;
  ptrdiff_t weight_source_stride, weight_result_stride;
  /// `[result_channels]`, or NULL.
  const float *bias;
  const struct convolution_tap *taps;
  size_t tap_count;
  /// Where `moments.mean` is not NULL: the moments of each result channel over each SHIFTED_PART_POSITIONS positions,
  /// `[parts][result_channels]`, computed while the positions are in the cache. Only with a result_step of 1.
  struct vector_moments moments;
  /// The library that multiplies; NULL for the vector loops.
  blas_sgemm sgemm;
};

/// Positions whose moments are computed together; calls of `shifted_data_run` that compute moments start at a multiple
/// of it.
#define SHIFTED_PART_POSITIONS 128

/// Positions and result channels of one product of a library, whose bits may depend on both: with a library, calls of
/// `shifted_data_run` start at a multiple of each.
#define SHIFTED_BLAS_POSITIONS 256
#define SHIFTED_BLAS_CHANNELS 128

/// Bytes of scratch memory that one call of `shifted_data_run` needs, with a library or with the vector loops.
size_t shifted_data_scratch_bytes(bool library);

/// Computes positions `first ..< end`, counted over all images, for result channels `first_channel ..< end_channel`;
/// `first_channel` is a multiple of 32.
void shifted_data_run(
    const struct shifted_data *phase, size_t first, size_t end, size_t first_channel, size_t end_channel,
    void *scratch);

/// The image or the map of a filter sum.
struct convolution_side {
  const float *pixels;
  ptrdiff_t pixel_stride;
  int32_t height, width;
  size_t channels;
  /// Pixel of a position: position · step, plus the tap where `shifted`.
  int32_t step;
  bool shifted;
};

/// The gradient of the taps' matrices: gradient(t, c, k) = Σ over positions of input(position, t, c) · output(position,
/// t, k), dense, `[tap_count][input.channels][output.channels]`, where input is the side of the weights' input
/// channels.
struct shifted_filter {
  struct convolution_side input, output;
  int32_t height, width;
  const struct convolution_tap *taps;
  size_t tap_count;
  /// The library that multiplies; NULL for the vector loops.
  blas_sgemm sgemm;
};

/// Most channels of `input` that one call of `shifted_filter_run` may be given.
#define SHIFTED_FILTER_CHANNELS 128

/// Bytes of scratch memory that one call of `shifted_filter_run` needs, with a library or with the vector loops.
size_t shifted_filter_scratch_bytes(bool library);

/// Sums positions `first ..< end`, counted over all images, into the rows of `gradient` that belong to input
/// channels `first_channel ..< end_channel` (SHIFTED_FILTER_CHANNELS at most).
void shifted_filter_run(
    const struct shifted_filter *filter, size_t first, size_t end, size_t first_channel, size_t end_channel,
    float *gradient, bool accumulate, void *scratch);

/// to[k] = Σ over `pixels` of from[pixel · pixel_stride + k], k < channels.
void sum_pixels(const float *from, ptrdiff_t pixel_stride, size_t pixels, size_t channels, float *to);

/// to[i] (+)= Σ over parts, in order, of from[part · part_stride + i], i < count.
void sum_parts(const float *from, size_t part_stride, size_t parts, size_t count, float *to, bool accumulate);
