// 3 × 3 convolution with stride 1 and padding 1 by minimal filtering for GPUs: forward and data gradient. See
// convolution_winograd_transforms.h for the formulas.
//
//   convolution_winograd_weights   weights to points [36][channels][columns]
//   convolution_winograd_input    source to points [36][tiles][channels], also for the filter pass
//   convolution_winograd_product   36 matrix products at once, tiled into local memory and registers:
//                                  sums [36][tiles][columns]
//   convolution_winograd_output    sums to output, with the bias
//
// The host takes as many tiles at a time as keep points and sums in a large cache; `first` is the first of them.
// The transforms have one work-item per channel of a tile, (channel, tile) in the ranges that CLRange.rows makes.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_tiles.h"

#define VALUE float
#include "convolution_winograd_transforms.h"

// Weights are [9][channels][columns] or, transposed, [9][columns][channels]; flipped, the taps are taken in reverse order.
// A data gradient reads them both ways. One work-item per (column, channel).
kernel void convolution_winograd_weights(
    global const float *restrict weights, ulong weights_offset, ulong weights_stride, int transposed, int flipped,
    int channels, int columns, global float *restrict points, ulong points_offset) {
  const int column = get_global_id(0);
  const int channel = row_index();
  if (column >= columns || channel >= channels) return;
  float taps[9], half_way[3 * POINT_SIDE];
#pragma unroll
  for (int i = 0; i < 9; i++) {
    const int tap = flipped ? 8 - i : i;
    const size_t line = transposed ? (size_t)tap * columns + column : (size_t)tap * channels + channel;
    taps[i] = weights[weights_offset + line * weights_stride + (transposed ? channel : column)];
  }
#pragma unroll
  for (int x = 0; x < 3; x++) transform_weights_line(taps + x, 3, half_way + x * POINT_SIDE);
  global float *to = points + points_offset + (size_t)channel * columns + column;
#pragma unroll
  for (int y = 0; y < POINT_SIDE; y++) {
    float line[POINT_SIDE];
    transform_weights_line(half_way + y, POINT_SIDE, line);
#pragma unroll
    for (int x = 0; x < POINT_SIDE; x++) to[(size_t)(y * POINT_SIDE + x) * channels * columns] = line[x];
  }
}

kernel void convolution_winograd_input(
    global const float *restrict input, ulong input_offset, ulong input_stride, int height, int width, int channels,
    int first, int tiles, global float *restrict points, ulong points_offset) {
  const int channel = get_global_id(0);
  const int tile = row_index();
  if (channel >= channels || tile >= tiles) return;
  const TilePlace place = tile_place(first + tile, height, width);
  float pixels[POINTS], half_way[POINTS];
#pragma unroll
  for (int i = 0; i < POINT_SIDE; i++) {
    const int y = place.y + i - 1;
#pragma unroll
    for (int j = 0; j < POINT_SIDE; j++) {
      const int x = place.x + j - 1;
      const int exists = (uint)y < (uint)height && (uint)x < (uint)width;
      pixels[i * POINT_SIDE + j] =
          exists ? input[input_offset + ((size_t)(place.image * height + y) * width + x) * input_stride + channel]
                 : 0.0f;
    }
  }
#pragma unroll
  for (int x = 0; x < POINT_SIDE; x++) transform_source_line(pixels + x, POINT_SIDE, half_way + x * POINT_SIDE);
  global float *to = points + points_offset + (size_t)tile * channels + channel;
#pragma unroll
  for (int y = 0; y < POINT_SIDE; y++) {
    float line[POINT_SIDE];
    transform_source_line(half_way + y, POINT_SIDE, line);
#pragma unroll
    for (int x = 0; x < POINT_SIDE; x++) to[(size_t)(y * POINT_SIDE + x) * tiles * channels] = line[x];
  }
}

// sums[point][row][column] = Σ left[point][row][k] · right[point][k][column]; left and right end with `depth` terms.
// Group: (tile of rows, block of columns, point).
kernel __attribute__((reqd_work_group_size(GROUP_X, GROUP_Y, 1)))
void convolution_winograd_product(
    global const float *restrict left, ulong left_offset, global const float *restrict right, ulong right_offset,
    global float *restrict sums_out, ulong sums_offset, int rows, int depth, int columns) {
  local float row_tile[TILE_DEPTH * LINE_ROWS] __attribute__((aligned(16)));
  local float column_tile[TILE_DEPTH * LINE_COLUMNS] __attribute__((aligned(16)));

  const size_t point = get_group_id(2);
  const int first_row = (int)get_group_id(0) * TILE_ROWS;
  const int first_column = (int)get_group_id(1) * TILE_COLUMNS;
  left += left_offset + point * rows * depth;
  right += right_offset + point * depth * columns;

  const int item = get_local_id(1) * GROUP_X + get_local_id(0);
  const int deep_term = item % DEEP_ITEMS * VECTOR, deep_line = item / DEEP_ITEMS;
  const int column = first_column + item % WIDE_COLUMN_ITEMS * VECTOR, wide_term = item / WIDE_COLUMN_ITEMS;

  float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS];
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++)
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) sums[i][j] = (float4)(0.0f);

  // The next step's terms are on their way from global memory while this step's are multiplied.
  const int steps = (depth + TILE_DEPTH - 1) / TILE_DEPTH;
  for (int at = 0; at <= steps; at++) {
    Run row_run[DEEP_ROW_LOADS], column_run[WIDE_COLUMN_LOADS];
#pragma unroll
    for (int i = 0; i < DEEP_ROW_LOADS; i++) {
      const int row = first_row + deep_line + i * DEEP_LINES, term = at * TILE_DEPTH + deep_term;
      row_run[i] = row < rows && term < depth ? load_run(left + (size_t)row * depth + term) : (Run)(0.0f);
    }
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++) {
      const int term = at * TILE_DEPTH + wide_term + i * WIDE_COLUMN_LINES;
      column_run[i] =
          term < depth && column < columns ? load_run(right + (size_t)term * columns + column) : (Run)(0.0f);
    }
    if (at > 0) multiply_tiles(row_tile, column_tile, sums);
    if (at == steps) break;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < DEEP_ROW_LOADS; i++)
      store_along(row_run[i], row_tile + deep_term * LINE_ROWS + deep_line + i * DEEP_LINES, LINE_ROWS);
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
      store_across(column_run[i],
                   column_tile + (wide_term + i * WIDE_COLUMN_LINES) * LINE_COLUMNS + column - first_column);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  global float *to = sums_out + sums_offset + point * rows * columns;
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++) {
    const int row = first_row + item_row(i);
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
      const int at = first_column + item_column(j);
      if (row < rows && at < columns) store_four(sums[i][j], to + (size_t)row * columns + at, columns - at, 1);
    }
  }
}

// bias may be null.
kernel void convolution_winograd_output(
    global const float *restrict sums, ulong sums_offset, global const float *restrict bias, ulong bias_offset,
    global float *restrict output, ulong output_offset, ulong output_stride, int height, int width, int columns,
    int first, int tiles) {
  const int column = get_global_id(0);
  const int tile = row_index();
  if (column >= columns || tile >= tiles) return;
  global const float *from = sums + sums_offset + (size_t)tile * columns + column;
  float half_way[POINT_SIDE * TILE_SIDE];
#pragma unroll
  for (int x = 0; x < POINT_SIDE; x++) {
    float line[POINT_SIDE];
#pragma unroll
    for (int y = 0; y < POINT_SIDE; y++) line[y] = from[(size_t)(y * POINT_SIDE + x) * tiles * columns];
    transform_target_line(line, 1, half_way + x * TILE_SIDE);
  }
  const float start = bias ? bias[bias_offset + column] : 0.0f;
  const TilePlace place = tile_place(first + tile, height, width);
#pragma unroll
  for (int y = 0; y < TILE_SIDE; y++) {
    float line[TILE_SIDE];
    transform_target_line(half_way + y, TILE_SIDE, line);
#pragma unroll
    for (int x = 0; x < TILE_SIDE; x++)
      if (place.y + y < height && place.x + x < width)
        output[output_offset + ((size_t)(place.image * height + place.y + y) * width + place.x + x) * output_stride
               + column] = line[x] + start;
  }
}
