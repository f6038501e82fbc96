// Convolution and transposed convolution on NVIDIA's tensor cores: the filter sum, an implicit matrix product (rows ×
// terms · terms × columns: the rows are the left lines, the columns the right ones). convolution_geometry.h has the
// formula, tensor_core.h the arithmetic. The gradient of the bias is convolution_reduce.cl's, which adds up the parts,
// too.
//
// image, map: [batch][height][width][channels]. The sums go to target[split][tap][c][k], or, transposed, to
// target[split][tap][k][c]: c is a transposed convolution's output channel, the innermost index of its weights. With
// one split the target may be the gradient itself, to which [accumulate] they are added. target_stride is the length of
// the innermost line.
// Group (tile of rows, tile of columns, split) of ITEMS work-items; tensor_tiles.h has the share of each.

#include "common.h"
#include "convolution_geometry.h"
#define RIGHT_TILE_IS_DEEP 0
#include "tensor_tiles.h"

// A pixel of the map is one term of the sums. Its int4: line (x) and column (y) of the image that tap (padding,
// padding) reads, the pixel there (z), and the pixel of the map (w). Where there is no such pixel the line is above
// every line, and w below zero.
#define ABOVE_EVERY_LINE (-(1 << 30))

kernel WORK_GROUP(ITEMS, 1, 1) void convolution_tensor_filter(
    TENSOR(const float *restrict, image), int image_height, int image_width, int channels,
    TENSOR(const float *restrict, map), int map_height, int map_width, int columns, TENSOR(float *restrict, target),
    int transposed, int batch, int kernel_height, int kernel_width, int stride, int padding, int accumulate) {
  TILES(row_tiles, LEFT_TILE);
  TILES(column_tiles, RIGHT_TILE);
  // The terms of the step that is being fetched, and of the one after it.
  local int4 places[2][TILE_DEPTH];
  EXCHANGE(exchange);

  const FilterSum problem = {image_height, image_width, channels, map_height, map_width, batch,
                             kernel_height, kernel_width, stride, padding};
  const int rows = kernel_height * kernel_width * channels;
  const int first_row = (int)get_group_id(0) * TILE_LEFT, first_column = (int)get_group_id(1) * TILE_RIGHT;
  const int split = get_group_id(2);
  const FilterTerms terms = filter_terms(problem, first_row, TILE_LEFT, TILE_DEPTH, split, get_num_groups(2));
  const int begin = terms.steps.begin, end = terms.steps.end;

  // Each item reads the same rows and columns in every step.
  const int item = get_local_id(0);
  const int line_row = item % WIDE_LEFT_ITEMS * VECTOR, row_term = item / WIDE_LEFT_ITEMS;
  const int line_column = item % WIDE_RIGHT_ITEMS * VECTOR, column_term = item / WIDE_RIGHT_ITEMS;
  const int row_exists = first_row + line_row < rows, column_exists = first_column + line_column < columns;
  const int tap = (first_row + line_row) / channels;
  const int shift_y = row_exists ? tap / kernel_width - padding : ABOVE_EVERY_LINE;
  const int shift_x = tap - tap / kernel_width * kernel_width - padding;
  const int shift = (tap / kernel_width - padding) * image_width + shift_x;
  image += image_offset + (first_row + line_row - tap * channels);
  map += map_offset + (column_exists ? first_column + line_column : 0);
  // Products of two ints are one instruction.
  const int image_line = (int)image_stride, map_line = (int)map_stride;

  // The first TILE_DEPTH items store where the terms are.
  const Digits advance = term_digits(TILE_DEPTH, terms.height, terms.width);
  Digits pixel = term_digits(begin * TILE_DEPTH + item, terms.height, terms.width);

  float sums[RIGHT_SLABS][LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4];
  clear_sums(sums);

  // Tiles are fetched TILE_STAGES - 1 steps before they are multiplied, into the stage that was multiplied last, and
  // their terms are looked up one step before that.
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
      const int y = terms.y + pixel.middle, x = terms.x + pixel.low;
      const int exists = pixel.high < batch;
      int4 place;
      place.x = exists ? y * stride : ABOVE_EVERY_LINE;
      place.y = x * stride;
      place.z = (pixel.high * image_height + y * stride) * image_width + x * stride;
      place.w = exists ? (pixel.high * map_height + y) * map_width + x : -1;
      places[(next + 1) & 1][item] = place;
      pixel = digits_sum(pixel, advance, terms.height, terms.width);
    }
    const int fetches = next >= begin && next < end;
    if (fetches) {
#pragma unroll
      for (int i = 0; i < WIDE_LEFT_LOADS; i++) {
        const int4 place = places[next & 1][row_term + i * WIDE_LEFT_TERMS];
        const int inside =
            (uint)(place.x + shift_y) < (uint)image_height && (uint)(place.y + shift_x) < (uint)image_width;
        FETCH(row_run[i], row_target + i * WIDE_LEFT_TERMS * WIDE_LINE(TILE_LEFT),
              image + (inside ? (long)(place.z + shift) * image_line : 0), inside);
      }
#pragma unroll
      for (int i = 0; i < WIDE_RIGHT_LOADS; i++) {
        const int place = places[next & 1][column_term + i * WIDE_RIGHT_TERMS].w;
        const int inside = column_exists && place >= 0;
        FETCH(column_run[i], column_target + i * WIDE_RIGHT_TERMS * WIDE_LINE(TILE_RIGHT),
              map + (inside ? (long)place * map_line : 0), inside);
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

  const size_t row_stride = transposed ? 1 : target_stride, column_stride = transposed ? target_stride : 1;
  const size_t tap_stride = target_stride * (transposed ? columns : channels);
  global float *out = BASE(target) + split * kernel_height * kernel_width * tap_stride;
#pragma unroll
  for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const int row = first_row + left_line(i) + h;
      if (row >= rows) continue;
      const int row_tap = row / channels;
      global float *line = out + row_tap * tap_stride + (row - row_tap * channels) * row_stride;
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
