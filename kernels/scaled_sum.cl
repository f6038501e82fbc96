// The sum of two vectors times a factor: output = factor * (first + second), or factor * first where TERMS is 1.
//
// first, second, output: vectors of `channels` elements; output may be first. One work-item per VECTOR neighbouring
// elements.

#include "common.h"

// Vectors that are added up: 1 or 2.
#ifndef TERMS
#define TERMS 2
#endif

// Elements of one work-item: 1, 2, 4, 8 or 16.
#ifndef VECTOR
#define VECTOR 1
#endif

#include "vectors.h"

kernel void scaled_sum(TENSOR(const float *, first), TENSOR(const float *, second), TENSOR(float *, output),
                       ulong channels, float factor) {
  const size_t start = get_global_id(0) * VECTOR;
  global const float *left = BASE(first) + start;
  global const float *right = BASE(second) + start;
  global float *to = BASE(output) + start;
#if VECTOR > 1
  if (start + VECTOR <= channels) {
#if TERMS == 2
    STORE(factor * (LOAD(left) + LOAD(right)), to);
#else
    STORE(factor * LOAD(left), to);
#endif
    return;
  }
#endif
  for (size_t i = 0; i < VECTOR && start + i < channels; i++)
    to[i] = factor * (TERMS == 2 ? left[i] + right[i] : left[i]);
}
