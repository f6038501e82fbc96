// Convolution and transposed convolution for CPUs: the sums that are no products, in explicit float16 vectors.
//
//   convolution_vector_bias     partial(split, k) = Σ source(p, k) over a part of the pixels p: the bias's gradient, in
//                               parts
//   convolution_vector_reduce   target(line, k) = [accumulate] target(line, k) + Σ partial(split, line, k), always in
//                               the parts' order, so that the result does not depend on scheduling
//
// source: [pixels][columns]; partial: dense, [splits][columns] or [splits][lines][columns]; target: [lines][columns].
// One work-item per work-group.

#include "common.h"
#include "convolution_vectors.h"

// Vectors that a work-item of the reduction sums up: a long run of each part, as the parts are far apart in memory.
#ifndef REDUCED_VECTORS
#define REDUCED_VECTORS 16
#endif

// Group (16 columns, split).
kernel WORK_GROUP(1, 1, 1) void convolution_vector_bias(TENSOR(const float *restrict, source), int pixels, int columns,
                                                        global float *restrict partial) {
  const int column = get_group_id(0) * 16, split = get_group_id(1);
  const int count = columns - column;
  const Range part = part_of(pixels, split, get_num_groups(1));
  float16 sum = (float16)(0.0f);
  for (int p = part.begin; p < part.end; p++) sum += load_some(AT(source, p) + column, count);
  store_some(sum, partial + (size_t)split * columns + column, count);
}

// Group (REDUCED_VECTORS vectors of columns, line).
kernel WORK_GROUP(1, 1, 1) void convolution_vector_reduce(global const float *restrict partial, int splits,
                                                          TENSOR(float *restrict, target), int columns,
                                                          int accumulate) {
  const int column = get_group_id(0) * (16 * REDUCED_VECTORS);
  const int count = columns - column;
  const size_t line = get_group_id(1);
  const size_t split_stride = get_num_groups(1) * columns;
  global const float *source = partial + line * columns + column;
  global float *place = AT(target, line) + column;
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
