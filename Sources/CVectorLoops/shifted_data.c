// The data sum without im2col: a register tile finds the 8 source pixels of each tap through pointers, and a pixel in
// the padding points at zeros. Where a group is one tap, positions that fall into its padding are left out, which on a
// 4 × 4 map saves 31 % of the work and on a 2 × 2 map 56 %.

#include <string.h>

#include "batch_normalization.h"
#include "convolution.h"
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

static const float zeros[GROUP_LENGTH];

size_t shifted_data_scratch_bytes(void) { return sizeof(struct data_scratch); }

/// Fills the pointers of one group of taps for positions `first ..< end` and returns the number of rows. With one tap
/// and `skip`, positions in its padding have no row.
static size_t find_rows(
    const struct shifted_data *phase, const struct convolution_tap *taps, size_t tap_count, size_t first,
    size_t end, size_t source_channel, bool skip, struct data_scratch *scratch) {
  const size_t per_image = (size_t)phase->height * (size_t)phase->width;
  ptrdiff_t image = (ptrdiff_t)(first / per_image);
  int32_t y = (int32_t)(first % per_image) / phase->width, x = (int32_t)(first % per_image) % phase->width;
  const float *source = phase->source + source_channel;
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
      for (size_t channel = first_channel; channel < end_channel; channel += PANEL_WIDTH) {
        const size_t valid = end_channel - channel < PANEL_WIDTH ? end_channel - channel : PANEL_WIDTH;
        for (size_t i = 0; i < tap_count; i++)
          pack_panel(
              here, valid,
              phase->weights + taps[i].weights + (ptrdiff_t)source_channel * phase->weight_source_stride +
                  (ptrdiff_t)channel * phase->weight_result_stride,
              phase->weight_source_stride, phase->weight_result_stride, scratch->panel + i * here * PANEL_WIDTH);
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
  for (; first < end; first += BLOCK_POSITIONS) {
    const size_t block_end = end - first < BLOCK_POSITIONS ? end : first + BLOCK_POSITIONS;
    run_block(phase, first, block_end, first_channel, end_channel, scratch);
    if (phase->moments.mean) compute_moments(phase, first, block_end, first_channel, end_channel);
  }
}
