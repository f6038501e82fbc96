// The peak rates of a device, which operations are measured against.
//
//   multiply_add_peak   `rounds` rounds of SUMS fp32 multiply-adds of VECTOR floats by each work-item, in registers
//   copy_peak           output = input, `count` floats, a multiple of COPIES * VECTOR
//
// multiply_add_peak's output, [work-item][VECTOR], holds the factors before. A work-item of copy_peak copies COPIES
// vectors: with CPU bodies a run of them, else every get_global_size(0)-th, so that neighbours copy neighbours.

#include "common.h"

// Neighbouring floats that a work-item computes with, or copies, at a time: a CPU's widest vector; 16 bytes of a GPU.
#ifndef VECTOR
#define VECTOR 4
#endif
// Independent sums of a work-item: enough to hide how long a multiply-add takes, few enough for the registers.
#ifndef SUMS
#define SUMS 8
#endif
// Vectors that a work-item copies, one after the other.
#ifndef COPIES
#define COPIES 1
#endif

#include "vectors.h"

kernel void multiply_add_peak(global float *output, ulong rounds) {
  global float *place = output + get_global_id(0) * VECTOR;
  const FLOATS factor = LOAD(place);
  FLOATS sums[SUMS];
#pragma unroll
  for (int i = 0; i < SUMS; i++) sums[i] = factor * (float)i;
  for (ulong round = 0; round < rounds; round++)
#pragma unroll
    for (int i = 0; i < SUMS; i++) sums[i] = fma(sums[i], factor, factor);
#pragma unroll
  for (int i = 1; i < SUMS; i++) sums[0] += sums[i];
  STORE(sums[0], place);
}

kernel void copy_peak(global const float *restrict input, global float *restrict output, ulong count) {
  const size_t vectors = count / VECTOR;
#if CPU_BODIES
  const size_t first = get_global_id(0) * COPIES, step = 1;
#else
  const size_t first = get_global_id(0), step = get_global_size(0);
#endif
  size_t vector = first;
  for (int i = 0; i < COPIES; i++, vector += step)
    if (vector < vectors) STORE(LOAD(input + vector * VECTOR), output + vector * VECTOR);
}
