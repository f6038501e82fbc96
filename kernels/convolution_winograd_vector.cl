// 3 × 3 convolution with stride 1 and padding 1 by minimal filtering for CPUs: forward and data gradient. One work-item per
// work-group, explicit float16 vectors, a register tile of tiles × vectors of columns. See
// convolution_winograd_transforms.h for the formulas.
//
//   convolution_winograd_vector_weights   the weights' points, for all groups of the next kernel
//   convolution_winograd_vector_data    a block of tiles × a panel of columns: source to points, 36 products over blocks
//                                         of channels, points to output. Everything in between stays in the
//                                         second-level cache.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_vectors.h"
#include "convolution_winograd_vectors.h"

// Tiles of 4 × 4 pixels that a work-item computes; a multiple of TILE_ROWS.
#ifndef BLOCK_TILES
#define BLOCK_TILES 16
#endif
// Channels that are brought to their points at a time; a multiple of 16.
#ifndef BLOCK_CHANNELS
#define BLOCK_CHANNELS 64
#endif
// Vectors of 16 output channels that a work-item computes; a multiple of TILE_VECTORS.
#ifndef PANEL_VECTORS
#define PANEL_VECTORS 4
#endif
// The register tile: tiles of 4 × 4 pixels, and vectors of output channels.
#ifndef TILE_ROWS
#define TILE_ROWS 8
#endif
#ifndef TILE_VECTORS
#define TILE_VECTORS 2
#endif
// 1 where another kernel has brought the weights to their points, 0 where each work-item does so on its way: many weights
// of few tiles are then read once and never written.
#ifndef READS_TRANSFORMED_WEIGHTS
#define READS_TRANSFORMED_WEIGHTS 1
#endif

#define PANEL (16 * PANEL_VECTORS)
// Distances between two points, in floats. Without the 16 more, all points of a tile would fall into the same few lines of
// the first-level cache.
#define SOURCE_STRIDE (BLOCK_TILES * BLOCK_CHANNELS + 16)
#define SUMS_STRIDE (BLOCK_TILES * PANEL + 16)
#define WEIGHTS_STRIDE(length) ((length) * PANEL + 16)

#if BLOCK_TILES % TILE_ROWS || BLOCK_CHANNELS % 16 || PANEL_VECTORS % TILE_VECTORS
#error "a block is not a whole number of register tiles"
#endif

// Floats before the points of channel `channel`, a multiple of BLOCK_CHANNELS, of a panel.
size_t weights_place(int panel, int channel, int channels) {
  const int blocks = (channels + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
  return ((size_t)panel * (channels * PANEL + 16 * blocks)
          + (size_t)(channel * PANEL + 16 * (channel / BLOCK_CHANNELS))) * POINTS;
}

// The points of `length` channels × `vectors` vectors of columns, to[point][channel][column], where lines are `line` floats
// long and points `point_stride` apart. Columns that do not exist are zero. Weights are [9][channels][columns] or, transposed,
// [9][columns][channels]; flipped, the taps are taken in reverse order. A data gradient reads them both ways.
void transform_weights(global const float *weights, ulong stride, int channels, int columns, int transposed, int flipped,
                       int channel, int length, int column, int vectors, float *to, int line, int point_stride) {
  for (int vector = 0; vector < vectors; vector++) {
    const int from = column + vector * 16, count = columns - from;
    for (int first = 0; first < length; first += 16) {
      const int depth = min(16, length - first);
      float16 taps[16][9];
      for (int tap = 0; tap < 9; tap++) {
        float16 square[16];
        const int from_tap = flipped ? 8 - tap : tap;
        if (transposed) {
          global const float *source = weights + ((size_t)from_tap * columns + from) * stride + channel + first;
          for (int k = 0; k < 16; k++)
            square[k] = k < count ? load_some(source + k * stride, depth) : (float16)(0.0f);
          transpose_square(square);
        } else {
          global const float *source = weights + ((size_t)from_tap * channels + channel + first) * stride + from;
          for (int c = 0; c < 16; c++)
            square[c] = c < depth && count > 0 ? load_some(source + c * stride, count) : (float16)(0.0f);
        }
        for (int c = 0; c < depth; c++) taps[c][tap] = square[c];
      }
      for (int c = 0; c < depth; c++) {
        float16 half_way[3 * POINT_SIDE];
        for (int x = 0; x < 3; x++) transform_weights_line(taps[c] + x, 3, half_way + x * POINT_SIDE);
        for (int y = 0; y < POINT_SIDE; y++) {
          float16 points[POINT_SIDE];
          transform_weights_line(half_way + y, POINT_SIDE, points);
#pragma unroll
          for (int i = 0; i < POINT_SIDE; i++)
            vstore16(points[i], vector, to + (y * POINT_SIDE + i) * point_stride + (first + c) * line);
        }
      }
    }
  }
}

#if READS_TRANSFORMED_WEIGHTS
// points[panel][block of channels][POINTS][channel][PANEL]. Group: (block of channels, panel, vector of the panel).
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void convolution_winograd_vector_weights(
    global const float *restrict weights, ulong weights_offset, ulong weights_stride, global float *restrict points,
    int channels, int columns, int transposed, int flipped) {
  const int channel = get_group_id(0) * BLOCK_CHANNELS;
  const int panel = get_group_id(1);
  const int vector = get_group_id(2);
  const int length = min(BLOCK_CHANNELS, channels - channel);
  float16 lines[POINTS * (BLOCK_CHANNELS + 1)];
  transform_weights(weights + weights_offset, weights_stride, channels, columns, transposed, flipped, channel, length,
                    panel * PANEL + vector * 16, 1, (float *)lines, 16, 16 * (BLOCK_CHANNELS + 1));
  global float *to = points + weights_place(panel, channel, channels);
  for (int point = 0; point < POINTS; point++)
    for (int c = 0; c < length; c++)
      vstore16(lines[point * (BLOCK_CHANNELS + 1) + c], vector, to + point * WEIGHTS_STRIDE(length) + c * PANEL);
}
#endif

// Asks for 16 channels of a tile's pixels, to be written.
void ask_to_write_target(global float *target, ulong stride, TilePlace place, int height, int width) {
  for (int y = place.y; y < min(place.y + TILE_SIDE, height); y++)
#pragma unroll
    for (int x = 0; x < TILE_SIDE; x++)
      ASK_TO_WRITE(target + ((size_t)(place.image * height + y) * width + min(place.x + x, width - 1)) * stride);
}

// With READS_TRANSFORMED_WEIGHTS, `weights` are what the kernel above has written. bias may be null.
// Group: (block of tiles, panel of columns).
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void convolution_winograd_vector_data(
    global const float *restrict input, ulong input_offset, ulong input_stride,
    global const float *restrict weights, ulong weights_offset, ulong weights_stride, int transposed,
    int flipped, global const float *restrict bias, ulong bias_offset,
    global float *restrict output, ulong output_offset, ulong output_stride,
    int batch, int height, int width, int channels, int columns) {
  const int panel = get_group_id(1);
  const int column = panel * PANEL;
  const int tiles_per_image = ((height + TILE_SIDE - 1) / TILE_SIDE) * ((width + TILE_SIDE - 1) / TILE_SIDE);
  const int first = get_group_id(0) * BLOCK_TILES;
  const int tiles = min(BLOCK_TILES, batch * tiles_per_image - first);
  const int rows = (tiles + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;

  // Vectors, so that they begin at a line of the cache.
  float16 source_memory[POINTS * SOURCE_STRIDE / 16];
  float16 sums_memory[POINTS * SUMS_STRIDE / 16];
  float *sources = (float *)source_memory, *sums = (float *)sums_memory;
#if !READS_TRANSFORMED_WEIGHTS
  float16 weights_memory[POINTS * WEIGHTS_STRIDE(BLOCK_CHANNELS) / 16];
  float *points = (float *)weights_memory;
#endif

  for (int channel = 0; channel < channels; channel += BLOCK_CHANNELS) {
    const int length = min(BLOCK_CHANNELS, channels - channel);
    for (int tile = 0; tile < tiles; tile++) {
      const TilePlace place = tile_place(first + tile, height, width);
      const TilePlace next = tile_place(first + min(tile + 1, tiles - 1), height, width);
      for (int c = 0; c < length; c += 16) {
        global const float *source = input + input_offset + channel + c;
        ask_for_source(source, input_stride, next, height, width);
        transform_source_tile(source, input_stride, place, height, width, length - c,
                              sources + tile * BLOCK_CHANNELS + c, SOURCE_STRIDE);
      }
    }
    // Rows of the last register tile that are no tiles.
    for (int tile = tiles; tile < rows; tile++)
      for (int point = 0; point < POINTS; point++)
        for (int c = 0; c < length; c += 16)
          vstore16((float16)(0.0f), 0, sources + point * SOURCE_STRIDE + tile * BLOCK_CHANNELS + c);
#if READS_TRANSFORMED_WEIGHTS
    global const float *points = weights + weights_place(panel, channel, channels);
#else
    transform_weights(weights + weights_offset, weights_stride, channels, columns, transposed, flipped, channel, length,
                      column, PANEL_VECTORS, points, PANEL, WEIGHTS_STRIDE(length));
#endif

    for (int point = 0; point < POINTS; point++)
      for (int v = 0; v < PANEL_VECTORS; v += TILE_VECTORS)
        for (int row = 0; row < rows; row += TILE_ROWS) {
          const float *left = sources + point * SOURCE_STRIDE + row * BLOCK_CHANNELS;
          float *place = sums + point * SUMS_STRIDE + row * PANEL + v * 16;
#if READS_TRANSFORMED_WEIGHTS
          global const float *right = points + point * WEIGHTS_STRIDE(length) + v * 16;
#else
          const float *right = points + point * WEIGHTS_STRIDE(length) + v * 16;
#endif
          float16 tile[TILE_ROWS][TILE_VECTORS];
#pragma unroll
          for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
            for (int w = 0; w < TILE_VECTORS; w++)
              tile[i][w] = channel > 0 ? vload16(w, place + i * PANEL) : (float16)(0.0f);
          for (int c = 0; c < length; c++) {
            float16 line[TILE_VECTORS];
#pragma unroll
            for (int w = 0; w < TILE_VECTORS; w++) line[w] = vload16(w, right + c * PANEL);
#pragma unroll
            for (int i = 0; i < TILE_ROWS; i++) {
              const float16 value = (float16)(left[i * BLOCK_CHANNELS + c]);
#pragma unroll
              for (int w = 0; w < TILE_VECTORS; w++) tile[i][w] = MULTIPLY_ADD(value, line[w], tile[i][w]);
            }
          }
#pragma unroll
          for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
            for (int w = 0; w < TILE_VECTORS; w++) vstore16(tile[i][w], w, place + i * PANEL);
        }
  }

  for (int v = 0; v < PANEL_VECTORS && column + v * 16 < columns; v++) {
    const int count = columns - column - v * 16;
    const float16 start = bias ? load_some(bias + bias_offset + column + v * 16, count) : (float16)(0.0f);
    for (int tile = 0; tile < tiles; tile++) {
      const TilePlace place = tile_place(first + tile, height, width);
      float16 half_way[POINT_SIDE * TILE_SIDE];
      for (int x = 0; x < POINT_SIDE; x++) {
        float16 line[POINT_SIDE];
#pragma unroll
        for (int i = 0; i < POINT_SIDE; i++)
          line[i] = vload16(v, sums + (i * POINT_SIDE + x) * SUMS_STRIDE + tile * PANEL);
        transform_target_line(line, 1, half_way + x * TILE_SIDE);
      }
      ask_to_write_target(output + output_offset + column + v * 16, output_stride,
                          tile_place(first + min(tile + 1, tiles - 1), height, width), height, width);
      const int lines = min(TILE_SIDE, height - place.y), pixels = min(TILE_SIDE, width - place.x);
      global float *target = output + output_offset + column + v * 16
                             + ((size_t)(place.image * height + place.y) * width + place.x) * output_stride;
      for (int y = 0; y < lines; y++, target += width * output_stride) {
        float16 line[TILE_SIDE];
        transform_target_line(half_way + y, TILE_SIDE, line);
        for (int x = 0; x < pixels; x++) store_some(line[x] + start, target + x * output_stride, count);
      }
    }
  }
}
