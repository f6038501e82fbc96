#pragma once

// Convolutions with padding 1, 3 × 3 with stride 1 or 2 and 4 × 4 with stride 2, by Winograd's minimal filtering
// (Winograd 1980; Lavin and Gray 2016): the input transform of the source's tiles and the weight transform give the
// factors of one matrix product per element of the transform domain, and the output transform of the products gives the
// result's tiles.

#include <stdint.h>

#include "blas.h"
#include "layout.h"

/// The transforms.
enum winograd_kind {
  /// F(4 × 4, 3 × 3): 36 products for 16 pixels that take 144.
  winograd_tile_4x4 = 0,
  /// A whole map of 2 × 2 pixels: 9 products for 4 pixels that take 16 without the padding.
  winograd_map_2x2 = 1,
  /// Stride 2, from 4 × 4 pixels of the map to 8 × 8 of the image. Along each axis the image's even pixels have one tap
  /// and the odd ones F(4, 2): 81 products for 64 pixels that take 144.
  winograd_stride_2_image = 2,
  /// Stride 2, from the image to 4 × 4 pixels of the map, by as many products.
  winograd_stride_2_map = 3,
  /// 4 × 4 with stride 2, from 4 × 4 pixels of the map to 8 × 8 of the image, which is of even size. Along each axis
  /// even and odd pixels are F(4, 2): 100 products for 64 pixels that take 256.
  winograd_kernel_4_image = 4,
  /// The same from the image to the map, by as many products.
  winograd_kernel_4_map = 5,
};

/// The number of the source's channels is a multiple of this.
#define WINOGRAD_CHANNEL_STEP 16
/// Largest number of the source's channels, and in filter sums of the result's.
#define WINOGRAD_MOST_CHANNELS 4096
/// Channels whose products are summed in registers; the layouts below go by blocks of as many.
#define WINOGRAD_CHUNK 64

struct winograd_image {
  float *pixels;
  ptrdiff_t pixel_stride;
  int32_t height, width;
  size_t channels;
};

/// A data sum: result = bias + convolution of source with w(t, c, k) at
/// t · source channels · result channels + c · weight_source_stride + k · weight_result_stride, tap t = 0 ... 8 or 15;
/// `flipped` takes the taps in reverse order, for a sum onto the image.
struct winograd_data {
  enum winograd_kind kind;
  struct winograd_image source, result;
  const float *weights;
  ptrdiff_t weight_source_stride, weight_result_stride;
  bool flipped;
  /// `[result.channels]`, or NULL.
  const float *bias;
  /// Of a map, so not with `winograd_stride_2_image` and `winograd_kernel_4_image`. Where `moments.mean` is not NULL: the moments of each channel of the result over each WINOGRAD_PART_TILES tiles,
  /// `[parts][result.channels]`, computed while the pixels are in registers.
  struct vector_moments moments;
  /// The library that multiplies; NULL for the vector loops.
  blas_sgemm sgemm;
  /// Result channels of a panel: `winograd_panel_width`.
  size_t panel_width;
};

/// Result channels of a panel, with a library or with the vector loops. A wider one suits a library, which packs its
/// factors anew for each.
size_t winograd_panel_width(bool library);

/// Tiles whose moments are computed together; calls of `winograd_data_run_panel` that compute moments start at a
/// multiple of it.
#define WINOGRAD_PART_TILES 32

/// Elements of a tile in the transform domain: products per tile.
size_t winograd_elements(enum winograd_kind kind);
/// Elements of a weight matrix in the transform domain; several elements of a tile may have the same one.
size_t winograd_weight_elements(enum winograd_kind kind);
/// Elements of a tile of the result in the transform domain; several products may have the same sum.
size_t winograd_sum_elements(enum winograd_kind kind);
/// Tiles of one map.
size_t winograd_tiles(enum winograd_kind kind, int32_t height, int32_t width);

/// Floats of input-transformed tiles, `[⌈channels / 64⌉][elements][tiles][min(64, channels)]` with gaps between elements,
/// which would otherwise all fall into the same few sets of the cache.
size_t winograd_input_count(enum winograd_kind kind, size_t tiles, size_t channels);
/// Floats of one panel's transformed weights, `[⌈channels / 64⌉][weight elements][64][panel_width]` with gaps.
size_t winograd_weights_count(enum winograd_kind kind, size_t channels, size_t panel_width);
/// Bytes of scratch memory for one call of `winograd_transform_weights`.
size_t winograd_weights_scratch_bytes(size_t panel_width);
/// Bytes of scratch memory for one call of `winograd_data_run_panel`.
size_t winograd_panel_scratch_bytes(enum winograd_kind kind, size_t panel_width);

/// Transforms tiles `first ..< end`, counted over all images, to places `first - origin ...` of `transformed`, which
/// has room for `total`.
void winograd_transform_input(
    const struct winograd_data *problem, size_t first, size_t end, size_t origin, size_t total,
    float *transformed);
/// Transforms the weights of result channels `panel_width · panel ...`.
void winograd_transform_weights(
    const struct winograd_data *problem, size_t panel, float *transformed, void *scratch);
/// Computes result channels `panel_width · panel ...` of tiles `first ..< end` from transformed tiles, laid out as
/// above. Without `weights`, transforms them as they are needed, 64 channels at a time.
void winograd_data_run_panel(
    const struct winograd_data *problem, const float *transformed, const float *weights, size_t first,
    size_t end, size_t origin, size_t total, size_t panel, void *scratch);

/// A filter sum: the gradient of the weights, dense `[taps][source.channels][result.channels]`, where `kind` leads from
/// the source to the result: stride 1, winograd_stride_2_image or winograd_kernel_4_map. The channels of both are
/// multiples of 16.
struct winograd_filter {
  enum winograd_kind kind;
  struct winograd_image source, result;
  /// Whether the weights have the taps in reverse order, as those of a sum onto the image.
  bool flipped;
  /// The library that multiplies; NULL for the vector loops.
  blas_sgemm sgemm;
};

/// Channels of either side whose sums are computed together: 578 KiB with 36 elements, which stay in a second-level
/// cache, and 1.6 MB with the 100 of 4 × 4, which do not.
#define WINOGRAD_FILTER_BLOCK 64

/// Bytes of scratch memory for one call of `winograd_filter_run` that transforms `pass` tiles at a time, from `channels`
/// source channels to `outputs` result channels.
size_t winograd_filter_scratch_bytes(enum winograd_kind kind, size_t pass, size_t channels, size_t outputs);

/// Sums tiles `first ..< end`, counted over all images, into the gradient of the weights from source channels
/// `first_channel ..< end_channel`, multiples of 16, to all result channels; adds to it where `accumulate`. Transforms
/// `pass` tiles at a time, on which the rounding depends. Sets `result_sums`, `[result channels]`, to the sums of the
/// result's pixels, for the gradient of a bias, unless it is NULL.
void winograd_filter_run(
    const struct winograd_filter *filter, size_t first, size_t end, size_t pass, size_t first_channel,
    size_t end_channel, float *gradient, bool accumulate, float *result_sums, void *scratch);
