// Convolution and transposed convolution on NVIDIA's tensor cores: the data sum, an implicit matrix product (columns ×
// terms · terms × rows: the columns are the left lines, the rows the right ones). convolution_geometry.h has the
// formula, tensor_core.h the arithmetic.
//
// input, output: [batch][height][width][channels]; weights: [taps][channels][columns], or [taps][columns][channels] if
// TRANSPOSED; bias: [columns], may be null. With more than one split a group sums up one part of the terms, and
// `output` is [split][output pixels][columns] for convolution_reduce.
// Group (tile of rows, tile of columns, phase · splits + split) of ITEMS work-items; tensor_tiles.h has the share of
// each.
//
// With MOMENTS there is one split and one phase, and each group also stores the moments of its tile of the output
// (convolution_moments.h).

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
#define TERM_STRIDE (4 * WIDE_LINE(TILE_LEFT))
#else
#define COLUMN_LOADS WIDE_LEFT_LOADS
#endif

// 1: the kernel has the parameter `partials`.
#ifndef MOMENTS
#define MOMENTS 0
#endif
#if MOMENTS
#define MOMENTS_PARAMETER , global float *restrict partials
#define MOMENT_ROWS (8 * RIGHT_SLABS)
#define MOMENT_COLUMNS (2 * LEFT_FRAGMENTS)
#define MOMENT_SUMS(sums) const float sums[RIGHT_SLABS][LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4]
#define MOMENT_VALUE(sums, i, e) sums[(i) / 8][(e) / 2][(i) % 4][(e) % 2 * 2 + (i) / 4 % 2]
// A warp's lanes have 8 rows of four places, for the same columns.
#define MOMENT_PARTS (4 * WARPS_ALONG_RIGHT)
#define MOMENT_LINE TILE_LEFT
#define MOMENT_FLOATS (TILE_STAGES * RIGHT_TILE)
static inline int moment_row(int i) { return right_line(i / 8, 0) + i % 8; }
static inline int moment_column(int e) { return left_line(e / 2) + e % 2; }
static inline int moment_part(void) {
  const int item = get_local_id(0);
  return item / WARP_SIZE % WARPS_ALONG_RIGHT * 4 + item % 4;
}
#include "convolution_moments.h"
#else
#define MOMENTS_PARAMETER
#endif

// The row's place on the phase grid as a number whose next ones are found without division.
static inline Digits row_digits(int row, RowGrid grid) {
  return grid.position_major ? digits_of(row, grid.width, grid.batch) : digits_of(row, grid.height, grid.width);
}
static inline Digits row_digits_sum(Digits a, Digits b, RowGrid grid) {
  return grid.position_major ? digits_sum(a, b, grid.width, grid.batch) : digits_sum(a, b, grid.height, grid.width);
}
static inline RowPosition digits_position(Digits digits, RowGrid grid) {
  RowPosition position;
  position.n = grid.position_major ? digits.low : digits.high;
  position.y = grid.position_major ? digits.high : digits.middle;
  position.x = grid.position_major ? digits.middle : digits.low;
  return position;
}

kernel WORK_GROUP(ITEMS, 1, 1) void convolution_tensor_data(
    TENSOR(const float *restrict, input), int input_height, int input_width, TENSOR(const float *restrict, weights),
    ARRAY(const float *restrict, bias), TENSOR(float *restrict, output), int output_height, int output_width, int batch,
    int channels, int columns, int kernel_height, int kernel_width, int padding, int phases, int step, int direction,
    int position_major, int splits MOMENTS_PARAMETER) {
  TILES(row_tiles, RIGHT_TILE);
  TILES(column_tiles, LEFT_TILE);
  EXCHANGE(exchange);

  const DataSum problem = {input_height, input_width, output_height, output_width, batch, channels,
                           kernel_height, kernel_width, padding, phases, step, direction, position_major};
  const int number = get_group_id(2) / splits, split = (int)get_group_id(2) - number * splits;
  const Phase phase = phase_of(number, problem);
  const RowGrid grid = phase.grid;
  const int first_row = (int)get_group_id(0) * TILE_RIGHT, first_column = (int)get_group_id(1) * TILE_LEFT;
  if (first_row >= phase.rows) return;
  const DataTerms terms = data_terms(problem, phase, first_row, TILE_RIGHT, TILE_DEPTH, split, splits);
  const int begin = terms.steps.begin, end = terms.steps.end;

  const int item = get_local_id(0);
  const int deep_term = item % DEEP_ITEMS * VECTOR;
  const int deep_line = deep_line_of(item);
#if !TRANSPOSED
  const int wide_column = item % WIDE_LEFT_ITEMS * VECTOR;
  const int wide_term = item / WIDE_LEFT_ITEMS;
#endif

  // Products of two ints are one instruction.
  const int input_line = (int)input_stride, weights_line = (int)weights_stride;
  input += input_offset;
  weights += weights_offset;

  // What each row reads with the first tap that hits. Rows past the end get y = −2³⁰, outside every input, so
  // that they load zeros.
  int row_y[DEEP_RIGHT_LOADS], row_x[DEEP_RIGHT_LOADS];
  global const float *row_source[DEEP_RIGHT_LOADS];
  Digits row_place = row_digits(first_row + deep_line, grid);
#pragma unroll
  for (int i = 0; i < DEEP_RIGHT_LOADS; i++) {
    const RowPosition at = digits_position(row_place, grid);
    const int y = at.y * step + phase.taps_y.origin + direction * terms.hits_y.begin;
    row_x[i] = at.x * step + phase.taps_x.origin + direction * terms.hits_x.begin;
    row_y[i] = first_row + deep_line + i * DEEP_LINES < phase.rows ? y : -(1 << 30);
    row_source[i] = input + (long)((at.n * input_height + y) * input_width + row_x[i]) * input_line;
    row_place = row_digits_sum(row_place, row_digits(DEEP_LINES, grid), grid);
  }
  // (tap row, tap column, channel) of the terms that this item reads, and how far apart the steps are.
  const Digits advance = term_digits(TILE_DEPTH, terms.width, channels);
  Digits deep = term_digits(begin * TILE_DEPTH + deep_term, terms.width, channels);
#if !TRANSPOSED
  Digits wide[WIDE_LEFT_LOADS];
#pragma unroll
  for (int i = 0; i < WIDE_LEFT_LOADS; i++)
    wide[i] = term_digits(begin * TILE_DEPTH + wide_term + i * WIDE_LEFT_TERMS, terms.width, channels);
#endif

  float sums[RIGHT_SLABS][LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4];
  clear_sums(sums);
  // The sums begin with the bias: added after the products, it takes more registers.
  if (bias) {
#pragma unroll
    for (int i = 0; i < 2 * LEFT_FRAGMENTS; i++) {
      const int column = first_column + left_line(i / 2) + i % 2;
      const float added = column < columns ? BASE(bias)[column] : 0.0f;
#pragma unroll
      for (int line = 0; line < 8 * RIGHT_SLABS; line++)
        sums[line / 8][i / 2][line % 4][i % 2 * 2 + line / 4 % 2] = added;
    }
  }

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
      const int exists = next * TILE_DEPTH + deep_term < terms.depth;
      const int y = direction * deep.high, x = direction * deep.middle;
      const long shift = (long)(y * input_width + x) * input_line + deep.low;
#pragma unroll
      for (int i = 0; i < DEEP_RIGHT_LOADS; i++) {
        const int inside = exists && (uint)(row_y[i] + y) < (uint)input_height &&
                           (uint)(row_x[i] + x) < (uint)input_width;
        FETCH(row_run[i], row_target + i * DEEP_LINES * DEEP_LINE,
              SOURCE(row_source[i] + shift, input, inside), inside);
      }
#if TRANSPOSED
      const int tap = tap_of(terms.hits_y.begin + deep.high, terms.hits_x.begin + deep.middle, phase, problem);
#endif
#pragma unroll
      for (int i = 0; i < COLUMN_LOADS; i++) {
#if TRANSPOSED
        const int column = first_column + deep_line + i * DEEP_LINES;
        const int inside = exists && column < columns;
        FETCH_ACROSS(column_run[i], column_target + i * DEEP_LINES, TERM_STRIDE,
                     SOURCE(weights + (long)(tap * columns + column) * weights_line + deep.low, weights, inside),
                     inside);
#else
        const int tap = tap_of(terms.hits_y.begin + wide[i].high, terms.hits_x.begin + wide[i].middle, phase, problem);
        const int column = first_column + wide_column;
        const int inside = next * TILE_DEPTH + wide_term + i * WIDE_LEFT_TERMS < terms.depth && column < columns;
        FETCH(column_run[i], column_target + term_line(wide_term + i * WIDE_LEFT_TERMS) * WIDE_LINE(TILE_LEFT),
              SOURCE(weights + (long)(tap * channels + wide[i].low) * weights_line + column, weights, inside), inside);
        wide[i] = digits_sum(wide[i], advance, terms.width, channels);
#endif
      }
      deep = digits_sum(deep, advance, terms.width, channels);
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
        store_run_across(column_run[i], column_target + i * DEEP_LINES, TERM_STRIDE);
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
      if (slab_row + line >= phase.rows) continue;
      global float *pixel = output + output_pixel(at, phase, problem) * output_stride;
#pragma unroll
      for (int i = 0; i < LEFT_FRAGMENTS; i++) {
        const int column = first_column + left_line(i);
        const float2 sum = (float2)(sums[slab][i][line % 4][line / 4], sums[slab][i][line % 4][2 + line / 4]);
#if VECTOR == 4
        if (column < columns) *(global float2 *)(pixel + column) = sum;
#else
        if (column < columns) pixel[column] = sum.s0;
        if (column + 1 < columns) pixel[column + 1] = sum.s1;
#endif
      }
    }
  }
#if MOMENTS
  store_moments(sums, min(phase.rows - first_row, TILE_RIGHT), (local float *)row_tiles[0], partials, first_column,
                columns);
#endif
}
