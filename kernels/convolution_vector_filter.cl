// Convolution and transposed convolution for CPUs: the filter sum in explicit float16 vectors, a register tile of input
// channels × vectors of output channels. convolution_geometry.h has the formula; convolution_vector_reduce.cl adds up
// the parts.
//
//   gradient(i, j, c, k) = Σ left(pixel, c) · right(pixel, k)
//
// left, right: [batch][height][width][channels]; one of the two is the image (`left` if left_is_image), read at pixel ·
// stride + tap − padding, the other one the map, read at the pixel. Only pixels at which both exist are visited.
// target: [split][taps][channels][columns]; with one split it may be the gradient itself, to which [accumulate] the
// sums are added. One work-item per work-group: group (block of channels × columns, tap, split).

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_vectors.h"

// Input channels × vectors of output channels of the register tile.
#ifndef TILE_ROWS
#define TILE_ROWS 8
#endif
#ifndef TILE_VECTORS
#define TILE_VECTORS 2
#endif
// Pixels that are copied side by side and used for all tiles of a block: the copies of both tensors and the block's
// sums should fit into the first-level cache.
#ifndef BLOCK_PIXELS
#define BLOCK_PIXELS 64
#endif
// Input channels × output channels that a work-item sums up: multiples of 16 and of the register tile.
#ifndef BLOCK_ROWS
#define BLOCK_ROWS 64
#endif
#ifndef BLOCK_COLUMNS
#define BLOCK_COLUMNS 64
#endif

#define TILE_COLUMNS (16 * TILE_VECTORS)

#include "register_tile.h"

#if BLOCK_ROWS % 16 || BLOCK_ROWS % TILE_ROWS || BLOCK_COLUMNS % TILE_COLUMNS
#error "a block is not a whole number of register tiles"
#endif

// Copies `count` channels of `pixels` pixels, `step` apart, to lines of `width` floats, of which the first `filled`
// vectors are written: channels that do not exist are zero.
static inline void copy_pixels(global const float *from, size_t step, int pixels, int count, float *to, int width,
                               int filled) {
  const int whole = count / 16;
  if (count == BLOCK_ROWS && width == BLOCK_ROWS) {
    for (int p = 0; p < pixels; p++, from += step, to += BLOCK_ROWS)
#pragma unroll
      for (int v = 0; v < BLOCK_ROWS / 16; v++) vstore16(vload16(v, from), v, to);
  } else {
    for (int p = 0; p < pixels; p++, from += step, to += width) {
      for (int v = 0; v < whole; v++) vstore16(vload16(v, from), v, to);
      for (int v = whole; v < filled; v++) vstore16(load_some(from + v * 16, count - v * 16), v, to);
    }
  }
}

kernel WORK_GROUP(1, 1, 1) void convolution_vector_filter(
    TENSOR(const float *restrict, left), int channels, TENSOR(const float *restrict, right), int columns,
    TENSOR(float *restrict, target), int left_is_image, int batch, int map_height, int map_width, int image_height,
    int image_width, int kernel_height, int kernel_width, int stride, int padding, int accumulate) {
  const int column_blocks = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  const int block_row = get_group_id(0) / column_blocks;
  const int row = block_row * BLOCK_ROWS;
  const int column = ((int)get_group_id(0) - block_row * column_blocks) * BLOCK_COLUMNS;
  const int row_count = min(BLOCK_ROWS, channels - row);
  const int column_count = min(BLOCK_COLUMNS, columns - column);
  const int tap = get_group_id(1);
  const int tap_y = tap / kernel_width - padding;
  const int tap_x = tap - tap / kernel_width * kernel_width - padding;

  // The rectangle of the map that meets pixels of the image.
  const Range range_y = meeting_range(tap_y, stride, map_height, image_height);
  const Range range_x = meeting_range(tap_x, stride, map_width, image_width);
  const int height = range_y.end - range_y.begin, width = range_x.end - range_x.begin;
  const int split = get_group_id(2);
  const Range part = part_of((long)batch * height * width, split, get_num_groups(2));

  float16 sums[BLOCK_ROWS][BLOCK_COLUMNS / 16];
  float rows_copy[BLOCK_PIXELS][BLOCK_ROWS];
  float columns_copy[BLOCK_PIXELS][BLOCK_COLUMNS];
  const int used_rows = (row_count + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  const int used_vectors = (column_count + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_VECTORS;
  for (int i = 0; i < used_rows; i++)
    for (int v = 0; v < used_vectors; v++) sums[i][v] = (float16)(0.0f);

  Digits at = {0, 0, 0};
  if (part.begin < part.end) at = digits_of(part.begin, height, width);
  for (int start = part.begin; start < part.end; start += BLOCK_PIXELS) {
    const int count = min(BLOCK_PIXELS, part.end - start);
    // Line by line, as far as this block of pixels goes.
    for (int p = 0; p < count;) {
      const int run = min(width - at.low, count - p);
      const int y = range_y.begin + at.middle, x = range_x.begin + at.low;
      const size_t on_map = pixel_index(at.high, y, x, map_height, map_width);
      const size_t in_image = pixel_index(at.high, y * stride + tap_y, x * stride + tap_x, image_height, image_width);
      copy_pixels(AT(left, left_is_image ? in_image : on_map) + row, left_is_image ? stride * left_stride : left_stride,
                  run, row_count, rows_copy[p], BLOCK_ROWS, (used_rows + 15) / 16);
      copy_pixels(AT(right, left_is_image ? on_map : in_image) + column,
                  left_is_image ? right_stride : stride * right_stride, run, column_count, columns_copy[p],
                  BLOCK_COLUMNS, used_vectors);
      p += run;
      const Digits step = {0, 0, run};
      at = digits_sum(at, step, height, width);
    }
    for (int v = 0; v < used_vectors; v += TILE_VECTORS)
      for (int c = 0; c < used_rows; c += TILE_ROWS)
        multiply_register_tile(rows_copy[0] + c, 1, BLOCK_ROWS, columns_copy[0] + v * 16, BLOCK_COLUMNS, count,
                               (float *)&sums[c][v], BLOCK_COLUMNS, true);
  }

  global float *out =
      AT(target, ((size_t)split * kernel_height * kernel_width + tap) * channels + row) + column;
  for (int i = 0; i < row_count; i++)
    for (int v = 0; v * 16 < column_count; v++) {
      const int left_over = column_count - v * 16;
      global float *place = out + i * target_stride + v * 16;
      store_some(accumulate ? sums[i][v] + load_some(place, left_over) : sums[i][v], place, left_over);
    }
}
