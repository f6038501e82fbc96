// Convolution and transposed convolution for GPUs: the sums that are short of work for a whole GPU.
//
//   convolution_bias     gradient of the bias, in parts
//   convolution_reduce   adds up parts of sums, always in their order, so that the result does not depend on scheduling

#include "common.h"

// Work-items of a group of convolution_bias: GROUP_X along the columns, GROUP_Y along the pixels.
#ifndef GROUP_X
#define GROUP_X 16
#endif
#ifndef GROUP_Y
#define GROUP_Y 8
#endif

// partial[split][columns]: sums of the columns of `source`, [pixels][columns], over one part of the pixels.
// Group: (GROUP_X columns, split).
kernel __attribute__((reqd_work_group_size(GROUP_X, GROUP_Y, 1)))
void convolution_bias(global const float *restrict source, ulong source_offset, ulong source_stride, int pixels,
                      int columns, global float *restrict partial) {
  local float lanes[GROUP_Y][GROUP_X];
  const int x = get_local_id(0), y = get_local_id(1);
  const int column = get_group_id(0) * GROUP_X + x;
  const int splits = get_num_groups(1);
  const int begin = (int)((long)pixels * get_group_id(1) / splits);
  const int end = (int)((long)pixels * (get_group_id(1) + 1) / splits);
  float sum = 0.0f;
  if (column < columns)
    for (int p = begin + y; p < end; p += GROUP_Y) sum += source[source_offset + (size_t)p * source_stride + column];
  lanes[y][x] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (y == 0 && column < columns) {
    for (int line = 1; line < GROUP_Y; line++) sum += lanes[line][x];
    partial[(size_t)get_group_id(1) * columns + column] = sum;
  }
}

// target(line, k) = bias(k) or [accumulate] target(line, k) or 0, + Σ partial[split][line][k].
// bias may be null. One work-item per element, (k, line).
kernel void convolution_reduce(global const float *restrict partial, int splits, global const float *restrict bias,
                               ulong bias_offset, global float *restrict target, ulong target_offset,
                               ulong target_stride, ulong lines, ulong columns, int accumulate) {
  const size_t column = get_global_id(0);
  const size_t line = row_index();
  if (column >= columns || line >= lines) return;
  global float *place = target + target_offset + line * target_stride + column;
  float sum = bias ? bias[bias_offset + column] : accumulate ? *place : 0.0f;
  for (int split = 0; split < splits; split++) sum += partial[(split * lines + line) * columns + column];
  *place = sum;
}
