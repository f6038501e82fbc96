// The filter sum: for each tap, the product of the input side's pixels, transposed, with the output side's. Both are
// packed block by block, leaving out the positions that fall into the padding, and the sums of a block stay in
// registers.

#include <string.h>

#include "convolution.h"
#include "gather.h"
#include "multiversion.h"
#include "product.h"

enum {
  /// Positions summed in registers before the sums go to memory. Both packed sides of a block fit into the L2 cache.
  BLOCK_POSITIONS = 256,
  /// Below this many channels, taps are packed side by side so that register tiles are filled.
  FEW_CHANNELS = 32,
  /// Most taps packed side by side.
  GROUP_TAPS = 16,
  /// Output channels of one product of a library.
  LIBRARY_CHANNELS = 128,
  /// Positions of a map from which on less than an eighth of a tap's are in the padding.
  LARGE_MAP = 64,
  PREFETCH_DISTANCE = 8,
};

struct filter_scratch {
  /// Per tap of a group, NULL in the padding.
  const float *input[BLOCK_POSITIONS * GROUP_TAPS];
  const float *output[BLOCK_POSITIONS];
  float left[SHIFTED_FILTER_CHANNELS * BLOCK_POSITIONS];
  float panel[BLOCK_POSITIONS * PANEL_WIDTH];
};

/// A library's right factor; its left one takes the place of the vector loops'.
struct library_scratch {
  struct filter_scratch shared;
  float right[BLOCK_POSITIONS * LIBRARY_CHANNELS];
};

size_t shifted_filter_scratch_bytes(bool library) {
  return library ? sizeof(struct library_scratch) : sizeof(struct filter_scratch);
}

static const float *pixel_of(
    const struct convolution_side *side, ptrdiff_t index, int32_t y, int32_t x, const struct convolution_tap *tap) {
  y = y * side->step + (side->shifted ? tap->y : 0);
  x = x * side->step + (side->shifted ? tap->x : 0);
  if ((uint32_t)y >= (uint32_t)side->height || (uint32_t)x >= (uint32_t)side->width) return NULL;
  return side->pixels + ((index * side->height + y) * side->width + x) * side->pixel_stride;
}

/// Fills `input` (`[position][tap_count]`) and `output` and returns the number of positions kept. With `keep`
/// all positions are kept; those in the padding get a null output pixel.
static size_t find_pixels(
    const struct shifted_filter *filter, const struct convolution_tap *taps, size_t tap_count, size_t first,
    size_t end, bool keep, struct filter_scratch *scratch) {
  const size_t per_image = (size_t)filter->height * (size_t)filter->width;
  ptrdiff_t image = (ptrdiff_t)(first / per_image);
  int32_t y = (int32_t)(first % per_image) / filter->width, x = (int32_t)(first % per_image) % filter->width;
  size_t count = 0;
  for (size_t position = first; position < end; position++) {
    bool any = false;
    for (size_t tap = 0; tap < tap_count; tap++) {
      const float *pixel = pixel_of(&filter->input, image, y, x, taps + tap);
      scratch->input[count * tap_count + tap] = pixel;
      any |= pixel != NULL;
    }
    scratch->output[count] = pixel_of(&filter->output, image, y, x, taps);
    if (keep || (any && scratch->output[count])) count++;
    if (++x == filter->width) {
      x = 0;
      if (++y == filter->height) {
        y = 0;
        image++;
      }
    }
  }
  return count;
}

/// Packs channels `first ..< first + channels` of each tap's pixels into `[⌈tap_count · channels / 8⌉][count][8]`.
static void pack_input(size_t count, size_t tap_count, size_t first, size_t channels, struct filter_scratch *scratch) {
  const size_t total = tap_count * channels, padded = (total + PRODUCT_ROWS - 1) / PRODUCT_ROWS * PRODUCT_ROWS;
  if (channels % PRODUCT_ROWS == 0) {
    for (size_t position = 0; position < count; position++) {
      float *to = scratch->left + position * PRODUCT_ROWS;
      for (size_t tap = 0; tap < tap_count; tap++) {
        const float *pixel = scratch->input[position * tap_count + tap];
        for (size_t channel = 0; channel < channels; channel += PRODUCT_ROWS, to += count * PRODUCT_ROWS) {
          if (pixel)
            memcpy(to, pixel + first + channel, PRODUCT_ROWS * sizeof(float));
          else
            memset(to, 0, PRODUCT_ROWS * sizeof(float));
        }
      }
    }
    return;
  }
  for (size_t position = 0; position < count; position++) {
    size_t row = 0;
    for (size_t tap = 0; tap < tap_count; tap++) {
      const float *pixel = scratch->input[position * tap_count + tap];
      for (size_t channel = 0; channel < channels; channel++, row++)
        scratch->left[(row / PRODUCT_ROWS * count + position) * PRODUCT_ROWS + row % PRODUCT_ROWS] =
            pixel ? pixel[first + channel] : 0;
    }
    for (; row < padded; row++)
      scratch->left[(row / PRODUCT_ROWS * count + position) * PRODUCT_ROWS + row % PRODUCT_ROWS] = 0;
  }
}

/// Packs channels `first ..< first + valid` of the output side's pixels into the panel, with zeros beside them.
static void pack_output(size_t count, size_t first, size_t valid, struct filter_scratch *scratch) {
  for (size_t position = 0; position < count; position++) {
    float *to = scratch->panel + position * PANEL_WIDTH;
    const float *pixel = scratch->output[position];
    // The next pixels are further away than the processor prefetches by itself.
    if (position + PREFETCH_DISTANCE < count && scratch->output[position + PREFETCH_DISTANCE]) {
      const float *next = scratch->output[position + PREFETCH_DISTANCE] + first;
      __builtin_prefetch(next);
      __builtin_prefetch(next + 16);
    }
    if (pixel && valid == PANEL_WIDTH) {
      memcpy(to, pixel + first, PANEL_WIDTH * sizeof(float));
    } else if (pixel) {
      memcpy(to, pixel + first, valid * sizeof(float));
      memset(to + valid, 0, (PANEL_WIDTH - valid) * sizeof(float));
    } else {
      memset(to, 0, PANEL_WIDTH * sizeof(float));
    }
  }
}

/// Copies channels `first ..< first + channels` of each tap's pixels into `[count][tap_count][channels]`.
static void gather_input(
    size_t count, size_t tap_count, size_t first, size_t channels, struct library_scratch *scratch) {
  for (size_t i = 0; i < count * tap_count; i++) {
    const float *pixel = scratch->shared.input[i];
    copy_pixel(pixel ? pixel + first : NULL, channels, scratch->shared.left + i * channels);
  }
}

/// Adds the product of the gathered input, `rows` columns of it, transposed, and the output side's pixels.
static void add_by_library(
    blas_sgemm sgemm, size_t count, size_t rows, size_t outputs, float *gradient, struct library_scratch *scratch) {
  for (size_t output = 0; output < outputs; output += LIBRARY_CHANNELS) {
    const size_t valid = outputs - output < LIBRARY_CHANNELS ? outputs - output : LIBRARY_CHANNELS;
    for (size_t position = 0; position < count; position++) {
      const float *pixel = scratch->shared.output[position];
      copy_pixel(pixel ? pixel + output : NULL, valid, scratch->right + position * valid);
    }
    blas_product(
        sgemm, true, rows, valid, count, scratch->shared.left, rows, scratch->right, valid, gradient + output, outputs,
        true);
  }
}

/// Whether both sides have a pixel for each position and no others, as with a kernel of 1 × 1.
static bool is_pointwise(const struct shifted_filter *filter) {
  return filter->tap_count == 1 && filter->taps->y == 0 && filter->taps->x == 0 && filter->input.step == 1 &&
         filter->output.step == 1 && filter->height == filter->input.height && filter->width == filter->input.width &&
         filter->height == filter->output.height && filter->width == filter->output.width;
}

/// Adds the product of positions `first ..< end` without packing, which reads up to a vector from their last pixel on.
static void add_pointwise(
    const struct shifted_filter *filter, size_t first, size_t end, size_t first_channel, size_t channels, float *sums) {
  const struct convolution_side *input = &filter->input, *output = &filter->output;
  const float *left = input->pixels + (ptrdiff_t)first * input->pixel_stride + first_channel;
  const float *right = output->pixels + (ptrdiff_t)first * output->pixel_stride;
  for (size_t channel = 0; channel < output->channels; channel += PANEL_WIDTH) {
    const size_t rest = output->channels - channel;
    transposed_panel(
        channels, end - first, left, input->pixel_stride, PRODUCT_ROWS, right + channel, output->pixel_stride,
        sums + channel, (ptrdiff_t)output->channels, true, rest < PANEL_WIDTH ? rest : PANEL_WIDTH);
  }
}

void shifted_filter_run(
    const struct shifted_filter *filter, size_t first, size_t end, size_t first_channel, size_t end_channel,
    float *gradient, bool accumulate, void *memory) {
  struct filter_scratch *scratch = memory;
  const size_t channels = end_channel - first_channel, all = filter->input.channels;
  const size_t outputs = filter->output.channels;
  if (!accumulate)
    for (size_t tap = 0; tap < filter->tap_count; tap++)
      memset(gradient + (tap * all + first_channel) * outputs, 0, channels * outputs * sizeof(float));
  // Taps can share one product only where they share the output's pixels and their rows of the gradient touch.
  const bool join = !filter->output.shifted && channels == all && all < FEW_CHANNELS;
  size_t group_taps = join ? SHIFTED_FILTER_CHANNELS / all : 1;
  if (group_taps > GROUP_TAPS) group_taps = GROUP_TAPS;
  // Input pixels that all taps share are packed once per block, unless leaving out the padding saves more.
  const bool keep = !filter->input.shifted && (size_t)filter->height * (size_t)filter->width >= LARGE_MAP;
  const bool pointwise = !filter->sgemm && is_pointwise(filter);
  for (; first < end; first += BLOCK_POSITIONS) {
    const size_t block_end = end - first < BLOCK_POSITIONS ? end : first + BLOCK_POSITIONS;
    // A vector from the last pixel on may go past the end of the tensor, but not where this many pixels come after.
    if (pointwise && end - block_end >= PANEL_WIDTH) {
      add_pointwise(filter, first, block_end, first_channel, channels, gradient + first_channel * outputs);
      continue;
    }
    for (size_t tap = 0; tap < filter->tap_count; tap += group_taps) {
      const size_t tap_count = filter->tap_count - tap < group_taps ? filter->tap_count - tap : group_taps;
      const size_t count = find_pixels(filter, filter->taps + tap, tap_count, first, block_end, keep, scratch);
      if (count == 0) continue;
      float *sums = gradient + (tap * all + first_channel) * outputs;
      if (filter->sgemm) {
        struct library_scratch *library = memory;
        if (tap == 0 || !keep) gather_input(count, tap_count, first_channel, channels, library);
        add_by_library(filter->sgemm, count, tap_count * channels, outputs, sums, library);
        continue;
      }
      if (tap == 0 || !keep) pack_input(count, tap_count, first_channel, channels, scratch);
      for (size_t output = 0; output < outputs; output += PANEL_WIDTH) {
        const size_t valid = outputs - output < PANEL_WIDTH ? outputs - output : PANEL_WIDTH;
        pack_output(count, output, valid, scratch);
        transposed_panel(
            tap_count * channels, count, scratch->left, PRODUCT_ROWS, (ptrdiff_t)(count * PRODUCT_ROWS), scratch->panel,
            PANEL_WIDTH, sums + output, (ptrdiff_t)outputs, true, valid);
      }
    }
  }
}

VECTOR_LOOP void sum_pixels_body(
    const float *from, ptrdiff_t pixel_stride, size_t pixels, size_t channels, float *to) {
  memset(to, 0, channels * sizeof(float));
  for (size_t pixel = 0; pixel < pixels; pixel++, from += pixel_stride)
    for (size_t k = 0; k < channels; k++) to[k] += from[k];
}
MULTIVERSION(
    sum_pixels,
    sum_pixels_body,
    (const float *from, ptrdiff_t pixel_stride, size_t pixels, size_t channels, float *to),
    (from, pixel_stride, pixels, channels, to))

VECTOR_LOOP void sum_parts_body(
    const float *from, size_t part_stride, size_t parts, size_t count, float *to, bool accumulate) {
  size_t i = 0;
  // Explicit vectors: clang does not vectorize over `i` where the inner loop is a reduction. 36864 elements of 32 parts
  // took 0.6 ms on two cores.
  for (; i + 16 <= count; i += 16) {
    vector_float16 sum = *(const vector_float16 *)(from + i);
    for (size_t part = 1; part < parts; part++) sum += *(const vector_float16 *)(from + part * part_stride + i);
    if (accumulate) sum += *(const vector_float16 *)(to + i);
    *(vector_float16 *)(to + i) = sum;
  }
  for (; i < count; i++) {
    float sum = from[i];
    for (size_t part = 1; part < parts; part++) sum += from[part * part_stride + i];
    to[i] = accumulate ? to[i] + sum : sum;
  }
}
MULTIVERSION(
    sum_parts,
    sum_parts_body,
    (const float *from, size_t part_stride, size_t parts, size_t count, float *to, bool accumulate),
    (from, part_stride, parts, count, to, accumulate))
