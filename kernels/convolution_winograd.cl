// 3 × 3 convolution with stride 1 and padding 1 by Winograd's algorithm for GPUs: the data sum.
// convolution_winograd_transforms.h has the formulas.
//
//   convolution_winograd_weights   weight transform: weights to [elements][channels][columns]
//   convolution_winograd_input     input transform: input to [elements][tiles][channels], also for the filter sum
//   convolution_winograd_product   a matrix product an element: sums [elements][tiles][columns]
//   convolution_winograd_output    output transform: sums to the output, with the bias
//
// input, output: [batch][height][width][channels]; weights: [9][channels][columns] or, transposed,
// [9][columns][channels]; bias: [columns], may be null; transformed, sums: dense. The host takes as many tiles at a
// time as keep both in a large cache; `first` is the first of them. The transforms have one work-item per channel of a
// tile: direction 0 the channel, row_index() the tile.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_tiles.h"

#define TILE_CHANNELS 1
#include "convolution_winograd_transforms.h"

#define PRODUCT convolution_winograd_product
#define LEFT_IS_DEEP 1
#include "convolution_winograd_product.h"

// Flipped, the taps are taken in reverse order; a backward-data pass reads the weights transposed and flipped. One
// work-item per weight of a tap: direction 0 the column, row_index() the channel.
kernel void convolution_winograd_weights(TENSOR(const float *restrict, weights), int transposed, int flipped,
                                         int channels, int columns, ARRAY(float *restrict, transformed)) {
  const int column = get_global_id(0), channel = row_index();
  if (column >= columns || channel >= channels) return;
  float taps[9], once[3 * TRANSFORM_SIDE];
#pragma unroll
  for (int i = 0; i < 9; i++) {
    const int tap = flipped ? 8 - i : i;
    const size_t line = transposed ? (size_t)tap * columns + column : (size_t)tap * channels + channel;
    taps[i] = AT(weights, line)[transposed ? channel : column];
  }
#pragma unroll
  for (int x = 0; x < 3; x++) weight_transform_line(taps + x, 3, once + x * TRANSFORM_SIDE);
  global float *to = BASE(transformed) + (size_t)channel * columns + column;
#pragma unroll
  for (int y = 0; y < TRANSFORM_SIDE; y++) {
    float line[TRANSFORM_SIDE];
    weight_transform_line(once + y, TRANSFORM_SIDE, line);
#pragma unroll
    for (int x = 0; x < TRANSFORM_SIDE; x++) to[(size_t)(y * TRANSFORM_SIDE + x) * channels * columns] = line[x];
  }
}

kernel void convolution_winograd_input(TENSOR(const float *restrict, input), int height, int width, int channels,
                                       int first, int tiles, ARRAY(float *restrict, transformed)) {
  const int channel = get_global_id(0), tile = row_index();
  if (channel >= channels || tile >= tiles) return;
  transform_input_tile(BASE(input) + channel, input_stride, tile_place(first + tile, height, width), height, width, 1,
                       BASE(transformed) + (size_t)tile * channels + channel, (size_t)tiles * channels);
}

kernel void convolution_winograd_output(ARRAY(const float *restrict, sums), ARRAY(const float *restrict, bias),
                                        TENSOR(float *restrict, output), int height, int width, int columns, int first,
                                        int tiles) {
  const int column = get_global_id(0), tile = row_index();
  if (column >= columns || tile >= tiles) return;
  global const float *from = BASE(sums) + (size_t)tile * columns + column;
  float once[TRANSFORM_SIDE * TILE_SIDE];
#pragma unroll
  for (int x = 0; x < TRANSFORM_SIDE; x++) {
    float line[TRANSFORM_SIDE];
#pragma unroll
    for (int y = 0; y < TRANSFORM_SIDE; y++) line[y] = from[(size_t)(y * TRANSFORM_SIDE + x) * tiles * columns];
    output_transform_line(line, 1, once + x * TILE_SIDE);
  }
  const float start = bias ? BASE(bias)[column] : 0.0f;
  const TilePlace place = tile_place(first + tile, height, width);
#pragma unroll
  for (int y = 0; y < TILE_SIDE; y++) {
    float line[TILE_SIDE];
    output_transform_line(once + y, TILE_SIDE, line);
#pragma unroll
    for (int x = 0; x < TILE_SIDE; x++)
      if (place.y + y < height && place.x + x < width)
        AT(output, pixel_index(place.n, place.y + y, place.x + x, height, width))[column] = line[x] + start;
  }
}
