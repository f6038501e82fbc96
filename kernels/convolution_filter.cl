// Convolution and transposed convolution for GPUs: the filter sum, an implicit matrix product (rows × terms · terms ×
// columns) tiled into local memory and registers. convolution_geometry.h has the formula; convolution_reduce.cl adds up
// the parts.
//
// image, map: [batch][height][width][channels]. The sums go to target[split][tap][c][k], or, transposed, to
// target[split][tap][k][c]: c is a transposed convolution's output channel, the innermost index of its weights. With
// one split the target may be the gradient itself, to which [accumulate] they are added. target_stride is the length of
// the innermost line.
// Group (tile of rows, tile of columns, split) of GROUP_X × GROUP_Y work-items; convolution_tiles.h has the share of
// each.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_tiles.h"

kernel WORK_GROUP(GROUP_X, GROUP_Y, 1) void convolution_filter(
    TENSOR(const float *restrict, image), int image_height, int image_width, int channels,
    TENSOR(const float *restrict, map), int map_height, int map_width, int columns, TENSOR(float *restrict, target),
    int transposed, int batch, int kernel_height, int kernel_width, int stride, int padding, int accumulate) {
  ROW_TILE(row_tile);
  COLUMN_TILE(column_tile);

  const FilterSum problem = {image_height, image_width, channels, map_height, map_width, batch,
                             kernel_height, kernel_width, stride, padding};
  const int rows = kernel_height * kernel_width * channels;
  const int first_row = (int)get_group_id(0) * TILE_ROWS, first_column = (int)get_group_id(1) * TILE_COLUMNS;
  const int split = get_group_id(2);
  const FilterTerms terms = filter_terms(problem, first_row, TILE_ROWS, TILE_DEPTH, split, get_num_groups(2));
  const int begin = terms.steps.begin, end = terms.steps.end;

  // Each item reads the same rows and columns in every step.
  const int item = get_local_id(1) * GROUP_X + get_local_id(0);
  const int line_row = item % WIDE_ROW_ITEMS * VECTOR, row_term = item / WIDE_ROW_ITEMS;
  const int line_column = item % WIDE_COLUMN_ITEMS * VECTOR, column_term = item / WIDE_COLUMN_ITEMS;
  const int row_exists = first_row + line_row < rows, column_exists = first_column + line_column < columns;
  const int tap = (first_row + line_row) / channels;
  const int channel = first_row + line_row - tap * channels;
  const int shift_y = tap / kernel_width - padding;
  const int shift_x = tap - tap / kernel_width * kernel_width - padding;

  // (image, y, x) of the terms that this item reads, and how far apart the steps are.
  const Digits advance = term_digits(TILE_DEPTH, terms.height, terms.width);
  Digits row_pixel[WIDE_ROW_LOADS], column_pixel[WIDE_COLUMN_LOADS];
#pragma unroll
  for (int i = 0; i < WIDE_ROW_LOADS; i++)
    row_pixel[i] = term_digits(begin * TILE_DEPTH + row_term + i * WIDE_ROW_LINES, terms.height, terms.width);
#pragma unroll
  for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
    column_pixel[i] = term_digits(begin * TILE_DEPTH + column_term + i * WIDE_COLUMN_LINES, terms.height, terms.width);

  float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS];
  clear_sums(sums);
  // The next step's terms are prefetched from global memory while this step's are multiplied.
  for (int at = begin; at <= end; at++) {
    Run row_run[WIDE_ROW_LOADS], column_run[WIDE_COLUMN_LOADS];
#pragma unroll
    for (int i = 0; i < WIDE_ROW_LOADS; i++) {
      const Digits pixel = row_pixel[i];
      const int y = (terms.y + pixel.middle) * stride + shift_y, x = (terms.x + pixel.low) * stride + shift_x;
      const int inside =
          row_exists && pixel.high < batch && (uint)y < (uint)image_height && (uint)x < (uint)image_width;
      row_run[i] = inside ? load_run(AT(image, pixel_index(pixel.high, y, x, image_height, image_width)) + channel)
                          : (Run)(0.0f);
      row_pixel[i] = digits_sum(pixel, advance, terms.height, terms.width);
    }
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++) {
      const Digits pixel = column_pixel[i];
      const int y = terms.y + pixel.middle, x = terms.x + pixel.low;
      column_run[i] =
          column_exists && pixel.high < batch
              ? load_run(AT(map, pixel_index(pixel.high, y, x, map_height, map_width)) + first_column + line_column)
              : (Run)(0.0f);
      column_pixel[i] = digits_sum(pixel, advance, terms.height, terms.width);
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

  const size_t row_stride = transposed ? 1 : target_stride, column_stride = transposed ? target_stride : 1;
  const size_t tap_stride = target_stride * (transposed ? columns : channels);
  global float *out = BASE(target) + split * kernel_height * kernel_width * tap_stride;
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++) {
    const int row = first_row + item_row(i);
    const int row_tap = row / channels;
    const size_t line = row_tap * tap_stride + (row - row_tap * channels) * row_stride;
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
      const int column = first_column + item_column(j);
      if (row >= rows || column >= columns) continue;
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
