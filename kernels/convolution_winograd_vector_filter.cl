// 3 × 3 convolution with stride 1 and padding 1, or transposed one with stride 2, by Winograd's algorithm for CPUs: the
// filter sum in explicit float16 vectors, a register tile of input channels × vectors of output channels.
// convolution_winograd_transforms.h has the formulas.
//
// For each element of the transform domain, the transformed input, transposed, times the transformed gradient of the
// output. The sums over all tiles of one block of input × output channels stay in the second-level cache, and only
// their transform leaves it.
//
// input, gradient: [batch][height][width][channels], the gradient with stride 2 [batch][image_height][image_width];
// target: [split][9][channels][columns], the sums over one part of the tiles, with the taps in reverse order where the
// stride is 2; with one split it may be the gradient itself, to which [accumulate] they are added. One work-item per
// work-group: group (block of input × output channels, split).

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_vectors.h"

#define TILE_CHANNELS 16
#include "convolution_winograd_transforms.h"
#include "convolution_winograd_prefetch.h"

// Tiles that are transformed at a time.
#ifndef BLOCK_TILES
#define BLOCK_TILES 16
#endif
// Input channels that a work-item sums up: a multiple of 16 and of TILE_ROWS.
#ifndef BLOCK_ROWS
#define BLOCK_ROWS 64
#endif
// Vectors of 16 output channels that a work-item sums up: a multiple of TILE_VECTORS.
#ifndef BLOCK_VECTORS
#define BLOCK_VECTORS 4
#endif
// Input channels × vectors of output channels of the register tile.
#ifndef TILE_ROWS
#define TILE_ROWS 8
#endif
#ifndef TILE_VECTORS
#define TILE_VECTORS 2
#endif

#define BLOCK_COLUMNS (16 * BLOCK_VECTORS)
// Distances between two elements, in floats. Without the 16 more, all elements of a tile would fall into the same few
// lines of the first-level cache.
#define ROWS_STRIDE (BLOCK_TILES * BLOCK_ROWS + 16)
#define COLUMNS_STRIDE (BLOCK_TILES * BLOCK_COLUMNS + 16)
#define SUMS_STRIDE (BLOCK_ROWS * BLOCK_COLUMNS + 16)

#if BLOCK_ROWS % 16 || BLOCK_ROWS % TILE_ROWS || BLOCK_VECTORS % TILE_VECTORS
#error "a block is not a whole number of register tiles"
#endif

#include "register_tile.h"

kernel WORK_GROUP(1, 1, 1) void convolution_winograd_vector_filter(
    TENSOR(const float *restrict, input), int channels, TENSOR(const float *restrict, gradient), int columns,
    TENSOR(float *restrict, target), int batch, int height, int width, int image_height,
    int image_width, int accumulate) {
  const int column_blocks = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  const int block_row = get_group_id(0) / column_blocks;
  const int row = block_row * BLOCK_ROWS;
  const int column = ((int)get_group_id(0) - block_row * column_blocks) * BLOCK_COLUMNS;
  const int row_count = min(BLOCK_ROWS, channels - row);
  const int column_count = min(BLOCK_COLUMNS, columns - column);
  // The channels that the register tiles cover; beyond those that exist they are zero.
  const int used_rows = (row_count + 15) / 16 * 16;
  const int used_vectors = (column_count + 16 * TILE_VECTORS - 1) / (16 * TILE_VECTORS) * TILE_VECTORS;

  const int all_tiles = tile_count(batch, height, width);
  const int output_height = STRIDE_2_TO_IMAGE ? image_height : height;
  const int output_width = STRIDE_2_TO_IMAGE ? image_width : width;
  const int split = get_group_id(1);
  const Range part = part_of(all_tiles, split, get_num_groups(1));

  // Vectors, so that they begin at a line of the cache.
  float16 rows_memory[ELEMENTS * ROWS_STRIDE / 16];
  float16 columns_memory[ELEMENTS * COLUMNS_STRIDE / 16];
  float16 sums_memory[WEIGHT_ELEMENTS * SUMS_STRIDE / 16];
  float *rows = (float *)rows_memory, *lines = (float *)columns_memory, *sums = (float *)sums_memory;

  for (int start = part.begin; start < part.end; start += BLOCK_TILES) {
    const int tiles = min(BLOCK_TILES, part.end - start);
    for (int tile = 0; tile < tiles; tile++) {
      const TilePlace place = tile_place(start + tile, height, width);
      const TilePlace next = tile_place(min(start + tile + 1, part.end - 1), height, width);
      for (int c = 0; c < row_count; c += 16) {
        global const float *source = BASE(input) + row + c;
        prefetch_input_tile(source, input_stride, next, height, width);
        transform_input_tile(source, input_stride, place, height, width, row_count - c, rows + tile * BLOCK_ROWS + c,
                             ROWS_STRIDE);
      }
      for (int v = 0; v < used_vectors; v++) {
        global const float *source = BASE(gradient) + column + v * 16;
        const int count = column_count - v * 16;
        if (count > 0) prefetch_output_tile(source, gradient_stride, next, output_height, output_width);
        transform_output_gradient_tile(source, gradient_stride, place, output_height, output_width, max(count, 0),
                                       lines + tile * BLOCK_COLUMNS + v * 16, COLUMNS_STRIDE);
      }
    }

    // Elements with the same weights are added to the same sums.
    for (int weight_y = 0; weight_y < WEIGHTS_SIDE; weight_y++)
      for (int weight_x = 0; weight_x < WEIGHTS_SIDE; weight_x++)
        for (int y = FIRST_ELEMENT(weight_y); y < FIRST_ELEMENT(weight_y + 1); y++)
          for (int x = FIRST_ELEMENT(weight_x); x < FIRST_ELEMENT(weight_x + 1); x++) {
            const int element = y * TRANSFORM_SIDE + x, weight = weight_y * WEIGHTS_SIDE + weight_x;
            const bool add = start > part.begin || y > FIRST_ELEMENT(weight_y) || x > FIRST_ELEMENT(weight_x);
            for (int v = 0; v < used_vectors; v += TILE_VECTORS)
              for (int c = 0; c < used_rows; c += TILE_ROWS)
                multiply_register_tile(rows + element * ROWS_STRIDE + c, 1, BLOCK_ROWS,
                                       lines + element * COLUMNS_STRIDE + v * 16, BLOCK_COLUMNS, tiles,
                                       sums + weight * SUMS_STRIDE + c * BLOCK_COLUMNS + v * 16, BLOCK_COLUMNS, add);
          }
  }

  global float *out = AT(target, (size_t)split * 9 * channels + row) + column;
  for (int c = 0; c < row_count; c++)
    for (int v = 0; v * 16 < column_count; v++) {
      const int count = column_count - v * 16;
      float16 once[3 * WEIGHTS_SIDE];
      for (int x = 0; x < WEIGHTS_SIDE; x++) {
        float16 line[WEIGHTS_SIDE];
#pragma unroll
        for (int i = 0; i < WEIGHTS_SIDE; i++)
          line[i] = part.begin < part.end
                        ? vload16(v, sums + (i * WEIGHTS_SIDE + x) * SUMS_STRIDE + c * BLOCK_COLUMNS)
                        : (float16)(0.0f);
        weights_gradient_transform_line(line, 1, once + x * 3);
      }
      for (int y = 0; y < 3; y++) {
        float16 line[3];
        weights_gradient_transform_line(once + y, 3, line);
        for (int x = 0; x < 3; x++) {
          const int tap = STRIDE_2_TO_IMAGE ? 8 - (y * 3 + x) : y * 3 + x;
          global float *place = out + ((size_t)tap * channels + c) * target_stride + v * 16;
          store_some(accumulate ? line[x] + load_some(place, count) : line[x], place, count);
        }
      }
    }
}
