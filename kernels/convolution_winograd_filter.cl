// 3 × 3 convolution with stride 1 and padding 1 by minimal filtering for GPUs: gradient of the weights. See
// convolution_winograd_transforms.h for the formulas; convolution_winograd.cl brings the source to its points.
//
//   convolution_winograd_output_gradient         the output's gradient to points [36][tiles][columns]
//   convolution_winograd_filter_product   36 matrix products at once, tiled into local memory and registers, in parts of
//                                         the tiles: sums [part][36][channels][columns]
//   convolution_winograd_weights_gradient    adds up the parts, in their order, and brings them to the weights' gradient

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_tiles.h"

#define VALUE float
#include "convolution_winograd_transforms.h"

// One work-item per (column, tile), `first` being the first tile.
kernel void convolution_winograd_output_gradient(
    global const float *restrict gradient, ulong gradient_offset, ulong gradient_stride, int height, int width,
    int columns, int first, int tiles, global float *restrict points, ulong points_offset) {
  const int column = get_global_id(0);
  const int tile = row_index();
  if (column >= columns || tile >= tiles) return;
  const TilePlace place = tile_place(first + tile, height, width);
  float pixels[TILE_SIDE * TILE_SIDE], half_way[TILE_SIDE * POINT_SIDE];
#pragma unroll
  for (int i = 0; i < TILE_SIDE; i++)
#pragma unroll
    for (int j = 0; j < TILE_SIDE; j++) {
      const int y = place.y + i, x = place.x + j;
      pixels[i * TILE_SIDE + j] =
          y < height && x < width
              ? gradient[gradient_offset + ((size_t)(place.image * height + y) * width + x) * gradient_stride + column]
              : 0.0f;
    }
#pragma unroll
  for (int x = 0; x < TILE_SIDE; x++) transform_gradient_line(pixels + x, TILE_SIDE, half_way + x * POINT_SIDE);
  global float *to = points + points_offset + (size_t)tile * columns + column;
#pragma unroll
  for (int y = 0; y < POINT_SIDE; y++) {
    float line[POINT_SIDE];
    transform_gradient_line(half_way + y, POINT_SIDE, line);
#pragma unroll
    for (int x = 0; x < POINT_SIDE; x++) to[(size_t)(y * POINT_SIDE + x) * tiles * columns] = line[x];
  }
}

// sums[part][point][row][column] = Σ left[point][k][row] · right[point][k][column] over one part of the `depth` terms.
// Group: (tile of rows, block of columns, part · 36 + point).
kernel __attribute__((reqd_work_group_size(GROUP_X, GROUP_Y, 1)))
void convolution_winograd_filter_product(
    global const float *restrict left, ulong left_offset, global const float *restrict right, ulong right_offset,
    global float *restrict sums_out, ulong sums_offset, int rows, int depth, int columns) {
  local float row_tile[TILE_DEPTH * LINE_ROWS] __attribute__((aligned(16)));
  local float column_tile[TILE_DEPTH * LINE_COLUMNS] __attribute__((aligned(16)));

  const int parts = (int)get_num_groups(2) / POINTS, part = (int)get_group_id(2) / POINTS;
  const size_t point = (int)get_group_id(2) - part * POINTS;
  const int first_row = (int)get_group_id(0) * TILE_ROWS;
  const int first_column = (int)get_group_id(1) * TILE_COLUMNS;
  left += left_offset + point * depth * rows;
  right += right_offset + point * depth * columns;
  const int steps = (depth + TILE_DEPTH - 1) / TILE_DEPTH;
  const int begin = (int)((long)steps * part / parts), end = (int)((long)steps * (part + 1) / parts);

  // Each item reads the same rows and columns in every step.
  const int item = get_local_id(1) * GROUP_X + get_local_id(0);
  const int row = first_row + item % WIDE_ROW_ITEMS * VECTOR, row_term = item / WIDE_ROW_ITEMS;
  const int column = first_column + item % WIDE_COLUMN_ITEMS * VECTOR, column_term = item / WIDE_COLUMN_ITEMS;

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
      const int term = at * TILE_DEPTH + row_term + i * WIDE_ROW_LINES;
      row_run[i] = term < depth && row < rows ? load_run(left + (size_t)term * rows + row) : (Run)(0.0f);
    }
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++) {
      const int term = at * TILE_DEPTH + column_term + i * WIDE_COLUMN_LINES;
      column_run[i] =
          term < depth && column < columns ? load_run(right + (size_t)term * columns + column) : (Run)(0.0f);
    }
    if (at > begin) multiply_tiles(row_tile, column_tile, sums);
    if (at == end) break;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < WIDE_ROW_LOADS; i++)
      store_across(row_run[i], row_tile + (row_term + i * WIDE_ROW_LINES) * LINE_ROWS + row - first_row);
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
      store_across(column_run[i],
                   column_tile + (column_term + i * WIDE_COLUMN_LINES) * LINE_COLUMNS + column - first_column);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  global float *to = sums_out + sums_offset + ((size_t)part * POINTS + point) * rows * columns;
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++) {
    const int at_row = first_row + item_row(i);
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
      const int at = first_column + item_column(j);
      if (at_row < rows && at < columns)
        store_four(sums[i][j], to + (size_t)at_row * columns + at, columns - at, 1);
    }
  }
}

// target(tap, c, k) = [accumulate] target(tap, c, k) + the sums of all parts at (c, k), brought to their taps.
// One work-item per (column, channel).
kernel void convolution_winograd_weights_gradient(
    global const float *restrict sums, ulong sums_offset, int parts, global float *restrict target,
    ulong target_offset, ulong target_stride, int channels, int columns, int accumulate) {
  const int column = get_global_id(0);
  const int channel = row_index();
  if (column >= columns || channel >= channels) return;
  const size_t point_stride = (size_t)channels * columns;
  float points[POINTS], half_way[3 * POINT_SIDE];
#pragma unroll
  for (int i = 0; i < POINTS; i++) points[i] = 0.0f;
  for (int part = 0; part < parts; part++) {
    global const float *from = sums + sums_offset + part * POINTS * point_stride + (size_t)channel * columns + column;
#pragma unroll
    for (int i = 0; i < POINTS; i++) points[i] += from[i * point_stride];
  }
#pragma unroll
  for (int x = 0; x < POINT_SIDE; x++) transform_weights_gradient_line(points + x, POINT_SIDE, half_way + x * 3);
#pragma unroll
  for (int y = 0; y < 3; y++) {
    float line[3];
    transform_weights_gradient_line(half_way + y, 3, line);
#pragma unroll
    for (int x = 0; x < 3; x++) {
      global float *place =
          target + target_offset + ((size_t)(y * 3 + x) * channels + channel) * target_stride + column;
      *place = accumulate ? *place + line[x] : line[x];
    }
  }
}
