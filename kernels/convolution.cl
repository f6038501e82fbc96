// Convolution and transposed convolution for GPUs: the data sum, an implicit matrix product (rows × terms · terms ×
// columns) tiled into local memory and registers. convolution_geometry.h has the formula.
//
// input, output: [batch][height][width][channels]; weights: [taps][channels][columns], or [taps][columns][channels] if
// transposed; bias: [columns], may be null. With more than one split a group sums up one part of the terms, and
// `output` is [split][output pixels][columns] for convolution_reduce.
// Group (tile of rows, tile of columns, phase · splits + split) of GROUP_X × GROUP_Y work-items; convolution_tiles.h
// has the share of each.
//
// With MOMENTS there is one split and one phase, and each group also stores the moments of its tile of the output
// (convolution_moments.h).

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_tiles.h"

// 1: the kernel has the parameter `partials`.
#ifndef MOMENTS
#define MOMENTS 0
#endif
#if MOMENTS
#define MOMENTS_PARAMETER , global float *restrict partials
#define MOMENT_ROWS ITEM_ROWS
#define MOMENT_COLUMNS (4 * ITEM_COLUMN_RUNS)
#define MOMENT_SUMS(sums) const float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS]
#define MOMENT_VALUE(sums, i, e) (((const float *)&sums[i][(e) / 4])[(e) % 4])
#define MOMENT_PARTS GROUP_Y
#define MOMENT_LINE TILE_COLUMNS
#define MOMENT_FLOATS (TILE_DEPTH * LINE_ROWS)
static inline int moment_row(int i) { return item_row(i); }
static inline int moment_column(int e) { return item_column(e / 4) + e % 4; }
static inline int moment_part(void) { return get_local_id(1); }
#include "convolution_moments.h"
#else
#define MOMENTS_PARAMETER
#endif

kernel WORK_GROUP(GROUP_X, GROUP_Y, 1) void convolution_data(
    TENSOR(const float *restrict, input), int input_height, int input_width, TENSOR(const float *restrict, weights),
    int transposed, ARRAY(const float *restrict, bias), TENSOR(float *restrict, output), int output_height,
    int output_width, int batch, int channels, int columns, int kernel_height, int kernel_width, int padding,
    int phases, int step, int direction, int position_major, int splits MOMENTS_PARAMETER) {
  ROW_TILE(row_tile);
  COLUMN_TILE(column_tile);

  const DataSum problem = {input_height, input_width, output_height, output_width, batch, channels,
                           kernel_height, kernel_width, padding, phases, step, direction, position_major};
  const int number = get_group_id(2) / splits, split = (int)get_group_id(2) - number * splits;
  const Phase phase = phase_of(number, problem);
  const int first_row = (int)get_group_id(0) * TILE_ROWS, first_column = (int)get_group_id(1) * TILE_COLUMNS;
  if (first_row >= phase.rows) return;
  const DataTerms terms = data_terms(problem, phase, first_row, TILE_ROWS, TILE_DEPTH, split, splits);
  const int begin = terms.steps.begin, end = terms.steps.end;

  const int item = get_local_id(1) * GROUP_X + get_local_id(0);
  const int deep_term = item % DEEP_ITEMS * VECTOR;
  const int deep_line = item / DEEP_ITEMS;
  const int wide_column = item % WIDE_COLUMN_ITEMS * VECTOR;
  const int wide_term = item / WIDE_COLUMN_ITEMS;

  // Rows past the end get y = −2³⁰, outside every input, so that they load zeros.
  int row_y[DEEP_ROW_LOADS], row_x[DEEP_ROW_LOADS];
  int row_image[DEEP_ROW_LOADS];
#pragma unroll
  for (int i = 0; i < DEEP_ROW_LOADS; i++) {
    const int row = first_row + deep_line + i * DEEP_LINES;
    const RowPosition at = row_position(min(row, phase.rows - 1), phase.grid);
    row_y[i] = row < phase.rows ? at.y * step + phase.taps_y.origin + direction * terms.hits_y.begin : -(1 << 30);
    row_x[i] = at.x * step + phase.taps_x.origin + direction * terms.hits_x.begin;
    row_image[i] = at.n * input_height;
  }

  // (tap row, tap column, channel) of the terms that this item reads, and how far apart the steps are.
  const Digits advance = term_digits(TILE_DEPTH, terms.width, channels);
  Digits deep = term_digits(begin * TILE_DEPTH + deep_term, terms.width, channels);
  Digits wide[WIDE_COLUMN_LOADS];
#pragma unroll
  for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
    wide[i] = term_digits(begin * TILE_DEPTH + wide_term + i * WIDE_COLUMN_LINES, terms.width, channels);

  float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS];
  clear_sums(sums);
  // The next step's terms are prefetched from global memory while this step's are multiplied.
  for (int at = begin; at <= end; at++) {
    Run row_run[DEEP_ROW_LOADS];
#pragma unroll
    for (int i = 0; i < DEEP_ROW_LOADS; i++) {
      const int y = row_y[i] + direction * deep.high, x = row_x[i] + direction * deep.middle;
      const int inside = at * TILE_DEPTH + deep_term < terms.depth && (uint)y < (uint)input_height &&
                         (uint)x < (uint)input_width;
      row_run[i] =
          inside ? load_run(AT(input, (size_t)(row_image[i] + y) * input_width + x) + deep.low) : (Run)(0.0f);
    }
    Run deep_run[DEEP_COLUMN_LOADS], wide_run[WIDE_COLUMN_LOADS];
    if (transposed) {
      const int tap = tap_of(terms.hits_y.begin + deep.high, terms.hits_x.begin + deep.middle, phase, problem);
#pragma unroll
      for (int i = 0; i < DEEP_COLUMN_LOADS; i++) {
        const int column = first_column + deep_line + i * DEEP_LINES;
        deep_run[i] = at * TILE_DEPTH + deep_term < terms.depth && column < columns
                          ? load_run(AT(weights, (size_t)tap * columns + column) + deep.low)
                          : (Run)(0.0f);
      }
    } else {
#pragma unroll
      for (int i = 0; i < WIDE_COLUMN_LOADS; i++) {
        const int tap = tap_of(terms.hits_y.begin + wide[i].high, terms.hits_x.begin + wide[i].middle, phase, problem);
        const int column = first_column + wide_column;
        wide_run[i] = at * TILE_DEPTH + wide_term + i * WIDE_COLUMN_LINES < terms.depth && column < columns
                          ? load_run(AT(weights, (size_t)tap * channels + wide[i].low) + column)
                          : (Run)(0.0f);
        wide[i] = digits_sum(wide[i], advance, terms.width, channels);
      }
    }
    deep = digits_sum(deep, advance, terms.width, channels);

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

  if (bias) {
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
      const float4 added = load_four(BASE(bias), first_column + item_column(j), columns);
#pragma unroll
      for (int i = 0; i < ITEM_ROWS; i++) sums[i][j] += added;
    }
  }
  const size_t output_pixels = (size_t)batch * output_height * output_width;
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++) {
    const int row = first_row + item_row(i);
    const RowPosition at = row_position(min(row, phase.rows - 1), phase.grid);
    const size_t pixel = split * output_pixels + output_pixel(at, phase, problem);
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
      const int column = first_column + item_column(j);
      if (row >= phase.rows || column >= columns) continue;
      store_four(sums[i][j], AT(output, pixel) + column, columns - column, 1);
    }
  }
#if MOMENTS
  store_moments(sums, min(phase.rows - first_row, TILE_ROWS), row_tile, partials, first_column, columns);
#endif
}
