// Convolution and transposed convolution on NVIDIA's tensor cores: forward and data gradient, an implicit matrix product
// (output channels × terms · terms × pixels: the columns are the left lines, the rows the right ones). See
// convolution_geometry.h for the formulation, tensor_core.h for the arithmetic.

#include "common.h"
#include "convolution_geometry.h"
#define RIGHT_TILE_IS_DEEP 1
#include "tensor_tiles.h"

// 1: weights are [taps][columns][channels]; 0: [taps][channels][columns]. Their tile lies wide either way.
#ifndef TRANSPOSED
#define TRANSPOSED 0
#endif
#if TRANSPOSED
#define COLUMN_LOADS DEEP_LEFT_LOADS
// Words between two terms that follow each other, in a run of four.
#define TURNED_STRIDE (4 * WIDE_LINE(TILE_LEFT))
#else
#define COLUMN_LOADS WIDE_LEFT_LOADS
#endif

// The row's place on the phase grid as a number whose next ones are found without division.
Digits row_digits(int row, RowGrid grid) {
  return grid.position_major ? digits_of(row, grid.width, grid.batch) : digits_of(row, grid.height, grid.width);
}
Digits row_digits_sum(Digits a, Digits b, RowGrid grid) {
  return grid.position_major ? digits_sum(a, b, grid.width, grid.batch) : digits_sum(a, b, grid.height, grid.width);
}
RowPosition digits_position(Digits digits, RowGrid grid) {
  RowPosition position;
  position.image = grid.position_major ? digits.low : digits.high;
  position.y = grid.position_major ? digits.high : digits.middle;
  position.x = grid.position_major ? digits.middle : digits.low;
  return position;
}

// bias may be null. With more than
// one split a group sums up one part of the terms, and `output` is [split][output pixels][columns] for
// convolution_reduce. Group: (tile of rows, block of columns, phase · splits + split).
kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void convolution_tensor_data(
    global const float *restrict input, ulong input_offset, ulong input_stride, int input_height, int input_width,
    global const float *restrict weights, ulong weights_offset, ulong weights_stride,
    global const float *restrict bias, ulong bias_offset,
    global float *restrict output, ulong output_offset, ulong output_stride, int output_height, int output_width,
    int batch, int channels, int columns, int kernel_height, int kernel_width, int padding, int phases, int step,
    int direction, int position_major, int splits) {
  local uint row_tiles[TILE_STAGES][RIGHT_TILE] __attribute__((aligned(16)));
  local uint column_tiles[TILE_STAGES][LEFT_TILE] __attribute__((aligned(16)));
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
  const int first_row = (int)get_group_id(0) * TILE_RIGHT;
  const int first_column = (int)get_group_id(1) * TILE_LEFT;
  if (first_row >= rows) return;

  // The rectangle of taps that hit anything from this tile.
  const PhaseTaps taps_y = phase_taps(phase_y, phases, padding, kernel_height, direction);
  const PhaseTaps taps_x = phase_taps(phase_x, phases, padding, kernel_width, direction);
  const RowPosition first = row_position(first_row, grid);
  const RowPosition last = row_position(min(first_row + TILE_RIGHT, rows) - 1, grid);
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
  const int wide_column = item % WIDE_LEFT_ITEMS * VECTOR;
  const int wide_term = item / WIDE_LEFT_ITEMS;
#endif

  // Where the rows read, for the first tap that hits. Rows past the end read nothing: their line is above every input.
  int row_y[DEEP_RIGHT_LOADS], row_x[DEEP_RIGHT_LOADS], row_pixel[DEEP_RIGHT_LOADS];
  Digits row_place = row_digits(first_row + deep_line, grid);
#pragma unroll
  for (int i = 0; i < DEEP_RIGHT_LOADS; i++) {
    const RowPosition at = digits_position(row_place, grid);
    const int y = at.y * step + taps_y.origin + direction * hits_y.begin;
    row_x[i] = at.x * step + taps_x.origin + direction * hits_x.begin;
    row_y[i] = first_row + deep_line + i * DEEP_LINES < rows ? y : -(1 << 30);
    row_pixel[i] = (at.image * input_height + y) * input_width + row_x[i];
    row_place = row_digits_sum(row_place, row_digits(DEEP_LINES, grid), grid);
  }
  // Products of two ints are one instruction.
  const int input_line = (int)input_stride, weights_line = (int)weights_stride;
  input += input_offset;
  weights += weights_offset;

  // (tap row, tap column, channel) of the terms that this item reads, and how far apart the steps are.
  const Digits advance = width > 0 ? digits_of(TILE_DEPTH, width, channels) : digits_of(0, 1, 1);
  Digits deep = width > 0 ? digits_of(begin * TILE_DEPTH + deep_term, width, channels) : advance;
#if !TRANSPOSED
  Digits wide[WIDE_LEFT_LOADS];
#pragma unroll
  for (int i = 0; i < WIDE_LEFT_LOADS; i++)
    wide[i] = width > 0 ? digits_of(begin * TILE_DEPTH + wide_term + i * WIDE_LEFT_TERMS, width, channels) : advance;
#endif

  float sums[RIGHT_SLABS][LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4];
#pragma unroll
  for (int slab = 0; slab < RIGHT_SLABS; slab++)
#pragma unroll
    for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
      for (int j = 0; j < RIGHT_FRAGMENTS; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) sums[slab][i][j][e] = 0.0f;

  // Tiles are fetched TILE_STAGES - 1 steps before they are multiplied, into the stage that was multiplied last.
  int stage = 0, next_stage = 0;
  for (int at = begin - (TILE_STAGES - 1); at < end; at++) {
    const int next = at + TILE_STAGES - 1;
    local uint *row_target = row_tiles[next_stage] + deep_line * DEEP_LINE + deep_term;
#if TRANSPOSED
    local uint *column_target = column_tiles[next_stage] + term_line(deep_term) * WIDE_LINE(TILE_LEFT) + deep_line;
#else
    local uint *column_target = column_tiles[next_stage] + wide_column;
#endif
#if ASYNC_COPY
    copies_arrived(TILE_STAGES - 2);
#else
    Run row_run[DEEP_RIGHT_LOADS], column_run[COLUMN_LOADS];
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
    if (next < end) {
      const int exists = next * TILE_DEPTH + deep_term < depth;
      const int y = direction * deep.high, x = direction * deep.middle;
      const int shift = y * input_width + x;
#pragma unroll
      for (int i = 0; i < DEEP_RIGHT_LOADS; i++) {
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
        FETCH_ACROSS(column_run[i], column_target + i * DEEP_LINES, TURNED_STRIDE,
                     weights + (inside ? (long)(tap * columns + column) * weights_line + deep.low : 0), inside);
#else
        const int tap = (taps_y.first + (hits_y.begin + wide[i].high) * phases) * kernel_width + taps_x.first
                        + (hits_x.begin + wide[i].middle) * phases;
        const int column = first_column + wide_column;
        const int inside = next * TILE_DEPTH + wide_term + i * WIDE_LEFT_TERMS < depth && column < columns;
        FETCH(column_run[i], column_target + term_line(wide_term + i * WIDE_LEFT_TERMS) * WIDE_LINE(TILE_LEFT),
              weights + (inside ? (long)(tap * channels + wide[i].low) * weights_line + column : 0), inside);
        wide[i] = digits_sum(wide[i], advance, width, channels);
#endif
      }
      deep = digits_sum(deep, advance, width, channels);
    }
#if ASYNC_COPY
    end_batch_of_copies();
#endif

    if (at >= begin) {
      multiply_tiles(column_tiles[stage], row_tiles[stage], sums, exchange);
      stage = stage + 1 == TILE_STAGES ? 0 : stage + 1;
    }
#if !ASYNC_COPY
    if (next < end) {
#pragma unroll
      for (int i = 0; i < DEEP_RIGHT_LOADS; i++) store_run(row_run[i], row_target + i * DEEP_LINES * DEEP_LINE);
#pragma unroll
      for (int i = 0; i < COLUMN_LOADS; i++)
#if TRANSPOSED
        store_run_across(column_run[i], column_target + i * DEEP_LINES, TURNED_STRIDE);
#else
        store_run(column_run[i],
                  column_target + term_line(wide_term + i * WIDE_LEFT_TERMS) * WIDE_LINE(TILE_LEFT));
#endif
    }
#endif
    next_stage = next_stage + 1 == TILE_STAGES ? 0 : next_stage + 1;
  }

  output += output_offset + (size_t)split * batch * output_height * output_width * output_stride;
  const Digits next_row = {0, 0, 1};
#pragma unroll
  for (int slab = 0; slab < RIGHT_SLABS; slab++) {
    const int slab_row = first_row + right_line(slab, 0);
    row_place = row_digits(slab_row, grid);
#pragma unroll
    for (int line = 0; line < 8; line++) {
      const RowPosition at = digits_position(row_place, grid);
      row_place = row_digits_sum(row_place, next_row, grid);
      if (slab_row + line >= rows) continue;
      global float *pixel = output
                            + (((size_t)at.image * output_height + at.y * phases + phase_y) * output_width
                               + at.x * phases + phase_x) * output_stride;
#pragma unroll
      for (int i = 0; i < LEFT_FRAGMENTS; i++) {
        const int column = first_column + left_line(i);
        float2 sum = (float2)(sums[slab][i][line % 4][line / 4], sums[slab][i][line % 4][2 + line / 4]);
        if (bias) {
          sum.s0 += column < columns ? bias[bias_offset + column] : 0.0f;
          sum.s1 += column + 1 < columns ? bias[bias_offset + column + 1] : 0.0f;
        }
#if VECTOR == 4
        if (column < columns) *(global float2 *)(pixel + column) = sum;
#else
        if (column < columns) pixel[column] = sum.s0;
        if (column + 1 < columns) pixel[column + 1] = sum.s1;
#endif
      }
    }
  }
}
