// 3 × 3 convolution with stride 1 and padding 1 by Winograd's algorithm for GPUs: the filter sum.
// convolution_winograd_transforms.h has the formulas; convolution_winograd.cl has the input transform.
//
//   convolution_winograd_output_gradient    the output's gradient to [elements][tiles][columns]
//   convolution_winograd_filter_product     a matrix product an element, in parts of the tiles:
//                                           sums [part][elements][channels][columns]
//   convolution_winograd_weights_gradient   adds up the parts, in their order, and transforms them to the weights'
//                                           gradient: target(tap, c, k) = [accumulate] target(tap, c, k) + …
//
// gradient: [batch][height][width][columns]; target: [9][channels][columns]; transformed, sums: dense. The transforms
// have one work-item per column of a tile or of a channel: direction 0 the column, row_index() the tile (`first` being
// the first) or the channel.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_tiles.h"

#define TILE_CHANNELS 1
#include "convolution_winograd_transforms.h"

#define PRODUCT convolution_winograd_filter_product
#define LEFT_IS_DEEP 0
#include "convolution_winograd_product.h"

kernel void convolution_winograd_output_gradient(TENSOR(const float *restrict, gradient), int height, int width,
                                                 int columns, int first, int tiles,
                                                 ARRAY(float *restrict, transformed)) {
  const int column = get_global_id(0), tile = row_index();
  if (column >= columns || tile >= tiles) return;
  transform_output_gradient_tile(BASE(gradient) + column, gradient_stride, tile_place(first + tile, height, width),
                                 height, width, 1, BASE(transformed) + (size_t)tile * columns + column,
                                 (size_t)tiles * columns);
}

kernel void convolution_winograd_weights_gradient(ARRAY(const float *restrict, sums), int parts,
                                                  TENSOR(float *restrict, target), int channels, int columns,
                                                  int accumulate) {
  const int column = get_global_id(0), channel = row_index();
  if (column >= columns || channel >= channels) return;
  const size_t element_stride = (size_t)channels * columns;
  float elements[ELEMENTS], once[3 * TRANSFORM_SIDE];
#pragma unroll
  for (int i = 0; i < ELEMENTS; i++) elements[i] = 0.0f;
  for (int part = 0; part < parts; part++) {
    global const float *from = BASE(sums) + part * ELEMENTS * element_stride + (size_t)channel * columns + column;
#pragma unroll
    for (int i = 0; i < ELEMENTS; i++) elements[i] += from[i * element_stride];
  }
#pragma unroll
  for (int x = 0; x < TRANSFORM_SIDE; x++) weights_gradient_transform_line(elements + x, TRANSFORM_SIDE, once + x * 3);
#pragma unroll
  for (int y = 0; y < 3; y++) {
    float line[3];
    weights_gradient_transform_line(once + y, 3, line);
#pragma unroll
    for (int x = 0; x < 3; x++) {
      global float *place = AT(target, (size_t)(y * 3 + x) * channels + channel) + column;
      *place = accumulate ? *place + line[x] : line[x];
    }
  }
}
