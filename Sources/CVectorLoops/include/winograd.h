#pragma once

// 3 × 3 convolutions with stride 1 and padding 1 by minimal filtering (Winograd 1980; Lavin and Gray 2016): tiles of the
// source and the weights go through linear transforms to `points` separate matrix products, whose results go through
// another one to the target.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Which transforms.
enum winograd_kind {
  /// F(4 × 4, 3 × 3): 36 products for 16 pixels that take 144.
  winograd_tile_4x4 = 0,
  /// A whole map of 2 × 2 pixels: 9 products for 4 pixels that take 16 without the padding.
  winograd_map_2x2 = 1,
};

/// The channels of the source are a multiple of this, and not more than that.
#define WINOGRAD_CHANNEL_STEP 16
#define WINOGRAD_MOST_CHANNELS 4096
/// Channels whose products are summed in registers; the layouts below go by blocks of as many.
#define WINOGRAD_CHUNK 64

struct winograd_image {
  float *pixels;
  ptrdiff_t pixel_stride;
  int32_t height, width;
  size_t channels;
};

/// target = bias + convolution of source with w(t, c, k) at t · channels · outputs + c · weight_channel_stride +
/// k · weight_output_stride, tap t = 0 ... 8; `flipped` takes the taps in reverse order, for a data gradient.
struct winograd_convolution {
  enum winograd_kind kind;
  struct winograd_image source, target;
  const float *weights;
  ptrdiff_t weight_channel_stride, weight_output_stride;
  bool flipped;
  /// `[target.channels]`, or NULL.
  const float *bias;
  /// Where not NULL: mean and sum of squared deviations of each channel of the target over each WINOGRAD_PART_TILES tiles,
  /// `[parts][target.channels]`, found while the pixels are in registers.
  double *mean, *squares;
};

/// Tiles whose moments are found together; calls of `winograd_run_panel` that find some start at a multiple of it.
#define WINOGRAD_PART_TILES 32

/// Products per tile.
size_t winograd_points(enum winograd_kind kind);
/// Tiles of one image.
size_t winograd_tiles(enum winograd_kind kind, int32_t height, int32_t width);

/// Floats of transformed source tiles, `[⌈channels / 64⌉][points][tiles][64]` with gaps that keep strides off powers of
/// two, which would all fall into the same few sets of the cache.
size_t winograd_source_count(enum winograd_kind kind, size_t tiles, size_t channels);
/// Floats of one panel's transformed weights, `[⌈channels / 64⌉][points][64][32]` with gaps.
size_t winograd_weights_count(enum winograd_kind kind, size_t channels);
/// Bytes of scratch memory for one call of `winograd_transform_weights`.
size_t winograd_weights_scratch_bytes(void);
/// Bytes of scratch memory for one call of `winograd_run_panel`.
size_t winograd_panel_scratch_bytes(enum winograd_kind kind);

/// Transforms tiles `first ..< end`, counted over all images, to places `first - origin ...` of `transformed`, which has
/// room for `total`.
void winograd_transform_source(
    const struct winograd_convolution *convolution, size_t first, size_t end, size_t origin, size_t total,
    float *transformed);
/// Transforms the weights of outputs `32 · panel ...`.
void winograd_transform_weights(
    const struct winograd_convolution *convolution, size_t panel, float *transformed, void *scratch);
/// Computes outputs `32 · panel ...` of tiles `first ..< end` from transformed tiles, laid out as above. Without
/// `weights`, transforms them on the way, 64 channels at a time.
void winograd_run_panel(
    const struct winograd_convolution *convolution, const float *transformed, const float *weights, size_t first,
    size_t end, size_t origin, size_t total, size_t panel, void *scratch);

/// Gradient of the weights, dense `[9][source.channels][target.channels]`. The channels of both are multiples of 16.
struct winograd_filter {
  enum winograd_kind kind;
  struct winograd_image source, target_gradient;
};

/// Channels of either side in one call of `winograd_filter_run`, at most.
#define WINOGRAD_FILTER_BLOCK 64

/// Bytes of scratch memory for one call of `winograd_filter_run`.
size_t winograd_filter_scratch_bytes(enum winograd_kind kind);

/// Sums tiles `first ..< end`, counted over all images, into the gradient of the weights from channels
/// `first_channel ..< end_channel` to `first_output ..< end_output`: 64 of each at most, and multiples of 16.
void winograd_filter_run(
    const struct winograd_filter *filter, size_t first, size_t end, size_t first_channel, size_t end_channel,
    size_t first_output, size_t end_output, float *gradient, bool accumulate, void *scratch);
