// The data sum without im2col: a register tile finds the 8 source pixels of each tap through pointers, and a pixel in
// the padding points at zeros. Where a group is one tap, positions that fall into its padding are left out, which on a
// 4 × 4 map saves 31 % of the work and on a 2 × 2 map 56 %.

#include <string.h>

#include "batch_normalization.h"
#include "convolution.h"
#include "gather.h"
#include "product.h"

enum {
  /// Positions worked on together; a panel of weights is packed once for all of them, which costs about 2 % of the
  /// products at 256.
  BLOCK_POSITIONS = 512,
  /// Rows of the packed panel: 32 KiB, so that panel and source pixels share the L2 cache.
  GROUP_LENGTH = 256,
  /// Taps summed before the sums go back to memory.
  GROUP_TAPS = 16,
};

struct data_scratch {
  const float *left[BLOCK_POSITIONS * GROUP_TAPS];
  float *out[BLOCK_POSITIONS];
  float panel[GROUP_LENGTH * PANEL_WIDTH];
  float start[PANEL_WIDTH];
};

/// A library's factors and their product.
struct library_scratch {
  struct data_scratch shared;
  float left[SHIFTED_BLAS_POSITIONS * GROUP_LENGTH];
  float right[GROUP_LENGTH * SHIFTED_BLAS_CHANNELS];
  float sums[SHIFTED_BLAS_POSITIONS * SHIFTED_BLAS_CHANNELS];
};

static const float zeros[GROUP_LENGTH];

size_t shifted_data_scratch_bytes(bool library) {
  return library ? sizeof(struct library_scratch) : sizeof(struct data_scratch);
}

/// Whether each position is a pixel of the source and the same one of the result, as with a kernel of 1 × 1.
static bool is_pointwise(const struct shifted_data *phase, const struct convolution_tap *tap) {
  return tap->y == 0 && tap->x == 0 && phase->source_step == 1 && phase->result_step == 1 &&
         phase->height == phase->source_height && phase->width == phase->source_width &&
         phase->height == phase->result_height && phase->width == phase->result_width;
}

/// Fills the pointers of one group of taps for positions `first ..< end` and returns the number of rows. With one tap
/// and `skip`, positions in its padding have no row.
static size_t find_rows(
    const struct shifted_data *phase, const struct convolution_tap *taps, size_t tap_count, size_t first,
    size_t end, size_t source_channel, bool skip, struct data_scratch *scratch) {
  const float *source = phase->source + source_channel;
  if (tap_count == 1 && is_pointwise(phase, taps)) {
    for (size_t row = 0; row < end - first; row++) {
      scratch->left[row] = source + (ptrdiff_t)(first + row) * phase->source_pixel_stride;
      scratch->out[row] = phase->result + (ptrdiff_t)(first + row) * phase->result_pixel_stride;
    }
    return end - first;
  }
  const size_t per_image = (size_t)phase->height * (size_t)phase->width;
  ptrdiff_t image = (ptrdiff_t)(first / per_image);
  int32_t y = (int32_t)(first % per_image) / phase->width, x = (int32_t)(first % per_image) % phase->width;
  size_t rows = 0;
  for (size_t position = first; position < end; position++) {
    const float **left = scratch->left + rows / PRODUCT_ROWS * PRODUCT_ROWS * tap_count + rows % PRODUCT_ROWS;
    bool any = false;
    for (size_t tap = 0; tap < tap_count; tap++) {
      const int32_t source_y = y * phase->source_step + taps[tap].y, source_x = x * phase->source_step + taps[tap].x;
      const bool inside = (uint32_t)source_y < (uint32_t)phase->source_height &&
                          (uint32_t)source_x < (uint32_t)phase->source_width;
      left[tap * PRODUCT_ROWS] =
          inside ? source + ((image * phase->source_height + source_y) * phase->source_width + source_x) *
                                phase->source_pixel_stride
                 : zeros;
      any |= inside;
    }
    if (any || !skip) {
      const int32_t result_y = phase->result_y + y * phase->result_step;
      const int32_t result_x = phase->result_x + x * phase->result_step;
      scratch->out[rows++] =
          phase->result + ((image * phase->result_height + result_y) * phase->result_width + result_x) *
                             phase->result_pixel_stride;
    }
    if (++x == phase->width) {
      x = 0;
      if (++y == phase->height) {
        y = 0;
        image++;
      }
    }
  }
  return rows;
}

/// Writes the pixels of a phase that no tap reaches.
static void run_without_taps(
    const struct shifted_data *phase, size_t first, size_t end, size_t first_channel, size_t end_channel,
    struct data_scratch *scratch) {
  find_rows(phase, NULL, 0, first, end, 0, false, scratch);
  const size_t count = (end_channel - first_channel) * sizeof(float);
  for (size_t row = 0; row < end - first; row++) {
    float *out = scratch->out[row] + first_channel;
    if (phase->bias)
      memcpy(out, phase->bias + first_channel, count);
    else
      memset(out, 0, count);
  }
}

/// Packs the weights of a group of taps from `length` source channels to `valid` result channels, `[tap_count][length]
/// [width]`.
static void pack_weights(
    const struct shifted_data *phase, const struct convolution_tap *taps, size_t tap_count, size_t source_channel,
    size_t length, size_t channel, size_t valid, float *panel, size_t width) {
  for (size_t i = 0; i < tap_count; i++)
    pack_panel(
        length, valid,
        phase->weights + taps[i].weights + (ptrdiff_t)source_channel * phase->weight_source_stride +
            (ptrdiff_t)channel * phase->weight_result_stride,
        phase->weight_source_stride, phase->weight_result_stride, panel + i * length * width, width);
}

/// The products of one group of taps by a library: a tile of im2col, from the pointers of `find_rows`, times the
/// weights. Rows of the result lie apart unevenly, so that the products are added to them afterwards.
static void run_group_by_library(
    const struct shifted_data *phase, const struct convolution_tap *taps, size_t tap_count, size_t source_channel,
    size_t length, size_t rows, size_t first_channel, size_t end_channel, bool accumulate,
    struct library_scratch *scratch) {
  const size_t depth = tap_count * length;
  for (size_t row = 0; row < rows; row++) {
    const float *const *left =
        scratch->shared.left + row / PRODUCT_ROWS * PRODUCT_ROWS * tap_count + row % PRODUCT_ROWS;
    for (size_t tap = 0; tap < tap_count; tap++)
      copy_pixel(left[tap * PRODUCT_ROWS], length, scratch->left + row * depth + tap * length);
  }
  for (size_t channel = first_channel; channel < end_channel; channel += SHIFTED_BLAS_CHANNELS) {
    const size_t valid =
        end_channel - channel < SHIFTED_BLAS_CHANNELS ? end_channel - channel : SHIFTED_BLAS_CHANNELS;
    pack_weights(phase, taps, tap_count, source_channel, length, channel, valid, scratch->right, valid);
    blas_product(
        phase->sgemm, false, rows, valid, depth, scratch->left, depth, scratch->right, valid, scratch->sums, valid,
        false);
    for (size_t row = 0; row < rows; row++) {
      float *out = scratch->shared.out[row] + channel;
      const float *sums = scratch->sums + row * valid;
      const float *start = accumulate ? out : phase->bias ? phase->bias + channel : zeros;
      for (size_t i = 0; i < valid; i++) out[i] = start[i] + sums[i];
    }
  }
}

static void run_block(
    const struct shifted_data *phase, size_t first, size_t end, size_t first_channel, size_t end_channel,
    struct data_scratch *scratch) {
  if (phase->tap_count == 0) {
    run_without_taps(phase, first, end, first_channel, end_channel, scratch);
    return;
  }
  const size_t chunks = (phase->source_channels + GROUP_LENGTH - 1) / GROUP_LENGTH;
  const size_t length = (phase->source_channels + chunks - 1) / chunks;
  size_t group_taps = GROUP_LENGTH / length;
  if (group_taps > GROUP_TAPS) group_taps = GROUP_TAPS;
  for (size_t tap = 0; tap < phase->tap_count; tap += group_taps) {
    const struct convolution_tap *taps = phase->taps + tap;
    const size_t tap_count = phase->tap_count - tap < group_taps ? phase->tap_count - tap : group_taps;
    for (size_t source_channel = 0; source_channel < phase->source_channels; source_channel += length) {
      const size_t left = phase->source_channels - source_channel, here = left < length ? left : length;
      const bool accumulate = tap > 0 || source_channel > 0;
      const size_t rows = find_rows(phase, taps, tap_count, first, end, source_channel, accumulate, scratch);
      if (phase->sgemm) {
        run_group_by_library(
            phase, taps, tap_count, source_channel, here, rows, first_channel, end_channel, accumulate,
            (struct library_scratch *)scratch);
        continue;
      }
      for (size_t channel = first_channel; channel < end_channel; channel += PANEL_WIDTH) {
        const size_t valid = end_channel - channel < PANEL_WIDTH ? end_channel - channel : PANEL_WIDTH;
        pack_weights(phase, taps, tap_count, source_channel, here, channel, valid, scratch->panel, PANEL_WIDTH);
        const float *start = NULL;
        if (phase->bias) {
          memset(scratch->start, 0, sizeof scratch->start);
          memcpy(scratch->start, phase->bias + channel, valid * sizeof(float));
          start = scratch->start;
        }
        product_panel(
            rows, tap_count, here, scratch->left, 0, scratch->panel, scratch->out, (ptrdiff_t)channel, start,
            accumulate, valid);
      }
    }
  }
}

/// Computes the moments of the positions just written. Positions are pixels where the result has one phase.
static void compute_moments(
    const struct shifted_data *phase, size_t first, size_t end, size_t first_channel, size_t end_channel) {
  for (; first < end; first += SHIFTED_PART_POSITIONS) {
    const size_t rows = end - first < SHIFTED_PART_POSITIONS ? end - first : SHIFTED_PART_POSITIONS;
    const size_t place = first / SHIFTED_PART_POSITIONS * phase->result_channels + first_channel;
    const struct vector_moments moments = {phase->moments.mean + place, phase->moments.squares + place};
    const struct vector_rows pixels = {
        phase->result + (ptrdiff_t)first * phase->result_pixel_stride + first_channel,
        (size_t)phase->result_pixel_stride};
    vector_batch_normalization_pixel_moments(
        moments, pixels, (struct vector_size){rows, end_channel - first_channel});
  }
}

void shifted_data_run(
    const struct shifted_data *phase, size_t first, size_t end, size_t first_channel, size_t end_channel,
    void *scratch) {
  const size_t size = phase->sgemm ? SHIFTED_BLAS_POSITIONS : BLOCK_POSITIONS;
  for (; first < end; first += size) {
    const size_t block_end = end - first < size ? end : first + size;
    run_block(phase, first, block_end, first_channel, end_channel, scratch);
    if (phase->moments.mean) compute_moments(phase, first, block_end, first_channel, end_channel);
  }
}
