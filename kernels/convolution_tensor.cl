// Convolution and transposed convolution on NVIDIA's tensor cores: forward and data gradient, an implicit matrix product
// (pixels × terms · terms × output channels). See convolution_geometry.h for the formulation, tensor_core.h for the
// arithmetic.

#include "common.h"
#include "convolution_geometry.h"
#include "tensor_tiles.h"

// 1: weights are [taps][columns][channels], and their tile lies deep; 0: [taps][channels][columns], and it lies wide.
#ifndef TRANSPOSED
#define TRANSPOSED 0
#endif
#if TRANSPOSED
#define COLUMN_TILE (TILE_COLUMNS * DEEP_LINE)
#define COLUMN_LOADS DEEP_COLUMN_LOADS
#else
#define COLUMN_TILE (TILE_DEPTH * WIDE_LINE(TILE_COLUMNS))
#define COLUMN_LOADS WIDE_COLUMN_LOADS
#endif

// bias may be null. With more than
// one split a group sums up one part of the terms, and `output` is [split][output pixels][columns] for
// convolution_reduce. Group: (tile of rows, block of columns, phase · splits + split).
kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void convolution_tensor_gather(
    global const float *restrict input, ulong input_offset, ulong input_stride, int input_height, int input_width,
    global const float *restrict weights, ulong weights_offset, ulong weights_stride,
    global const float *restrict bias, ulong bias_offset,
    global float *restrict output, ulong output_offset, ulong output_stride, int output_height, int output_width,
    int batch, int channels, int columns, int kernel_height, int kernel_width, int padding, int phases, int step,
    int direction, int position_major, int splits) {
  local uint row_tiles[TILE_STAGES][TILE_ROWS * DEEP_LINE] __attribute__((aligned(16)));
  local uint column_tiles[TILE_STAGES][COLUMN_TILE] __attribute__((aligned(16)));
#if TENSOR_EMULATION
  local uint exchange[ITEMS * LANE_WORDS];
#else
  local uint *const exchange = 0;
#endif

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

  const int item = get_local_id(0);
  const int deep_term = item % DEEP_ITEMS * VECTOR;
  const int deep_line = deep_line_of(item);
#if !TRANSPOSED
  const int wide_column = item % WIDE_COLUMN_ITEMS * VECTOR;
  const int wide_term = item / WIDE_COLUMN_ITEMS;
#endif

  // Where the rows read, for the first tap that hits. Rows past the end read nothing: their line is above every input.
  int row_y[DEEP_ROW_LOADS], row_x[DEEP_ROW_LOADS], row_pixel[DEEP_ROW_LOADS];
#pragma unroll
  for (int i = 0; i < DEEP_ROW_LOADS; i++) {
    const int row = first_row + deep_line + i * DEEP_LINES;
    const RowPosition at = row_position(min(row, rows - 1), grid);
    const int y = at.y * step + taps_y.origin + direction * hits_y.begin;
    row_x[i] = at.x * step + taps_x.origin + direction * hits_x.begin;
    row_y[i] = row < rows ? y : -(1 << 30);
    row_pixel[i] = (at.image * input_height + y) * input_width + row_x[i];
  }
  // Products of two ints are one instruction.
  const int input_line = (int)input_stride, weights_line = (int)weights_stride;
  input += input_offset;
  weights += weights_offset;

  // (tap row, tap column, channel) of the terms that this item reads, and how far apart the steps are.
  const Digits advance = width > 0 ? digits_of(TILE_DEPTH, width, channels) : digits_of(0, 1, 1);
  Digits deep = width > 0 ? digits_of(begin * TILE_DEPTH + deep_term, width, channels) : advance;
#if !TRANSPOSED
  Digits wide[WIDE_COLUMN_LOADS];
#pragma unroll
  for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
    wide[i] = width > 0 ? digits_of(begin * TILE_DEPTH + wide_term + i * WIDE_COLUMN_LINES, width, channels) : advance;
#endif

  float sums[ROW_SLABS * ROW_FRAGMENTS][COLUMN_FRAGMENTS][4];
#pragma unroll
  for (int i = 0; i < ROW_SLABS * ROW_FRAGMENTS; i++)
#pragma unroll
    for (int j = 0; j < COLUMN_FRAGMENTS; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) sums[i][j][e] = 0.0f;

  // Tiles are fetched TILE_STAGES - 1 steps before they are multiplied, into the stage that was multiplied last.
  int stage = 0, next_stage = 0;
  for (int at = begin - (TILE_STAGES - 1); at < end; at++) {
    const int next = at + TILE_STAGES - 1;
    local uint *row_target = row_tiles[next_stage] + deep_line * DEEP_LINE + deep_term;
    local uint *column_target[COLUMN_LOADS];
#pragma unroll
    for (int i = 0; i < COLUMN_LOADS; i++)
#if TRANSPOSED
      column_target[i] = column_tiles[next_stage] + (deep_line + i * DEEP_LINES) * DEEP_LINE + deep_term;
#else
      column_target[i] = column_tiles[next_stage]
                         + wide_line(wide_term + i * WIDE_COLUMN_LINES) * WIDE_LINE(TILE_COLUMNS) + wide_column;
#endif
#if ASYNC_COPY
    copies_arrived(TILE_STAGES - 2);
#else
    Run row_run[DEEP_ROW_LOADS], column_run[COLUMN_LOADS];
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
    if (next < end) {
      const int exists = next * TILE_DEPTH + deep_term < depth;
      const int y = direction * deep.high, x = direction * deep.middle;
      const int shift = y * input_width + x;
#pragma unroll
      for (int i = 0; i < DEEP_ROW_LOADS; i++) {
        const int inside = exists && (uint)(row_y[i] + y) < (uint)input_height
                           && (uint)(row_x[i] + x) < (uint)input_width;
        FETCH(row_run[i], row_target + i * DEEP_LINES * DEEP_LINE,
              input + (inside ? (long)(row_pixel[i] + shift) * input_line + deep.low : 0), inside);
      }
#if TRANSPOSED
      const int tap = (taps_y.first + (hits_y.begin + deep.high) * phases) * kernel_width + taps_x.first
                      + (hits_x.begin + deep.middle) * phases;
#endif
#pragma unroll
      for (int i = 0; i < COLUMN_LOADS; i++) {
#if TRANSPOSED
        const int column = first_column + deep_line + i * DEEP_LINES;
        const int inside = exists && column < columns;
        const long place = (long)(tap * columns + column) * weights_line + deep.low;
#else
        const int tap = (taps_y.first + (hits_y.begin + wide[i].high) * phases) * kernel_width + taps_x.first
                        + (hits_x.begin + wide[i].middle) * phases;
        const int column = first_column + wide_column;
        const int inside = next * TILE_DEPTH + wide_term + i * WIDE_COLUMN_LINES < depth && column < columns;
        const long place = (long)(tap * channels + wide[i].low) * weights_line + column;
        wide[i] = digits_sum(wide[i], advance, width, channels);
#endif
        FETCH(column_run[i], column_target[i], weights + (inside ? place : 0), inside);
      }
      deep = digits_sum(deep, advance, width, channels);
    }
#if ASYNC_COPY
    end_batch_of_copies();
#endif

    if (at >= begin) {
      multiply_tiles(row_tiles[stage], 1, column_tiles[stage], TRANSPOSED, sums, exchange);
      stage = stage + 1 == TILE_STAGES ? 0 : stage + 1;
    }
#if !ASYNC_COPY
    if (next < end) {
#pragma unroll
      for (int i = 0; i < DEEP_ROW_LOADS; i++) store_run(row_run[i], row_target + i * DEEP_LINES * DEEP_LINE);
#pragma unroll
      for (int i = 0; i < COLUMN_LOADS; i++) store_run(column_run[i], column_target[i]);
    }
#endif
    next_stage = next_stage + 1 == TILE_STAGES ? 0 : next_stage + 1;
  }

  output += output_offset + (size_t)split * batch * output_height * output_width * output_stride;
#pragma unroll
  for (int row_slab = 0; row_slab < ROW_SLABS; row_slab++)
#pragma unroll
    for (int e = 0; e < 4; e++) {
      const int row = first_row + sum_row(row_slab, e);
      const RowPosition at = row_position(min(row, rows - 1), grid);
      global float *line = output
                           + (((size_t)at.image * output_height + at.y * phases + phase_y) * output_width
                              + at.x * phases + phase_x) * output_stride;
#pragma unroll
      for (int column_slab = 0; column_slab < COLUMN_SLABS; column_slab++)
#pragma unroll
        for (int f = 0; f < 8; f += VECTOR) {
          const int column = first_column + sum_column(column_slab) + f;
          if (row < rows && column < columns) {
#if VECTOR == 4
            float4 sum = (float4)(SUM(row_slab, e, column_slab, f), SUM(row_slab, e, column_slab, f + 1),
                                  SUM(row_slab, e, column_slab, f + 2), SUM(row_slab, e, column_slab, f + 3));
            if (bias) sum += vload4(0, bias + bias_offset + column);
            *(global float4 *)(line + column) = sum;
#else
            line[column] = SUM(row_slab, e, column_slab, f) + (bias ? bias[bias_offset + column] : 0.0f);
#endif
          }
        }
    }
}
