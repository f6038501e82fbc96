// One step of an exponential moving average: average += complement * (values - average), complement = 1 - decay.
//
// values, average: vectors of `channels` elements. One work-item per VECTOR neighbouring elements.

#include "common.h"

// Elements of one work-item: 1, 2, 4, 8 or 16.
#ifndef VECTOR
#define VECTOR 1
#endif

#include "vectors.h"

kernel void exponential_moving_average(TENSOR(const float *, values), TENSOR(float *, average), ulong channels,
                                       float complement) {
  const size_t first = get_global_id(0) * VECTOR;
  global const float *from = BASE(values) + first;
  global float *to = BASE(average) + first;
#if VECTOR > 1
  if (first + VECTOR <= channels) {
    const FLOATS old = LOAD(to);
    STORE(old + complement * (LOAD(from) - old), to);
    return;
  }
#endif
  for (size_t i = 0; i < VECTOR && first + i < channels; i++) to[i] += complement * (from[i] - to[i]);
}
