// Philox 4x32-10 random numbers (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011), uniform on [a, b), or with NORMAL of mean a and deviation b (Box and Muller 1958).
//
// output: vector of `count` elements. One work-item per block of four; element i takes word i mod 4 of the block with
// counter (i / 4, 0, stream low, stream high) and key (seed low, seed high). The words are exact on every device.

#include "common.h"

// 0: uniform. 1: normal.
#ifndef NORMAL
#define NORMAL 0
#endif

// One of the ten rounds.
static inline uint4 philox_round(uint4 counter, uint2 key) {
  const uint high0 = mul_hi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
  const uint high1 = mul_hi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
  return (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
}

static inline uint4 philox(uint4 counter, uint2 key) {
  for (int round = 0; round < 10; round++) {
    counter = philox_round(counter, key);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// Returns multiples of 2^-24 in [0, 1).
static inline float4 uniform(uint4 words) { return convert_float4(words >> 8) * 0x1p-24f; }

// Returns standard normal numbers from the pairs (x, y) and (z, w) of uniform ones.
static inline float4 normal(float4 u) {
  // u + 2^-24 is in (0, 1], so the logarithm is finite.
  const float2 radius = sqrt(-2.0f * log(u.xz + 0x1p-24f));
  // cospi and sinpi take the angle without a rounded factor of pi.
  const float2 turns = 2.0f * u.yw;
  const float2 x = radius * cospi(turns), y = radius * sinpi(turns);
  return (float4)(x.x, y.x, x.y, y.y);
}

kernel void random_fill(ARRAY(float *, output), ulong count, uint seed_low, uint seed_high, uint stream_low,
                        uint stream_high, float a, float b) {
  const size_t block = get_global_id(0), i = block * 4;
  if (i >= count) return;
  const uint4 words = philox((uint4)((uint)block, 0u, stream_low, stream_high), (uint2)(seed_low, seed_high));
#if NORMAL
  const float4 values = a + b * normal(uniform(words));
#else
  const float4 values = a + (b - a) * uniform(words);
#endif
  global float *target = BASE(output) + i;
  if (i + 4 <= count) {
    vstore4(values, 0, target);
  } else {
    target[0] = values.x;
    if (i + 1 < count) target[1] = values.y;
    if (i + 2 < count) target[2] = values.z;
  }
}
