// Convolution and transposed convolution for GPUs: the sums that are no products.
//
//   convolution_bias     partial(split, k) = Σ source(p, k) over a part of the pixels p: the bias's gradient, in parts
//   convolution_reduce   target(line, k) = bias(k), or [accumulate] target(line, k), or 0, + Σ partial(split, line, k),
//                        always in the parts' order, so that the result does not depend on scheduling
//
// source: [pixels][columns]; partial: dense, [splits][columns] or [splits][lines][columns]; target: [lines][columns];
// bias: [columns], may be null.

#include "common.h"

// Work-items of a group of convolution_bias: GROUP_X along the columns, GROUP_Y along the pixels.
#ifndef GROUP_X
#define GROUP_X 16
#endif
#ifndef GROUP_Y
#define GROUP_Y 8
#endif

// Group (GROUP_X columns, split); a work-item takes every GROUP_Y-th pixel of a column.
kernel WORK_GROUP(GROUP_X, GROUP_Y, 1) void convolution_bias(
    TENSOR(const float *restrict, source), int pixels, int columns, global float *restrict partial) {
  local float lanes[GROUP_Y][GROUP_X];
  const int x = get_local_id(0), y = get_local_id(1), split = get_group_id(1);
  const int column = get_group_id(0) * GROUP_X + x;
  const Range part = part_of(pixels, split, get_num_groups(1));
  float sum = 0.0f;
  if (column < columns)
    for (int p = part.begin + y; p < part.end; p += GROUP_Y) sum += AT(source, (size_t)p)[column];
  lanes[y][x] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (y == 0 && column < columns) {
    for (int line = 1; line < GROUP_Y; line++) sum += lanes[line][x];
    partial[(size_t)split * columns + column] = sum;
  }
}

// One work-item per element: direction 0 the column, row_index() the line.
kernel void convolution_reduce(global const float *restrict partial, int splits, ARRAY(const float *restrict, bias),
                               TENSOR(float *restrict, target), ulong lines, ulong columns, int accumulate) {
  const size_t column = get_global_id(0), line = row_index();
  if (column >= columns || line >= lines) return;
  global float *place = AT(target, line) + column;
  float sum = bias ? BASE(bias)[column] : accumulate ? *place : 0.0f;
  for (int split = 0; split < splits; split++) sum += partial[(split * lines + line) * columns + column];
  *place = sum;
}
