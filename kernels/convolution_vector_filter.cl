// Convolution and transposed convolution for CPUs: gradient of the weights. One work-item per work-group, explicit
// float16 vectors, a register tile of input channels × vectors of output channels. It may give parts of the sums;
// convolution_vector_reduce.cl adds them up.

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

#if BLOCK_ROWS % 16 || BLOCK_ROWS % TILE_ROWS || BLOCK_COLUMNS % TILE_COLUMNS
#error "a block is not a whole number of register tiles"
#endif

// Copies `count` channels of `pixels` pixels, `step` apart, to lines of `width` floats, of which the first `filled`
// vectors are written: channels that do not exist are zero.
void copy_pixels(global const float *from, size_t step, int pixels, int count, float *to, int width, int filled) {
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

// One block of the weights' gradient of one tap over one part of the pixels:
//
//   gradient(i, j, c, k) = Σ left(pixel, c) · right(pixel, k)
//
// where one of the two tensors (`left` if left_sampled) is read at grid · stride + tap − padding, the other one at
// every pixel of the grid. Only pixels at which both exist are visited. target[split][taps][channels][columns]; with
// one split the target may be the gradient itself. Group: (block, tap, split).
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void convolution_vector_filter(
    global const float *restrict left, ulong left_offset, ulong left_stride, int channels,
    global const float *restrict right, ulong right_offset, ulong right_stride, int columns,
    global float *restrict target, ulong target_offset, ulong target_stride, int left_sampled,
    int batch, int grid_height, int grid_width, int sampled_height, int sampled_width,
    int kernel_height, int kernel_width, int stride, int padding, int accumulate) {
  const int column_blocks = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  const int block_row = get_group_id(0) / column_blocks;
  const int row = block_row * BLOCK_ROWS;
  const int column = ((int)get_group_id(0) - block_row * column_blocks) * BLOCK_COLUMNS;
  const int row_count = min(BLOCK_ROWS, channels - row);
  const int column_count = min(BLOCK_COLUMNS, columns - column);
  const int tap = get_group_id(1);
  const int tap_y = tap / kernel_width - padding;
  const int tap_x = tap - tap / kernel_width * kernel_width - padding;

  // The rectangle of the grid at which the sampled tensor exists.
  const Range range_y = sampled_range(tap_y, stride, grid_height, sampled_height);
  const Range range_x = sampled_range(tap_x, stride, grid_width, sampled_width);
  const int height = range_y.end - range_y.begin;
  const int width = range_x.end - range_x.begin;
  const long pixels = (long)batch * height * width;
  const int splits = get_num_groups(2);
  const int begin = (int)(pixels * (long)get_group_id(2) / splits);
  const int end = (int)(pixels * (long)(get_group_id(2) + 1) / splits);

  float16 sums[BLOCK_ROWS][BLOCK_COLUMNS / 16];
  float rows_copy[BLOCK_PIXELS][BLOCK_ROWS];
  float columns_copy[BLOCK_PIXELS][BLOCK_COLUMNS];
  const int used_rows = (row_count + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  const int used_vectors = (column_count + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_VECTORS;
  for (int i = 0; i < used_rows; i++)
    for (int v = 0; v < used_vectors; v++) sums[i][v] = (float16)(0.0f);

  int x = 0, y = 0, image = 0;
  if (begin < end) {
    const int line = begin / width;
    x = begin - line * width;
    image = line / height;
    y = line - image * height;
  }
  for (int start = begin; start < end; start += BLOCK_PIXELS) {
    const int count = min(BLOCK_PIXELS, end - start);
    // Line by line, as far as this block of pixels goes.
    for (int p = 0; p < count;) {
      const int run = min(width - x, count - p);
      const int grid_y = range_y.begin + y, grid_x = range_x.begin + x;
      const size_t on_grid = ((size_t)image * grid_height + grid_y) * grid_width + grid_x;
      const size_t sampled = ((size_t)image * sampled_height + grid_y * stride + tap_y) * sampled_width
                             + grid_x * stride + tap_x;
      copy_pixels(left + left_offset + (left_sampled ? sampled : on_grid) * left_stride + row,
                  left_sampled ? stride * left_stride : left_stride, run, row_count, rows_copy[p], BLOCK_ROWS,
                  (used_rows + 15) / 16);
      copy_pixels(right + right_offset + (left_sampled ? on_grid : sampled) * right_stride + column,
                  left_sampled ? right_stride : stride * right_stride, run, column_count, columns_copy[p],
                  BLOCK_COLUMNS, used_vectors);
      p += run;
      x += run;
      if (x == width) {
        x = 0;
        if (++y == height) {
          y = 0;
          image++;
        }
      }
    }
    for (int v = 0; v < used_vectors; v += TILE_VECTORS)
      for (int c = 0; c < used_rows; c += TILE_ROWS) {
        float16 tile[TILE_ROWS][TILE_VECTORS];
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
          for (int w = 0; w < TILE_VECTORS; w++) tile[i][w] = sums[c + i][v + w];
        for (int p = 0; p < count; p++) {
          float16 line[TILE_VECTORS];
#pragma unroll
          for (int w = 0; w < TILE_VECTORS; w++) line[w] = vload16(v + w, columns_copy[p]);
#pragma unroll
          for (int i = 0; i < TILE_ROWS; i++) {
            const float16 value = (float16)(rows_copy[p][c + i]);
#pragma unroll
            for (int w = 0; w < TILE_VECTORS; w++) tile[i][w] = MULTIPLY_ADD(value, line[w], tile[i][w]);
          }
        }
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
          for (int w = 0; w < TILE_VECTORS; w++) sums[c + i][v + w] = tile[i][w];
      }
  }

  global float *out = target + target_offset
      + (((size_t)get_group_id(2) * kernel_height * kernel_width + tap) * channels + row) * target_stride + column;
  for (int i = 0; i < row_count; i++)
    for (int v = 0; v * 16 < column_count; v++) {
      const int left_over = column_count - v * 16;
      global float *place = out + i * target_stride + v * 16;
      store_some(accumulate ? sums[i][v] + load_some(place, left_over) : sums[i][v], place, left_over);
    }
}
