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

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Tiles of one side in the transform domain, `[elements][tiles][channels]`.
struct transformed_tiles {
  float *elements;
  /// Distances between two tiles and between two elements, in floats.
  size_t stride, element_stride;
};

/// Returns `tiles` tiles in memory. The 16 more keep distances off powers of two: otherwise all elements of a tile, or
/// all tiles of a channel, would fall into the same few sets of the L1 cache.
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

/// Returns the sum of a power of two of vectors.
VECTOR_LOOP float16 sum_of(const float16 *y, const int count) {
  float16 sum[WINOGRAD_MOST_OUTPUTS];
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++) sum[i] = y[i];
#pragma clang loop unroll(full)
  for (int half = count / 2; half > 0; half /= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i < half; i++) sum[i] += sum[i + half];
  return sum[0];
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

VECTOR_LOOP void transform_tiles(
    const enum winograd_kind kind, const struct winograd_filter *filter, size_t first, size_t end, size_t first_channel,
    size_t channels, struct transformed_tiles inputs, struct transformed_tiles gradients, float *result_sums) {
  const size_t outputs = filter->result.channels;
  const int domain = domain_side(kind), elements = domain * domain, sums = sums_side(kind) * sums_side(kind);
  const int inputs_side = input_side(kind), outputs_side = output_side(kind);
  const float *all_pixels[2][WINOGRAD_MOST_INPUTS];
  float *all_outputs[2][WINOGRAD_MOST_OUTPUTS];
  find_inputs(kind, &filter->source, first, all_pixels[first % 2]);
  find_outputs(kind, &filter->result, first, all_outputs[first % 2]);
  for (size_t tile = first; tile < end; tile++) {
    const float **pixels = all_pixels[tile % 2], **next_pixels = all_pixels[(tile + 1) % 2];
    float **map_pixels = all_outputs[tile % 2], **next_map_pixels = all_outputs[(tile + 1) % 2];
    const size_t next = tile + 1 < end ? tile + 1 : tile;
    find_inputs(kind, &filter->source, next, next_pixels);
    find_outputs(kind, &filter->result, next, next_map_pixels);
    for (size_t channel = 0; channel < channels; channel += 16) {
      float16 x[WINOGRAD_MOST_INPUTS], v[WINOGRAD_MOST_ELEMENTS];
#pragma clang loop unroll(full)
      for (int i = 0; i < inputs_side * inputs_side; i++) x[i] = load16(pixels[i] + first_channel + channel);
      prefetch_inputs(kind, next_pixels, first_channel + channel);
      input_2d(kind, x, v);
#pragma clang loop unroll(full)
      for (int i = 0; i < elements; i++)
        store16(
            inputs.elements + (size_t)element_place(kind, i / domain, i % domain) * inputs.element_stride + channel,
            v[i]);
    }
    for (size_t output = 0; output < outputs; output += 16) {
      float16 y[WINOGRAD_MOST_OUTPUTS], m[WINOGRAD_MOST_ELEMENTS];
#pragma clang loop unroll(full)
      for (int i = 0; i < outputs_side * outputs_side; i++)
        y[i] = map_pixels[i] ? load16(map_pixels[i] + output) : (float16){0};
      prefetch_outputs(kind, next_map_pixels, output, false);
      if (result_sums) {
        float *to = result_sums + output;
        store16(to, load16(to) + sum_of(y, outputs_side * outputs_side));
      }
      output_gradient_2d(kind, y, m);
#pragma clang loop unroll(full)
      for (int i = 0; i < sums; i++)
        store16(gradients.elements + (size_t)sum_place(kind, i) * gradients.element_stride + output, m[i]);
    }
    inputs.elements += inputs.stride;
    gradients.elements += gradients.stride;
  }
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

/// The sums of a block of channels over `tiles` tiles.
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

/// The gradient of a block's weights from its sums.
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
