// 3 × 3 convolution with stride 1 or 2 and padding 1 by Winograd's algorithm for CPUs: the data sum in explicit float16
// vectors, a register tile of tiles × vectors of columns. convolution_winograd_transforms.h has the formulas.
//
//   convolution_winograd_vector_weights   weight transform, for all groups of the last kernel:
//                                         transformed[panel][block of channels][elements][channel][column]
//   convolution_winograd_vector_input     input transform, for all groups of the last kernel:
//                                         transformed[block of channels][elements][tile][channel]
//   convolution_winograd_vector_data      a block of tiles × a panel of columns: the transforms that are not made yet,
//                                         a product an element over blocks of channels, output transform. Everything in
//                                         between stays in the second-level cache.
//
// input, output: [batch][height][width][channels], one of them an image with stride 2, whose size is image_height ×
// image_width; with stride 1 this is height × width. weights: [9][channels][columns] or, transposed,
// [9][columns][channels]; bias: [columns], may be null. Flipped, the taps are taken in reverse order; a backward-data
// pass reads the weights transposed and flipped. One work-item per work-group.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_vectors.h"

#define TILE_CHANNELS 16
#include "convolution_winograd_transforms.h"
#include "convolution_winograd_prefetch.h"

// Tiles that a work-item computes; a multiple of TILE_ROWS.
#ifndef BLOCK_TILES
#define BLOCK_TILES 16
#endif
// Channels that are transformed at a time; a multiple of 16.
#ifndef BLOCK_CHANNELS
#define BLOCK_CHANNELS 64
#endif
// The most vectors of 16 output channels that a work-item computes: it has room for so many. How many they are,
// panel_vectors, is an argument and a multiple of TILE_VECTORS, as a program for each number would take long to
// compile.
#ifndef PANEL_VECTORS
#define PANEL_VECTORS 4
#endif
// The register tile: tiles, and vectors of output channels.
#ifndef TILE_ROWS
#define TILE_ROWS 8
#endif
#ifndef TILE_VECTORS
#define TILE_VECTORS 2
#endif
// 1 where another kernel has transformed the weights, 0 where each work-item transforms them itself, block by block:
// many weights of few tiles are then read once and never written.
#ifndef READS_TRANSFORMED_WEIGHTS
#define READS_TRANSFORMED_WEIGHTS 1
#endif
// The same of the input: where there are many panels, each of them would transform it.
#ifndef READS_TRANSFORMED_INPUT
#define READS_TRANSFORMED_INPUT 0
#endif

// Distances between two elements, in floats; `width` is that of the panel. Without the 16 more, all elements of a tile
// would fall into the same few lines of the first-level cache.
#define INPUT_STRIDE(tiles) ((tiles) * BLOCK_CHANNELS + 16)
#define SUMS_STRIDE(width) (BLOCK_TILES * (width) + 16)
#define WEIGHTS_STRIDE(length, width) ((length) * (width) + 16)

#if BLOCK_TILES % TILE_ROWS || BLOCK_CHANNELS % 16 || PANEL_VECTORS % TILE_VECTORS
#error "a block is not a whole number of register tiles"
#endif

#if READS_TRANSFORMED_INPUT
#define LEFT_SPACE global
#endif
#if READS_TRANSFORMED_WEIGHTS
#define RIGHT_SPACE global
#endif
#include "register_tile.h"

// The sizes of the input and of the output, one of which is the image where the stride is 2.
#define INPUT_SIZE(image, map) (STRIDE_2_TO_MAP ? (image) : (map))
#define OUTPUT_SIZE(image, map) (STRIDE_2_TO_IMAGE ? (image) : (map))

// Returns the number of tiles in whole register tiles.
static inline int padded_tiles(int tiles) { return (tiles + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS; }

// Returns the number of floats before the transformed weights of channel `channel`, a multiple of BLOCK_CHANNELS, of a
// panel of `width` floats.
static inline size_t weights_place(int panel, int channel, int channels, int width) {
  const int blocks = (channels + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
  return ((size_t)panel * (channels * width + 16 * blocks) +
          (size_t)(channel * width + 16 * (channel / BLOCK_CHANNELS))) * WEIGHT_ELEMENTS;
}

// The weight transform of `length` channels × `vectors` vectors of columns, to[element][channel][column], where lines
// are `line` floats long and elements element_stride apart. Columns that do not exist are zero.
static inline void transform_weights(global const float *weights, ulong stride, int channels, int columns,
                                     int transposed, int flipped, int channel, int length, int column, int vectors,
                                     float *to, int line, int element_stride) {
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
        float16 once[3 * WEIGHTS_SIDE];
        for (int x = 0; x < 3; x++) weight_transform_line(taps[c] + x, 3, once + x * WEIGHTS_SIDE);
        for (int y = 0; y < WEIGHTS_SIDE; y++) {
          float16 elements[WEIGHTS_SIDE];
          weight_transform_line(once + y, WEIGHTS_SIDE, elements);
#pragma unroll
          for (int i = 0; i < WEIGHTS_SIDE; i++)
            vstore16(elements[i], vector, to + (y * WEIGHTS_SIDE + i) * element_stride + (first + c) * line);
        }
      }
    }
  }
}

#if READS_TRANSFORMED_WEIGHTS
// Group (block of channels, panel, vector of the panel).
kernel WORK_GROUP(1, 1, 1) void convolution_winograd_vector_weights(TENSOR(const float *restrict, weights),
                                                                    global float *restrict transformed, int channels,
                                                                    int columns, int transposed, int flipped) {
  const int channel = get_group_id(0) * BLOCK_CHANNELS, panel = get_group_id(1), vector = get_group_id(2);
  const int width = 16 * get_num_groups(2);
  const int length = min(BLOCK_CHANNELS, channels - channel);
  float16 lines[WEIGHT_ELEMENTS * (BLOCK_CHANNELS + 1)];
  transform_weights(BASE(weights), weights_stride, channels, columns, transposed, flipped, channel, length,
                    panel * width + vector * 16, 1, (float *)lines, 16, 16 * (BLOCK_CHANNELS + 1));
  global float *to = transformed + weights_place(panel, channel, channels, width);
  for (int element = 0; element < WEIGHT_ELEMENTS; element++)
    for (int c = 0; c < length; c++)
      vstore16(lines[element * (BLOCK_CHANNELS + 1) + c], vector,
               to + element * WEIGHTS_STRIDE(length, width) + c * width);
}
#endif

#if READS_TRANSFORMED_INPUT
// Group (register tile of tiles, block of channels).
kernel WORK_GROUP(1, 1, 1) void convolution_winograd_vector_input(TENSOR(const float *restrict, input),
                                                                  ARRAY(float *restrict, transformed), int batch,
                                                                  int height, int width, int image_height,
                                                                  int image_width, int channels) {
  const int tiles = tile_count(batch, height, width);
  const int first = get_group_id(0) * TILE_ROWS, channel = get_group_id(1) * BLOCK_CHANNELS;
  const int length = min(BLOCK_CHANNELS, channels - channel);
  const int input_height = INPUT_SIZE(image_height, height), input_width = INPUT_SIZE(image_width, width);
  const size_t stride = INPUT_STRIDE(padded_tiles(tiles));
  global float *to = BASE(transformed) + get_group_id(1) * ELEMENTS * stride + (size_t)first * BLOCK_CHANNELS;
  for (int tile = first; tile < first + TILE_ROWS; tile++, to += BLOCK_CHANNELS) {
    const TilePlace place = tile_place(min(tile, tiles - 1), height, width);
    const TilePlace next = tile_place(min(tile + 1, tiles - 1), height, width);
    for (int c = 0; c < length; c += 16) {
      global const float *source = BASE(input) + channel + c;
      float16 elements[ELEMENTS];
      prefetch_input_tile(source, input_stride, next, input_height, input_width);
      // Without channels the elements are zero.
      transform_input_tile(source, input_stride, place, input_height, input_width, tile < tiles ? length - c : 0,
                           (float *)elements, 16);
      for (int element = 0; element < ELEMENTS; element++) vstore16(elements[element], 0, to + element * stride + c);
    }
  }
}
#endif

// Group (block of tiles, panel of columns). With READS_TRANSFORMED_INPUT and READS_TRANSFORMED_WEIGHTS, `input` and
// `weights` are the transformed ones.
kernel WORK_GROUP(1, 1, 1) void convolution_winograd_vector_data(
    TENSOR(const float *restrict, input), TENSOR(const float *restrict, weights), int transposed, int flipped,
    ARRAY(const float *restrict, bias), TENSOR(float *restrict, output), int batch, int height, int width,
    int image_height, int image_width, int channels, int columns, int panel_vectors) {
  const int panel = get_group_id(1), panel_width = 16 * panel_vectors;
  const int column = panel * panel_width;
  const int all_tiles = tile_count(batch, height, width);
  const int first = get_group_id(0) * BLOCK_TILES;
  const int tiles = min(BLOCK_TILES, all_tiles - first);
  const int rows = padded_tiles(tiles);
  const int input_height = INPUT_SIZE(image_height, height), input_width = INPUT_SIZE(image_width, width);
  const int output_height = OUTPUT_SIZE(image_height, height), output_width = OUTPUT_SIZE(image_width, width);

  // Vectors, so that they begin at a line of the cache.
#if READS_TRANSFORMED_INPUT
  const size_t inputs_stride = INPUT_STRIDE(padded_tiles(all_tiles));
#else
  const size_t inputs_stride = INPUT_STRIDE(BLOCK_TILES);
  float16 input_memory[ELEMENTS * INPUT_STRIDE(BLOCK_TILES) / 16];
  float *inputs = (float *)input_memory;
#endif
  float16 sums_memory[ELEMENTS * SUMS_STRIDE(16 * PANEL_VECTORS) / 16];
  float *sums = (float *)sums_memory;
#if !READS_TRANSFORMED_WEIGHTS
  float16 weights_memory[WEIGHT_ELEMENTS * WEIGHTS_STRIDE(BLOCK_CHANNELS, 16 * PANEL_VECTORS) / 16];
  float *transformed = (float *)weights_memory;
#endif

  for (int channel = 0; channel < channels; channel += BLOCK_CHANNELS) {
    const int length = min(BLOCK_CHANNELS, channels - channel);
#if READS_TRANSFORMED_INPUT
    global const float *inputs =
        BASE(input) + (size_t)(channel / BLOCK_CHANNELS) * ELEMENTS * inputs_stride + (size_t)first * BLOCK_CHANNELS;
#else
    for (int tile = 0; tile < tiles; tile++) {
      const TilePlace place = tile_place(first + tile, height, width);
      const TilePlace next = tile_place(first + min(tile + 1, tiles - 1), height, width);
      for (int c = 0; c < length; c += 16) {
        global const float *source = BASE(input) + channel + c;
        prefetch_input_tile(source, input_stride, next, input_height, input_width);
        transform_input_tile(source, input_stride, place, input_height, input_width, length - c,
                             inputs + tile * BLOCK_CHANNELS + c, inputs_stride);
      }
    }
    // Rows of the last register tile that are no tiles.
    for (int tile = tiles; tile < rows; tile++)
      for (int element = 0; element < ELEMENTS; element++)
        for (int c = 0; c < length; c += 16)
          vstore16((float16)(0.0f), 0, inputs + element * inputs_stride + tile * BLOCK_CHANNELS + c);
#endif
#if READS_TRANSFORMED_WEIGHTS
    global const float *transformed = BASE(weights) + weights_place(panel, channel, channels, panel_width);
#else
    transform_weights(BASE(weights), weights_stride, channels, columns, transposed, flipped, channel, length, column,
                      panel_vectors, transformed, panel_width, WEIGHTS_STRIDE(length, panel_width));
#endif

    // Elements with the same weights one after the other.
    for (int weight_y = 0; weight_y < WEIGHTS_SIDE; weight_y++)
      for (int weight_x = 0; weight_x < WEIGHTS_SIDE; weight_x++)
        for (int y = FIRST_ELEMENT(weight_y); y < FIRST_ELEMENT(weight_y + 1); y++)
          for (int x = FIRST_ELEMENT(weight_x); x < FIRST_ELEMENT(weight_x + 1); x++) {
            const int element = y * TRANSFORM_SIDE + x, weight = weight_y * WEIGHTS_SIDE + weight_x;
            for (int v = 0; v < panel_vectors; v += TILE_VECTORS)
              for (int row = 0; row < rows; row += TILE_ROWS)
                multiply_register_tile(inputs + element * inputs_stride + row * BLOCK_CHANNELS, BLOCK_CHANNELS, 1,
                                       transformed + weight * WEIGHTS_STRIDE(length, panel_width) + v * 16,
                                       panel_width, length,
                                       sums + element * SUMS_STRIDE(panel_width) + row * panel_width + v * 16,
                                       panel_width, channel > 0);
          }
  }

  for (int v = 0; v < panel_vectors && column + v * 16 < columns; v++) {
    const int count = columns - column - v * 16;
    const float16 start = bias ? load_some(BASE(bias) + column + v * 16, count) : (float16)(0.0f);
    for (int tile = 0; tile < tiles; tile++) {
      const TilePlace place = tile_place(first + tile, height, width);
      float16 once[TRANSFORM_SIDE * OUTPUT_SIDE];
      for (int x = 0; x < TRANSFORM_SIDE; x++) {
        float16 line[TRANSFORM_SIDE];
#pragma unroll
        for (int i = 0; i < TRANSFORM_SIDE; i++)
          line[i] = vload16(v, sums + (i * TRANSFORM_SIDE + x) * SUMS_STRIDE(panel_width) + tile * panel_width);
        output_transform_line(line, 1, once + x * OUTPUT_SIDE);
      }
      prefetch_write_tile(BASE(output) + column + v * 16, output_stride,
                          tile_place(first + min(tile + 1, tiles - 1), height, width), output_height, output_width);
      const int output_y = place.y * OUTPUT_SCALE, output_x = place.x * OUTPUT_SCALE;
      const int lines = min(OUTPUT_SIDE, output_height - output_y), pixels = min(OUTPUT_SIDE, output_width - output_x);
      global float *target =
          AT(output, pixel_index(place.n, output_y, output_x, output_height, output_width)) + column + v * 16;
      for (int y = 0; y < lines; y++, target += output_width * output_stride) {
        float16 line[OUTPUT_SIDE];
        output_transform_line(once + y, OUTPUT_SIDE, line);
        for (int x = 0; x < pixels; x++) store_some(line[x] + start, target + x * output_stride, count);
      }
    }
  }
}
