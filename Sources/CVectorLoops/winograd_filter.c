// The filter sum by Winograd's algorithm: for each element of the transform domain, the input-transformed tiles of the
// source, transposed, times the transformed tiles of the result's gradient. A block of the transformed gradient stays
// in the caches over many tiles, and only the gradients of the taps made of it go to memory.

#include <string.h>

#include "multiversion.h"
#include "product.h"
#include "winograd_tiles.h"

enum {
  /// Distance between two sums, in floats, off powers of two.
  SUMS_STRIDE = WINOGRAD_FILTER_BLOCK * WINOGRAD_FILTER_BLOCK + 16,
};

/// Tiles of one side in the transform domain, `[elements][tiles][channels]`.
struct transformed_tiles {
  float *elements;
  /// Distances between two tiles and between two elements, in floats.
  size_t stride, element_stride;
};

/// Returns `tiles` tiles in memory. An odd number of cache lines lies between two tiles, and one more line between two
/// elements: otherwise all tiles of a channel, or all elements of a tile, would fall into the same few sets of the L1
/// cache.
VECTOR_LOOP struct transformed_tiles tiles_at(float *elements, size_t tiles, size_t channels) {
  const size_t stride = (channels / 16 | 1) * 16;
  return (struct transformed_tiles){elements, stride, tiles * stride + 16};
}

/// Returns the tiles' channels from one on.
VECTOR_LOOP struct transformed_tiles channels_from(struct transformed_tiles tiles, size_t channel) {
  tiles.elements += channel;
  return tiles;
}

size_t winograd_filter_scratch_bytes(enum winograd_kind kind, size_t pass, size_t channels, size_t outputs) {
  const size_t inputs = winograd_elements(kind) * tiles_at(NULL, pass, channels).element_stride;
  const size_t gradients = winograd_sum_elements(kind) * tiles_at(NULL, pass, outputs).element_stride;
  return (inputs + gradients + winograd_weight_elements(kind) * SUMS_STRIDE) * sizeof(float);
}

/// Calls loop(kind, arguments …) with the kind, one that a filter sum has, as a constant.
#define WITH_FILTER_KIND(kind, loop, ...)                                              \
  switch (kind) {                                                                      \
    case winograd_tile_4x4: loop(winograd_tile_4x4, __VA_ARGS__); break;               \
    case winograd_map_2x2: loop(winograd_map_2x2, __VA_ARGS__); break;                 \
    case winograd_stride_2_image: loop(winograd_stride_2_image, __VA_ARGS__); break;   \
    case winograd_kernel_4_map: loop(winograd_kernel_4_map, __VA_ARGS__); break;       \
    case winograd_stride_2_map:                                                        \
    case winograd_kernel_4_image: __builtin_trap();                                    \
  }

VECTOR_LOOP void transform_inputs(
    const enum winograd_kind kind, const struct winograd_filter *filter, size_t first, size_t end, size_t first_channel,
    size_t channels, struct transformed_tiles inputs) {
  _Alignas(64) const float *all_pixels[2][WINOGRAD_INPUT_ADDRESSES];
  find_inputs(kind, &filter->source, first, all_pixels[first % 2]);
  for (size_t tile = first; tile < end; tile++, inputs.elements += inputs.stride) {
    const float **pixels = all_pixels[tile % 2], **next = all_pixels[(tile + 1) % 2];
    find_inputs(kind, &filter->source, tile + 1 < end ? tile + 1 : tile, next);
    for (size_t channel = 0; channel < channels; channel += 16)
      transform_input_tile(
          kind, pixels, next, first_channel + channel, inputs.elements + channel, inputs.element_stride);
  }
}

VECTOR_LOOP void transform_gradients(
    const enum winograd_kind kind, const struct winograd_filter *filter, size_t first, size_t end,
    struct transformed_tiles gradients, float *result_sums) {
  const size_t outputs = filter->result.channels;
  _Alignas(64) const float *all_pixels[2][WINOGRAD_OUTPUT_ADDRESSES];
  find_gradients(kind, &filter->result, first, all_pixels[first % 2]);
  for (size_t tile = first; tile < end; tile++, gradients.elements += gradients.stride) {
    const float **pixels = all_pixels[tile % 2], **next = all_pixels[(tile + 1) % 2];
    find_gradients(kind, &filter->result, tile + 1 < end ? tile + 1 : tile, next);
    for (size_t output = 0; output < outputs; output += 16) {
      const float16 sum = transform_gradient_tile(
          kind, pixels, next, output, gradients.elements + output, gradients.element_stride);
      if (result_sums) store16(result_sums + output, load16(result_sums + output) + sum);
    }
  }
}

/// Transforms tiles `first ..< end` of both sides. One side after the other, as a processor has registers for the
/// addresses of one.
VECTOR_LOOP void transform_tiles(
    const enum winograd_kind kind, const struct winograd_filter *filter, size_t first, size_t end, size_t first_channel,
    size_t channels, struct transformed_tiles inputs, struct transformed_tiles gradients, float *result_sums) {
  transform_inputs(kind, filter, first, end, first_channel, channels, inputs);
  transform_gradients(kind, filter, first, end, gradients, result_sums);
}

VECTOR_LOOP void winograd_filter_tiles_body(
    const struct winograd_filter *filter, size_t first, size_t end, size_t first_channel, size_t channels,
    struct transformed_tiles inputs, struct transformed_tiles gradients, float *result_sums) {
  WITH_FILTER_KIND(
      filter->kind, transform_tiles, filter, first, end, first_channel, channels, inputs, gradients, result_sums)
}
MULTIVERSION(
    winograd_filter_tiles,
    winograd_filter_tiles_body,
    (const struct winograd_filter *filter, size_t first, size_t end, size_t first_channel, size_t channels,
     struct transformed_tiles inputs, struct transformed_tiles gradients, float *result_sums),
    (filter, first, end, first_channel, channels, inputs, gradients, result_sums))

VECTOR_LOOP void finish_gradient(
    const enum winograd_kind kind, const float *sums, size_t channels, size_t outputs, float *gradient,
    size_t row_stride, ptrdiff_t tap_stride, bool accumulate) {
  const int elements = weights_side(kind) * weights_side(kind), taps = kernel_side(kind) * kernel_side(kind);
  for (size_t channel = 0; channel < channels; channel++) {
    for (size_t output = 0; output < outputs; output += 16) {
      float16 u[WINOGRAD_MOST_ELEMENTS], g[WINOGRAD_MOST_TAPS];
#pragma clang loop unroll(full)
      for (int i = 0; i < elements; i++)
        u[i] = load16(sums + i * SUMS_STRIDE + channel * WINOGRAD_FILTER_BLOCK + output);
      weights_gradient_2d(kind, u, g);
#pragma clang loop unroll(full)
      for (int tap = 0; tap < taps; tap++) {
        float *to = gradient + tap * tap_stride + (ptrdiff_t)(channel * row_stride + output);
        store16(to, accumulate ? load16(to) + g[tap] : g[tap]);
      }
    }
  }
}

VECTOR_LOOP void winograd_filter_finish_body(
    enum winograd_kind kind, const float *sums, size_t channels, size_t outputs, float *gradient, size_t row_stride,
    ptrdiff_t tap_stride, bool accumulate) {
  WITH_FILTER_KIND(
      kind, finish_gradient, sums, channels, outputs, gradient, row_stride, tap_stride, accumulate)
}
MULTIVERSION(
    winograd_filter_finish,
    winograd_filter_finish_body,
    (enum winograd_kind kind, const float *sums, size_t channels, size_t outputs, float *gradient, size_t row_stride,
     ptrdiff_t tap_stride, bool accumulate),
    (kind, sums, channels, outputs, gradient, row_stride, tap_stride, accumulate))

/// Sets `sums` to those of a block of channels over `tiles` tiles.
static void multiply(
    const struct winograd_filter *filter, size_t tiles, struct transformed_tiles inputs, size_t channels,
    struct transformed_tiles gradients, size_t outputs, float *sums) {
  for (size_t element = 0; element < winograd_elements(filter->kind); element++) {
    const struct winograd_product product = product_of(filter->kind, element);
    const float *left = inputs.elements + element * inputs.element_stride;
    const float *right = gradients.elements + product.sum * gradients.element_stride;
    float *out = sums + product.weights * SUMS_STRIDE;
    const bool add = !product.begins_weights;
    if (filter->sgemm) {
      blas_product(
          filter->sgemm, true, channels, outputs, tiles, left, (ptrdiff_t)inputs.stride, right,
          (ptrdiff_t)gradients.stride, out, WINOGRAD_FILTER_BLOCK, add);
      continue;
    }
    for (size_t output = 0; output < outputs; output += PANEL_WIDTH)
      transposed_panel(
          channels, tiles, left, (ptrdiff_t)inputs.stride, PRODUCT_ROWS, right + output, (ptrdiff_t)gradients.stride,
          out + output, WINOGRAD_FILTER_BLOCK, add, smaller(outputs - output, PANEL_WIDTH));
  }
}

/// Sets the gradient of a block's weights from its sums, or adds to it.
static void finish(
    const struct winograd_filter *filter, const float *sums, size_t first_channel, size_t channels,
    size_t first_output, size_t outputs, float *gradient, bool accumulate) {
  const size_t columns = filter->result.channels;
  const ptrdiff_t matrix = (ptrdiff_t)(filter->source.channels * columns);
  const ptrdiff_t last = kernel_side(filter->kind) * kernel_side(filter->kind) - 1;
  winograd_filter_finish(
      filter->kind, sums, channels, outputs,
      gradient + (filter->flipped ? last * matrix : 0) + (ptrdiff_t)(first_channel * columns + first_output), columns,
      filter->flipped ? -matrix : matrix, accumulate);
}

void winograd_filter_run(
    const struct winograd_filter *filter, size_t first, size_t end, size_t pass, size_t first_channel,
    size_t end_channel, float *gradient, bool accumulate, float *result_sums, void *scratch) {
  const enum winograd_kind kind = filter->kind;
  const size_t channels = end_channel - first_channel, outputs = filter->result.channels;
  const struct transformed_tiles inputs = tiles_at(scratch, pass, channels);
  const struct transformed_tiles gradients =
      tiles_at(inputs.elements + winograd_elements(kind) * inputs.element_stride, pass, outputs);
  float *sums = gradients.elements + winograd_sum_elements(kind) * gradients.element_stride;
  if (result_sums) memset(result_sums, 0, outputs * sizeof(float));
  for (size_t tile = first; tile < end; tile += pass) {
    const size_t tiles = smaller(end - tile, pass);
    winograd_filter_tiles(
        filter, tile, tile + tiles, first_channel, channels, inputs, gradients, result_sums);
    for (size_t channel = 0; channel < channels; channel += WINOGRAD_FILTER_BLOCK)
      for (size_t output = 0; output < outputs; output += WINOGRAD_FILTER_BLOCK) {
        const size_t block_channels = smaller(channels - channel, WINOGRAD_FILTER_BLOCK);
        const size_t block_outputs = smaller(outputs - output, WINOGRAD_FILTER_BLOCK);
        multiply(
            filter, tiles, channels_from(inputs, channel), block_channels, channels_from(gradients, output),
            block_outputs, sums);
        finish(
            filter, sums, first_channel + channel, block_channels, output, block_outputs, gradient,
            accumulate || tile > first);
      }
  }
}
