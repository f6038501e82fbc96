// 3 × 3 convolution with stride 1 and padding 1 by minimal filtering for CPUs: gradient of the weights. One work-item per
// work-group, explicit float16 vectors, a register tile of input channels × vectors of output channels. See
// convolution_winograd_transforms.h for the formulas.
//
// For each point, the source's points, turned over, times the points of the output's gradient. The sums over all tiles
// of one block of input × output channels stay in the second-level cache, and only their inverse transform leaves it.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_vectors.h"
#include "convolution_winograd_vectors.h"

// Tiles of 4 × 4 pixels that are brought to their points at a time.
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
// Distances between two points, in floats. Without the 16 more, all points of a tile would fall into the same few lines of
// the first-level cache.
#define ROWS_STRIDE (BLOCK_TILES * BLOCK_ROWS + 16)
#define COLUMNS_STRIDE (BLOCK_TILES * BLOCK_COLUMNS + 16)
#define SUMS_STRIDE (BLOCK_ROWS * BLOCK_COLUMNS + 16)

#if BLOCK_ROWS % 16 || BLOCK_ROWS % TILE_ROWS || BLOCK_VECTORS % TILE_VECTORS
#error "a block is not a whole number of register tiles"
#endif

// target[split][9][channels][columns]: the sums over one part of the tiles; with one split the target may be the gradient
// itself. Group: (block of input × output channels, split).
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void convolution_winograd_vector_filter(
    global const float *restrict input, ulong input_offset, ulong input_stride, int channels,
    global const float *restrict gradient, ulong gradient_offset, ulong gradient_stride, int columns,
    global float *restrict target, ulong target_offset, ulong target_stride,
    int batch, int height, int width, int accumulate) {
  const int column_blocks = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  const int block_row = get_group_id(0) / column_blocks;
  const int row = block_row * BLOCK_ROWS;
  const int column = ((int)get_group_id(0) - block_row * column_blocks) * BLOCK_COLUMNS;
  const int row_count = min(BLOCK_ROWS, channels - row);
  const int column_count = min(BLOCK_COLUMNS, columns - column);
  // What the register tiles cover; beyond the channels that exist it is zero.
  const int used_rows = (row_count + 15) / 16 * 16;
  const int used_vectors = (column_count + 16 * TILE_VECTORS - 1) / (16 * TILE_VECTORS) * TILE_VECTORS;

  const int all_tiles = batch * ((height + TILE_SIDE - 1) / TILE_SIDE) * ((width + TILE_SIDE - 1) / TILE_SIDE);
  const int splits = get_num_groups(1);
  const int begin = (int)((long)all_tiles * get_group_id(1) / splits);
  const int end = (int)((long)all_tiles * (get_group_id(1) + 1) / splits);

  // Vectors, so that they begin at a line of the cache.
  float16 rows_memory[POINTS * ROWS_STRIDE / 16];
  float16 columns_memory[POINTS * COLUMNS_STRIDE / 16];
  float16 sums_memory[POINTS * SUMS_STRIDE / 16];
  float *rows = (float *)rows_memory, *lines = (float *)columns_memory, *sums = (float *)sums_memory;

  for (int start = begin; start < end; start += BLOCK_TILES) {
    const int tiles = min(BLOCK_TILES, end - start);
    for (int tile = 0; tile < tiles; tile++) {
      const TilePlace place = tile_place(start + tile, height, width);
      const TilePlace next = tile_place(min(start + tile + 1, end - 1), height, width);
      for (int c = 0; c < row_count; c += 16) {
        global const float *source = input + input_offset + row + c;
        ask_for_source(source, input_stride, next, height, width);
        transform_source_tile(source, input_stride, place, height, width, row_count - c, rows + tile * BLOCK_ROWS + c,
                              ROWS_STRIDE);
      }
      for (int v = 0; v < used_vectors; v++) {
        global const float *source = gradient + gradient_offset + column + v * 16;
        const int count = column_count - v * 16;
        if (count > 0) ask_for_target(source, gradient_stride, next, height, width);
        transform_gradient_tile(source, gradient_stride, place, height, width, max(count, 0),
                                lines + tile * BLOCK_COLUMNS + v * 16, COLUMNS_STRIDE);
      }
    }

    for (int point = 0; point < POINTS; point++)
      for (int v = 0; v < used_vectors; v += TILE_VECTORS)
        for (int c = 0; c < used_rows; c += TILE_ROWS) {
          const float *left = rows + point * ROWS_STRIDE + c;
          const float *right = lines + point * COLUMNS_STRIDE + v * 16;
          float *place = sums + point * SUMS_STRIDE + c * BLOCK_COLUMNS + v * 16;
          float16 tile[TILE_ROWS][TILE_VECTORS];
#pragma unroll
          for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
            for (int w = 0; w < TILE_VECTORS; w++)
              tile[i][w] = start > begin ? vload16(w, place + i * BLOCK_COLUMNS) : (float16)(0.0f);
          for (int t = 0; t < tiles; t++) {
            float16 line[TILE_VECTORS];
#pragma unroll
            for (int w = 0; w < TILE_VECTORS; w++) line[w] = vload16(w, right + t * BLOCK_COLUMNS);
#pragma unroll
            for (int i = 0; i < TILE_ROWS; i++) {
              const float16 value = (float16)(left[t * BLOCK_ROWS + i]);
#pragma unroll
              for (int w = 0; w < TILE_VECTORS; w++) tile[i][w] = MULTIPLY_ADD(value, line[w], tile[i][w]);
            }
          }
#pragma unroll
          for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
            for (int w = 0; w < TILE_VECTORS; w++) vstore16(tile[i][w], w, place + i * BLOCK_COLUMNS);
        }
  }

  global float *out = target + target_offset
                      + ((size_t)get_group_id(1) * 9 * channels + row) * target_stride + column;
  for (int c = 0; c < row_count; c++)
    for (int v = 0; v * 16 < column_count; v++) {
      const int count = column_count - v * 16;
      float16 half_way[3 * POINT_SIDE];
      for (int x = 0; x < POINT_SIDE; x++) {
        float16 line[POINT_SIDE];
#pragma unroll
        for (int i = 0; i < POINT_SIDE; i++)
          line[i] = begin < end ? vload16(v, sums + (i * POINT_SIDE + x) * SUMS_STRIDE + c * BLOCK_COLUMNS)
                                : (float16)(0.0f);
        transform_weights_gradient_line(line, 1, half_way + x * 3);
      }
      for (int y = 0; y < 3; y++) {
        float16 line[3];
        transform_weights_gradient_line(half_way + y, 3, line);
        for (int x = 0; x < 3; x++) {
          global float *place = out + ((size_t)(y * 3 + x) * channels + c) * target_stride + v * 16;
          store_some(accumulate ? line[x] + load_some(place, count) : line[x], place, count);
        }
      }
    }
}
