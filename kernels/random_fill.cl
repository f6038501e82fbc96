// Philox 4x32-10 random numbers (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011).
//
// output: dense vector. One work-item per block of four elements; element i takes word i mod 4 of the block with
// counter (i / 4, 0, stream low, stream high) and key (seed low, seed high). The words are exact on every device.

#include "common.h"

#ifndef NORMAL
// 0: uniform on [a, b). 1: normal with mean a and deviation b.
#define NORMAL 0
#endif

// One of the ten rounds.
static inline uint4 philox_round(const uint4 counter, const uint2 key) {
  const uint high0 = mul_hi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
  const uint high1 = mul_hi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
  return (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
}

static inline uint4 philox(uint4 counter, uint2 key) {
  for (int round = 0; round < 10; ++round) {
    counter = philox_round(counter, key);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// Multiples of 2^-24 in [0, 1).
static inline float4 uniform(const uint4 words) { return convert_float4(words >> 8) * 0x1p-24f; }

// Box and Muller on the pairs (x, y) and (z, w).
static inline float4 normal(const float4 u) {
  // u + 2^-24 is in (0, 1], so the logarithm is finite.
  const float2 radius = sqrt(-2.0f * log(u.xz + 0x1p-24f));
  // cospi and sinpi take the angle without a rounded factor of pi.
  const float2 turns = 2.0f * u.yw;
  const float2 x = radius * cospi(turns), y = radius * sinpi(turns);
  return (float4)(x.x, y.x, x.y, y.y);
}

kernel void random_fill(global float *output, const ulong offset, const ulong count, const uint seed_low,
                        const uint seed_high, const uint stream_low, const uint stream_high, const float a,
                        const float b) {
  const size_t block = get_global_id(0);
  const size_t i = block * 4;
  if (i >= count) return;
  const uint4 words = philox((uint4)((uint)block, 0u, stream_low, stream_high), (uint2)(seed_low, seed_high));
#if NORMAL
  const float4 values = a + b * normal(uniform(words));
#else
  const float4 values = a + (b - a) * uniform(words);
#endif
  global float *target = output + offset + i;
  if (i + 4 <= count) {
    vstore4(values, 0, target);
  } else {
    target[0] = values.x;
    if (i + 1 < count) target[1] = values.y;
    if (i + 2 < count) target[2] = values.z;
  }
}
