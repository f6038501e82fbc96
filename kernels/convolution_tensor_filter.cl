// Convolution and transposed convolution on NVIDIA's tensor cores: gradient of the weights, an implicit matrix product
// (taps, channels) × pixels · pixels × columns: the rows are the left lines, the columns the right ones. See tensor_core.h for the arithmetic. The gradient of the bias is the plain
// kernel's, in convolution_filter.cl; convolution_reduce.cl adds up the parts.

#include "common.h"
#include "convolution_geometry.h"
#define RIGHT_TILE_IS_DEEP 0
#include "tensor_tiles.h"

// A pixel of the grid is one term of the sums. Its int4: line (x) and column (y) of the sampled tensor that tap (padding,
// padding) reads, the pixel there (z), and the pixel of the grid (w). Where there is no such pixel the line is above every
// line, and w below zero.
#define ABOVE_EVERY_LINE (-(1 << 30))

// gradient(i, j, c, k) = Σ sampled(grid · stride + (i, j) − padding, c) · other(grid, k) over the pixels of the grid.
// Rows are (tap, c), columns k. The sums go to target[split][tap][c][k], or, if flipped, to target[split][tap][k][c]: a
// transposed convolution samples the gradient, so that its c is the weights' innermost index. With one split the target
// may be the gradient itself. target_stride is the length of the innermost line. Group: (tile of rows, block of
// columns, split).
kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void convolution_tensor_filter(
    global const float *restrict sampled, ulong sampled_offset, ulong sampled_stride,
    int sampled_height, int sampled_width, int channels,
    global const float *restrict other, ulong other_offset, ulong other_stride,
    int grid_height, int grid_width, int columns,
    global float *restrict target, ulong target_offset, ulong target_stride, int flipped,
    int batch, int kernel_height, int kernel_width, int stride, int padding, int accumulate) {
  local uint row_tiles[TILE_STAGES][LEFT_TILE] __attribute__((aligned(16)));
  local uint column_tiles[TILE_STAGES][RIGHT_TILE] __attribute__((aligned(16)));
  // The terms of the step that is being fetched, and of the one after it.
  local int4 places[2][TILE_DEPTH];
#if TENSOR_EMULATION
  local uint exchange[ITEMS * LANE_WORDS];
#else
  local uint *const exchange = 0;
#endif

  const int rows = kernel_height * kernel_width * channels;
  const int first_row = (int)get_group_id(0) * TILE_LEFT;
  const int first_column = (int)get_group_id(1) * TILE_RIGHT;
  const int split = get_group_id(2), splits = get_num_groups(2);

  // All pixels of the grid, or, where the tile is of one tap only, the rectangle at which the sampled tensor exists.
  Range range_y, range_x;
  range_y.begin = range_x.begin = 0;
  range_y.end = grid_height;
  range_x.end = grid_width;
  const int first_tap = first_row / channels;
  if (first_tap == (min(first_row + TILE_LEFT, rows) - 1) / channels) {
    const int tap_y = first_tap / kernel_width;
    range_y = sampled_range(tap_y - padding, stride, grid_height, sampled_height);
    range_x = sampled_range(first_tap - tap_y * kernel_width - padding, stride, grid_width, sampled_width);
  }
  const int height = range_y.end - range_y.begin, width = range_x.end - range_x.begin;
  const int depth = batch * height * width;
  const int steps = (depth + TILE_DEPTH - 1) / TILE_DEPTH;
  const int begin = (int)((long)steps * split / splits);
  const int end = (int)((long)steps * (split + 1) / splits);

  // Each item reads the same rows and columns in every step.
  const int item = get_local_id(0);
  const int line_row = item % WIDE_LEFT_ITEMS * VECTOR, row_term = item / WIDE_LEFT_ITEMS;
  const int line_column = item % WIDE_RIGHT_ITEMS * VECTOR, column_term = item / WIDE_RIGHT_ITEMS;
  const int row_exists = first_row + line_row < rows, column_exists = first_column + line_column < columns;
  const int tap = (first_row + line_row) / channels;
  const int shift_y = row_exists ? tap / kernel_width - padding : ABOVE_EVERY_LINE;
  const int shift_x = tap - tap / kernel_width * kernel_width - padding;
  const int shift = (tap / kernel_width - padding) * sampled_width + shift_x;
  sampled += sampled_offset + (first_row + line_row - tap * channels);
  other += other_offset + (column_exists ? first_column + line_column : 0);
  // Products of two ints are one instruction.
  const int sampled_line = (int)sampled_stride, other_line = (int)other_stride;

  // The first TILE_DEPTH items tell the others where the terms are.
  const int empty = height == 0 || width == 0;
  const Digits advance = empty ? digits_of(0, 1, 1) : digits_of(TILE_DEPTH, height, width);
  Digits pixel = empty ? advance : digits_of(begin * TILE_DEPTH + item, height, width);

  float sums[RIGHT_SLABS][LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4];
#pragma unroll
  for (int slab = 0; slab < RIGHT_SLABS; slab++)
#pragma unroll
    for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
      for (int j = 0; j < RIGHT_FRAGMENTS; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) sums[slab][i][j][e] = 0.0f;

  // Tiles are fetched TILE_STAGES - 1 steps before they are multiplied, into the stage that was multiplied last, and their
  // terms are looked up one step before that.
  int stage = 0, next_stage = 0;
  for (int at = begin - TILE_STAGES; at < end; at++) {
    const int next = at + TILE_STAGES - 1;
    local uint *row_target = row_tiles[next_stage] + row_term * WIDE_LINE(TILE_LEFT) + line_row;
    local uint *column_target = column_tiles[next_stage] + column_term * WIDE_LINE(TILE_RIGHT) + line_column;
#if ASYNC_COPY
    copies_arrived(TILE_STAGES - 2);
#else
    Run row_run[WIDE_LEFT_LOADS], column_run[WIDE_RIGHT_LOADS];
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < TILE_DEPTH && next + 1 < end) {
      const int y = range_y.begin + pixel.middle, x = range_x.begin + pixel.low;
      const int exists = pixel.high < batch;
      int4 place;
      place.x = exists ? y * stride : ABOVE_EVERY_LINE;
      place.y = x * stride;
      place.z = (pixel.high * sampled_height + y * stride) * sampled_width + x * stride;
      place.w = exists ? (pixel.high * grid_height + y) * grid_width + x : -1;
      places[(next + 1) & 1][item] = place;
      pixel = digits_sum(pixel, advance, height, width);
    }
    const int fetches = next >= begin && next < end;
    if (fetches) {
#pragma unroll
      for (int i = 0; i < WIDE_LEFT_LOADS; i++) {
        const int4 place = places[next & 1][row_term + i * WIDE_LEFT_TERMS];
        const int inside = (uint)(place.x + shift_y) < (uint)sampled_height
                           && (uint)(place.y + shift_x) < (uint)sampled_width;
        FETCH(row_run[i], row_target + i * WIDE_LEFT_TERMS * WIDE_LINE(TILE_LEFT),
              sampled + (inside ? (long)(place.z + shift) * sampled_line : 0), inside);
      }
#pragma unroll
      for (int i = 0; i < WIDE_RIGHT_LOADS; i++) {
        const int grid = places[next & 1][column_term + i * WIDE_RIGHT_TERMS].w;
        const int inside = column_exists && grid >= 0;
        FETCH(column_run[i], column_target + i * WIDE_RIGHT_TERMS * WIDE_LINE(TILE_RIGHT),
              other + (inside ? (long)grid * other_line : 0), inside);
      }
    }
#if ASYNC_COPY
    end_batch_of_copies();
#endif

    if (at >= begin) {
      multiply_tiles(row_tiles[stage], column_tiles[stage], sums, exchange);
      stage = stage + 1 == TILE_STAGES ? 0 : stage + 1;
    }
    if (fetches) {
#if !ASYNC_COPY
#pragma unroll
      for (int i = 0; i < WIDE_LEFT_LOADS; i++)
        store_run(row_run[i], row_target + i * WIDE_LEFT_TERMS * WIDE_LINE(TILE_LEFT));
#pragma unroll
      for (int i = 0; i < WIDE_RIGHT_LOADS; i++)
        store_run(column_run[i], column_target + i * WIDE_RIGHT_TERMS * WIDE_LINE(TILE_RIGHT));
#endif
      next_stage = next_stage + 1 == TILE_STAGES ? 0 : next_stage + 1;
    }
  }

  const size_t row_stride = flipped ? 1 : target_stride, column_stride = flipped ? target_stride : 1;
  const size_t tap_stride = target_stride * (flipped ? columns : channels);
  target += target_offset + split * kernel_height * kernel_width * tap_stride;
#pragma unroll
  for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const int row = first_row + left_line(i) + h;
      if (row >= rows) continue;
      const int row_tap = row / channels;
      global float *line = target + row_tap * tap_stride + (row - row_tap * channels) * row_stride;
#pragma unroll
      for (int slab = 0; slab < RIGHT_SLABS; slab++)
#pragma unroll
        for (int j = 0; j < RIGHT_FRAGMENTS; j++)
#pragma unroll
          for (int f = 0; f < 2; f++) {
            const int column = first_column + right_line(slab, j) + f;
            if (column >= columns) continue;
            global float *place = line + column * column_stride;
            *place = sums[slab][i][j][2 * h + f] + (accumulate ? *place : 0.0f);
          }
    }
}
