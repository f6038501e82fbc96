// Convolution and transposed convolution for GPUs: gradient of the weights, an implicit matrix product: (taps, channels) ×
// pixels · pixels × columns. It may give parts of the sums; convolution_reduce.cl adds them up.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_tiles.h"

// gradient(i, j, c, k) = Σ sampled(grid · stride + (i, j) − padding, c) · other(grid, k) over the pixels of the grid.
// Rows are (tap, c), columns k. The sums go to target[split][tap][c][k], or, if flipped, to target[split][tap][k][c]: a
// transposed convolution samples the gradient, so that its c is the weights' innermost index. With one split the target
// may be the gradient itself. target_stride is the length of the innermost line. Group: (tile of rows, block of
// columns, split).
kernel __attribute__((reqd_work_group_size(GROUP_X, GROUP_Y, 1)))
void convolution_filter(
    global const float *restrict sampled, ulong sampled_offset, ulong sampled_stride,
    int sampled_height, int sampled_width, int channels,
    global const float *restrict other, ulong other_offset, ulong other_stride,
    int grid_height, int grid_width, int columns,
    global float *restrict target, ulong target_offset, ulong target_stride, int flipped,
    int batch, int kernel_height, int kernel_width, int stride, int padding, int accumulate) {
  local float row_tile[TILE_DEPTH * LINE_ROWS] __attribute__((aligned(16)));
  local float column_tile[TILE_DEPTH * LINE_COLUMNS] __attribute__((aligned(16)));

  const int rows = kernel_height * kernel_width * channels;
  const int first_row = (int)get_group_id(0) * TILE_ROWS;
  const int first_column = (int)get_group_id(1) * TILE_COLUMNS;
  const int split = get_group_id(2), splits = get_num_groups(2);

  // All pixels of the grid, or, where the tile is of one tap only, the rectangle at which the sampled tensor exists.
  Range range_y, range_x;
  range_y.begin = range_x.begin = 0;
  range_y.end = grid_height;
  range_x.end = grid_width;
  const int first_tap = first_row / channels;
  if (first_tap == (min(first_row + TILE_ROWS, rows) - 1) / channels) {
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
  const int item = get_local_id(1) * GROUP_X + get_local_id(0);
  const int line_row = item % WIDE_ROW_ITEMS * VECTOR, row_term = item / WIDE_ROW_ITEMS;
  const int line_column = item % WIDE_COLUMN_ITEMS * VECTOR, column_term = item / WIDE_COLUMN_ITEMS;
  const int row_exists = first_row + line_row < rows, column_exists = first_column + line_column < columns;
  const int tap = (first_row + line_row) / channels;
  const int channel = first_row + line_row - tap * channels;
  const int shift_y = tap / kernel_width - padding;
  const int shift_x = tap - tap / kernel_width * kernel_width - padding;

  const int empty = height == 0 || width == 0;
  const Digits advance = empty ? digits_of(0, 1, 1) : digits_of(TILE_DEPTH, height, width);
  Digits row_pixel[WIDE_ROW_LOADS], column_pixel[WIDE_COLUMN_LOADS];
#pragma unroll
  for (int i = 0; i < WIDE_ROW_LOADS; i++)
    row_pixel[i] =
        empty ? advance : digits_of(begin * TILE_DEPTH + row_term + i * WIDE_ROW_LINES, height, width);
#pragma unroll
  for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
    column_pixel[i] =
        empty ? advance : digits_of(begin * TILE_DEPTH + column_term + i * WIDE_COLUMN_LINES, height, width);

  float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS];
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++)
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) sums[i][j] = (float4)(0.0f);

  // The next step's terms are on their way from global memory while this step's are multiplied.
  for (int at = begin; at <= end; at++) {
    Run row_run[WIDE_ROW_LOADS], column_run[WIDE_COLUMN_LOADS];
#pragma unroll
    for (int i = 0; i < WIDE_ROW_LOADS; i++) {
      const int y = (range_y.begin + row_pixel[i].middle) * stride + shift_y;
      const int x = (range_x.begin + row_pixel[i].low) * stride + shift_x;
      const int inside = row_exists && row_pixel[i].high < batch && (uint)y < (uint)sampled_height
                         && (uint)x < (uint)sampled_width;
      row_run[i] = inside ? load_run(sampled + sampled_offset
                                     + (((size_t)row_pixel[i].high * sampled_height + y) * sampled_width + x)
                                           * sampled_stride + channel)
                          : (Run)(0.0f);
      row_pixel[i] = digits_sum(row_pixel[i], advance, height, width);
    }
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++) {
      const int y = range_y.begin + column_pixel[i].middle, x = range_x.begin + column_pixel[i].low;
      column_run[i] = column_exists && column_pixel[i].high < batch
                          ? load_run(other + other_offset
                                     + (((size_t)column_pixel[i].high * grid_height + y) * grid_width + x)
                                           * other_stride + first_column + line_column)
                          : (Run)(0.0f);
      column_pixel[i] = digits_sum(column_pixel[i], advance, height, width);
    }

    if (at > begin) multiply_tiles(row_tile, column_tile, sums);
    if (at == end) break;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < WIDE_ROW_LOADS; i++)
      store_across(row_run[i], row_tile + (row_term + i * WIDE_ROW_LINES) * LINE_ROWS + line_row);
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
      store_across(column_run[i], column_tile + (column_term + i * WIDE_COLUMN_LINES) * LINE_COLUMNS + line_column);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  const size_t row_stride = flipped ? 1 : target_stride, column_stride = flipped ? target_stride : 1;
  const size_t tap_stride = target_stride * (flipped ? columns : channels);
  global float *out = target + target_offset + split * kernel_height * kernel_width * tap_stride;
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++) {
    const int row = first_row + item_row(i);
    const int row_tap = row / channels;
    const size_t line = row_tap * tap_stride + (row - row_tap * channels) * row_stride;
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
      const int column = first_column + item_column(j);
      if (row < rows && column < columns) {
        global float *place = out + line + column * column_stride;
        float4 sum = sums[i][j];
        if (accumulate) {
          sum.s0 += place[0];
          if (column + 1 < columns) sum.s1 += place[column_stride];
          if (column + 2 < columns) sum.s2 += place[2 * column_stride];
          if (column + 3 < columns) sum.s3 += place[3 * column_stride];
        }
        store_four(sum, place, columns - column, column_stride);
      }
    }
  }
}
