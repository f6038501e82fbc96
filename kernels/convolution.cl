// Convolution and transposed convolution for GPUs: forward and data gradient, an implicit matrix product (pixels ×
// terms · terms × output channels) tiled into local memory and registers. See convolution_geometry.h for the
// formulation.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_tiles.h"

// Weights are [taps][channels][columns], or [taps][columns][channels] if transposed. bias may be null. With more than
// one split a group sums up one part of the terms, and `output` is [split][output pixels][columns] for
// convolution_reduce. Group: (tile of rows, block of columns, phase · splits + split).
kernel __attribute__((reqd_work_group_size(GROUP_X, GROUP_Y, 1)))
void convolution_data(
    global const float *restrict input, ulong input_offset, ulong input_stride, int input_height, int input_width,
    global const float *restrict weights, ulong weights_offset, ulong weights_stride, int transposed,
    global const float *restrict bias, ulong bias_offset,
    global float *restrict output, ulong output_offset, ulong output_stride, int output_height, int output_width,
    int batch, int channels, int columns, int kernel_height, int kernel_width, int padding, int phases, int step,
    int direction, int position_major, int splits) {
  local float row_tile[TILE_DEPTH * LINE_ROWS] __attribute__((aligned(16)));
  local float column_tile[TILE_DEPTH * LINE_COLUMNS] __attribute__((aligned(16)));

  const int phase = get_group_id(2) / splits;
  const int split = (int)get_group_id(2) - phase * splits;
  const int phase_y = phase / phases;
  const int phase_x = phase - phase_y * phases;
  RowGrid grid;
  grid.batch = batch;
  grid.height = (output_height - phase_y + phases - 1) / phases;
  grid.width = (output_width - phase_x + phases - 1) / phases;
  grid.position_major = position_major;
  const int rows = batch * grid.height * grid.width;
  const int first_row = (int)get_group_id(0) * TILE_ROWS;
  const int first_column = (int)get_group_id(1) * TILE_COLUMNS;
  if (first_row >= rows) return;

  // The rectangle of taps that hit anything from this tile.
  const PhaseTaps taps_y = phase_taps(phase_y, phases, padding, kernel_height, direction);
  const PhaseTaps taps_x = phase_taps(phase_x, phases, padding, kernel_width, direction);
  const RowPosition first = row_position(first_row, grid);
  const RowPosition last = row_position(min(first_row + TILE_ROWS, rows) - 1, grid);
  const int lines_apart = !position_major && first.image != last.image;
  const int columns_apart = lines_apart || first.y != last.y;
  const Range hits_y = hitting_taps(taps_y, lines_apart ? 0 : first.y, lines_apart ? grid.height - 1 : last.y, step,
                                    direction, input_height);
  const Range hits_x = hitting_taps(taps_x, columns_apart ? 0 : first.x, columns_apart ? grid.width - 1 : last.x, step,
                                    direction, input_width);
  const int width = hits_x.end - hits_x.begin;
  const int depth = (hits_y.end - hits_y.begin) * width * channels;
  const int steps = (depth + TILE_DEPTH - 1) / TILE_DEPTH;
  const int begin = (int)((long)steps * split / splits);
  const int end = (int)((long)steps * (split + 1) / splits);

  const int item = get_local_id(1) * GROUP_X + get_local_id(0);
  const int deep_term = item % DEEP_ITEMS * VECTOR;
  const int deep_line = item / DEEP_ITEMS;
  const int wide_column = item % WIDE_COLUMN_ITEMS * VECTOR;
  const int wide_term = item / WIDE_COLUMN_ITEMS;

  // Rows past the end read nothing: their line is above every input.
  int row_y[DEEP_ROW_LOADS], row_x[DEEP_ROW_LOADS];
  int row_image[DEEP_ROW_LOADS];
#pragma unroll
  for (int i = 0; i < DEEP_ROW_LOADS; i++) {
    const int row = first_row + deep_line + i * DEEP_LINES;
    const RowPosition at = row_position(min(row, rows - 1), grid);
    row_y[i] = row < rows ? at.y * step + taps_y.origin + direction * hits_y.begin : -(1 << 30);
    row_x[i] = at.x * step + taps_x.origin + direction * hits_x.begin;
    row_image[i] = at.image * input_height;
  }

  // (tap row, tap column, channel) of the terms that this item reads, and how far apart the steps are.
  const Digits advance = width > 0 ? digits_of(TILE_DEPTH, width, channels) : digits_of(0, 1, 1);
  Digits deep = width > 0 ? digits_of(begin * TILE_DEPTH + deep_term, width, channels) : advance;
  Digits wide[WIDE_COLUMN_LOADS];
#pragma unroll
  for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
    wide[i] = width > 0 ? digits_of(begin * TILE_DEPTH + wide_term + i * WIDE_COLUMN_LINES, width, channels) : advance;

  float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS];
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++)
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) sums[i][j] = (float4)(0.0f);

  // The next step's terms are on their way from global memory while this step's are multiplied.
  for (int at = begin; at <= end; at++) {
    Run row_run[DEEP_ROW_LOADS];
#pragma unroll
    for (int i = 0; i < DEEP_ROW_LOADS; i++) {
      const int y = row_y[i] + direction * deep.high, x = row_x[i] + direction * deep.middle;
      const int inside = at * TILE_DEPTH + deep_term < depth && (uint)y < (uint)input_height
                         && (uint)x < (uint)input_width;
      row_run[i] = inside ? load_run(input + input_offset
                                     + ((size_t)(row_image[i] + y) * input_width + x) * input_stride + deep.low)
                          : (Run)(0.0f);
    }
    Run deep_run[DEEP_COLUMN_LOADS], wide_run[WIDE_COLUMN_LOADS];
    if (transposed) {
      const int tap = (taps_y.first + (hits_y.begin + deep.high) * phases) * kernel_width + taps_x.first
                      + (hits_x.begin + deep.middle) * phases;
#pragma unroll
      for (int i = 0; i < DEEP_COLUMN_LOADS; i++) {
        const int column = first_column + deep_line + i * DEEP_LINES;
        deep_run[i] = at * TILE_DEPTH + deep_term < depth && column < columns
                          ? load_run(weights + weights_offset + ((size_t)tap * columns + column) * weights_stride
                                     + deep.low)
                          : (Run)(0.0f);
      }
    } else {
#pragma unroll
      for (int i = 0; i < WIDE_COLUMN_LOADS; i++) {
        const int tap = (taps_y.first + (hits_y.begin + wide[i].high) * phases) * kernel_width + taps_x.first
                        + (hits_x.begin + wide[i].middle) * phases;
        const int column = first_column + wide_column;
        wide_run[i] = at * TILE_DEPTH + wide_term + i * WIDE_COLUMN_LINES < depth && column < columns
                          ? load_run(weights + weights_offset
                                     + ((size_t)tap * channels + wide[i].low) * weights_stride + column)
                          : (Run)(0.0f);
        wide[i] = digits_sum(wide[i], advance, width, channels);
      }
    }
    deep = digits_sum(deep, advance, width, channels);

    if (at > begin) multiply_tiles(row_tile, column_tile, sums);
    if (at == end) break;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < DEEP_ROW_LOADS; i++)
      store_along(row_run[i], row_tile + deep_term * LINE_ROWS + deep_line + i * DEEP_LINES, LINE_ROWS);
    if (transposed) {
#pragma unroll
      for (int i = 0; i < DEEP_COLUMN_LOADS; i++)
        store_along(deep_run[i], column_tile + deep_term * LINE_COLUMNS + deep_line + i * DEEP_LINES, LINE_COLUMNS);
    } else {
#pragma unroll
      for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
        store_across(wide_run[i], column_tile + (wide_term + i * WIDE_COLUMN_LINES) * LINE_COLUMNS + wide_column);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++) {
    const int row = first_row + item_row(i);
    const RowPosition at = row_position(min(row, rows - 1), grid);
    const size_t pixel = ((size_t)at.image * output_height + at.y * phases + phase_y) * output_width
                         + at.x * phases + phase_x;
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
      const int column = first_column + item_column(j);
      if (row < rows && column < columns) {
        float4 sum = sums[i][j];
        if (bias) {
          global const float *from = bias + bias_offset + column;
          sum.s0 += from[0];
          if (column + 1 < columns) sum.s1 += from[1];
          if (column + 2 < columns) sum.s2 += from[2];
          if (column + 3 < columns) sum.s3 += from[3];
        }
        const size_t line = (size_t)split * batch * output_height * output_width + pixel;
        store_four(sum, output + output_offset + line * output_stride + column, columns - column, 1);
      }
    }
  }
}
