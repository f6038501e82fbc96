// Convolution and transposed convolution for CPUs: the sums that are no products. One work-item per work-group, explicit
// float16 vectors.
//
//   convolution_vector_bias     gradient of the bias, in parts
//   convolution_vector_reduce   adds up parts of sums, always in their order, so that the result does not depend on
//                               scheduling

#include "common.h"
#include "convolution_vectors.h"

// Vectors that a work-item of the reduction sums up: a long run of each part, as the parts are far apart in memory.
#ifndef REDUCED_VECTORS
#define REDUCED_VECTORS 16
#endif

// partial[split][columns]: sums of the columns of `source`, [pixels][columns], over one part of the pixels.
// Group: (16 columns, split).
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void convolution_vector_bias(global const float *restrict source, ulong source_offset, ulong source_stride, int pixels,
                             int columns, global float *restrict partial) {
  const int column = get_group_id(0) * 16;
  const int count = columns - column;
  const int splits = get_num_groups(1);
  const int begin = (int)((long)pixels * get_group_id(1) / splits);
  const int end = (int)((long)pixels * (get_group_id(1) + 1) / splits);
  float16 sum = (float16)(0.0f);
  for (int p = begin; p < end; p++) sum += load_some(source + source_offset + p * source_stride + column, count);
  store_some(sum, partial + (size_t)get_group_id(1) * columns + column, count);
}

// target(line, k) = [accumulate] target(line, k) + Σ partial[split][line][k].
// Group: (REDUCED_VECTORS vectors of columns, line).
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void convolution_vector_reduce(global const float *restrict partial, int splits, global float *restrict target,
                               ulong target_offset, ulong target_stride, int columns, int accumulate) {
  const int column = get_group_id(0) * (16 * REDUCED_VECTORS);
  const int count = columns - column;
  const size_t line = get_group_id(1);
  const size_t split_stride = get_num_groups(1) * columns;
  global const float *source = partial + line * columns + column;
  global float *place = target + target_offset + line * target_stride + column;
  if (count >= 16 * REDUCED_VECTORS) {
    float16 sums[REDUCED_VECTORS];
#pragma unroll
    for (int v = 0; v < REDUCED_VECTORS; v++) sums[v] = accumulate ? vload16(v, place) : (float16)(0.0f);
    for (int split = 0; split < splits; split++, source += split_stride)
#pragma unroll
      for (int v = 0; v < REDUCED_VECTORS; v++) sums[v] += vload16(v, source);
#pragma unroll
    for (int v = 0; v < REDUCED_VECTORS; v++) vstore16(sums[v], v, place);
  } else {
    for (int v = 0; v * 16 < count; v++) {
      const int left_over = count - v * 16;
      float16 sum = accumulate ? load_some(place + v * 16, left_over) : (float16)(0.0f);
      for (int split = 0; split < splits; split++) sum += load_some(source + split * split_stride + v * 16, left_over);
      store_some(sum, place + v * 16, left_over);
    }
  }
}
