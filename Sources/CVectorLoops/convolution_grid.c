// Convolution without im2col: a register tile finds the 8 source pixels of each tap through pointers, and a pixel in the
// padding points at zeros. Where a group is one tap, positions that fall into its padding are left out, which on a 4 × 4
// map saves 31 % of the work and on a 2 × 2 map 56 %.

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

struct grid_scratch {
  const float *left[BLOCK_POSITIONS * GROUP_TAPS];
  float *out[BLOCK_POSITIONS];
  float panel[GROUP_LENGTH * PANEL_WIDTH];
  float start[PANEL_WIDTH];
};

static const float zeros[GROUP_LENGTH];

size_t convolution_grid_scratch_bytes(void) { return sizeof(struct grid_scratch); }

/// Fills the pointers of one group of taps for positions `first ..< end`; returns how many rows there are. With one tap
/// and `skip`, positions in its padding get none.
static size_t find_rows(
    const struct convolution_grid *grid, const struct convolution_tap *taps, size_t tap_count, size_t first,
    size_t end, size_t first_channel, bool skip, struct grid_scratch *scratch) {
  const size_t per_image = (size_t)grid->height * (size_t)grid->width;
  ptrdiff_t image = (ptrdiff_t)(first / per_image);
  int32_t y = (int32_t)(first % per_image) / grid->width, x = (int32_t)(first % per_image) % grid->width;
  const float *source = grid->source + first_channel;
  size_t rows = 0;
  for (size_t position = first; position < end; position++) {
    const float **left = scratch->left + rows / PRODUCT_ROWS * PRODUCT_ROWS * tap_count + rows % PRODUCT_ROWS;
    bool any = false;
    for (size_t tap = 0; tap < tap_count; tap++) {
      const int32_t source_y = y * grid->source_step + taps[tap].y, source_x = x * grid->source_step + taps[tap].x;
      const bool inside = (uint32_t)source_y < (uint32_t)grid->source_height &&
                          (uint32_t)source_x < (uint32_t)grid->source_width;
      left[tap * PRODUCT_ROWS] =
          inside ? source + ((image * grid->source_height + source_y) * grid->source_width + source_x) *
                                grid->source_pixel_stride
                 : zeros;
      any |= inside;
    }
    if (any || !skip) {
      const int32_t target_y = grid->target_y + y * grid->target_step;
      const int32_t target_x = grid->target_x + x * grid->target_step;
      scratch->out[rows++] =
          grid->target + ((image * grid->target_height + target_y) * grid->target_width + target_x) *
                             grid->target_pixel_stride;
    }
    if (++x == grid->width) {
      x = 0;
      if (++y == grid->height) {
        y = 0;
        image++;
      }
    }
  }
  return rows;
}

/// The outputs of a grid that no tap reaches.
static void run_without_taps(
    const struct convolution_grid *grid, size_t first, size_t end, size_t first_output, size_t end_output,
    struct grid_scratch *scratch) {
  find_rows(grid, NULL, 0, first, end, 0, false, scratch);
  const size_t count = (end_output - first_output) * sizeof(float);
  for (size_t row = 0; row < end - first; row++) {
    float *out = scratch->out[row] + first_output;
    if (grid->bias)
      memcpy(out, grid->bias + first_output, count);
    else
      memset(out, 0, count);
  }
}

static void run_block(
    const struct convolution_grid *grid, size_t first, size_t end, size_t first_output, size_t end_output,
    struct grid_scratch *scratch) {
  if (grid->tap_count == 0) {
    run_without_taps(grid, first, end, first_output, end_output, scratch);
    return;
  }
  const size_t chunks = (grid->channels + GROUP_LENGTH - 1) / GROUP_LENGTH;
  const size_t length = (grid->channels + chunks - 1) / chunks;
  size_t group_taps = GROUP_LENGTH / length;
  if (group_taps > GROUP_TAPS) group_taps = GROUP_TAPS;
  for (size_t tap = 0; tap < grid->tap_count; tap += group_taps) {
    const struct convolution_tap *taps = grid->taps + tap;
    const size_t tap_count = grid->tap_count - tap < group_taps ? grid->tap_count - tap : group_taps;
    for (size_t channel = 0; channel < grid->channels; channel += length) {
      const size_t here = grid->channels - channel < length ? grid->channels - channel : length;
      const bool accumulate = tap > 0 || channel > 0;
      const size_t rows = find_rows(grid, taps, tap_count, first, end, channel, accumulate, scratch);
      for (size_t output = first_output; output < end_output; output += PANEL_WIDTH) {
        const size_t valid = end_output - output < PANEL_WIDTH ? end_output - output : PANEL_WIDTH;
        for (size_t i = 0; i < tap_count; i++)
          pack_panel(
              here, valid,
              grid->weights + taps[i].weights + (ptrdiff_t)channel * grid->weight_channel_stride +
                  (ptrdiff_t)output * grid->weight_output_stride,
              grid->weight_channel_stride, grid->weight_output_stride, scratch->panel + i * here * PANEL_WIDTH);
        const float *start = NULL;
        if (grid->bias) {
          memset(scratch->start, 0, sizeof scratch->start);
          memcpy(scratch->start, grid->bias + output, valid * sizeof(float));
          start = scratch->start;
        }
        product_panel(
            rows, tap_count, here, scratch->left, 0, scratch->panel, scratch->out, (ptrdiff_t)output, start,
            accumulate, valid);
      }
    }
  }
}

/// Moments of the positions just written. Neighbouring positions are neighbouring pixels where the target has no phases.
static void find_moments(
    const struct convolution_grid *grid, size_t first, size_t end, size_t first_output, size_t end_output) {
  for (; first < end; first += CONVOLUTION_PART_POSITIONS) {
    const size_t rows = end - first < CONVOLUTION_PART_POSITIONS ? end - first : CONVOLUTION_PART_POSITIONS;
    const size_t place = first / CONVOLUTION_PART_POSITIONS * grid->outputs + first_output;
    vector_batch_normalization_part(
        grid->mean + place, grid->squares + place,
        grid->target + (ptrdiff_t)first * grid->target_pixel_stride + first_output, (size_t)grid->target_pixel_stride,
        rows, end_output - first_output);
  }
}

void convolution_grid_run(
    const struct convolution_grid *grid, size_t first, size_t end, size_t first_output, size_t end_output,
    void *scratch) {
  for (; first < end; first += BLOCK_POSITIONS) {
    const size_t block_end = end - first < BLOCK_POSITIONS ? end : first + BLOCK_POSITIONS;
    run_block(grid, first, block_end, first_output, end_output, scratch);
    if (grid->mean) find_moments(grid, first, block_end, first_output, end_output);
  }
}
