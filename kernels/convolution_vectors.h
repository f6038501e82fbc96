// Vectors of 16 neighbouring channels of which some may not exist.

// Attribute of a function that is called from many places, for some lanes at an edge: put into each of them, it would
// take up to a quarter of the time in which CPU drivers compile the kernels.
#define NOT_INLINED static __attribute__((noinline))

// Returns `count` elements of `source`, fewer than 16, and zeros after them.
NOT_INLINED float16 load_part(global const float *source, int count) {
  float lanes[16];
  for (int lane = 0; lane < 16; lane++) lanes[lane] = lane < count ? source[lane] : 0.0f;
  return vload16(0, lanes);
}

// Stores the first `count` lanes, fewer than 16.
NOT_INLINED void store_part(float16 value, global float *target, int count) {
  float lanes[16];
  vstore16(value, 0, lanes);
  for (int lane = 0; lane < count; lane++) target[lane] = lanes[lane];
}

// Returns 16 elements of `source`, of which the first `count` exist; the others are zero.
static inline float16 load_some(global const float *source, int count) {
  return count >= 16 ? vload16(0, source) : load_part(source, count);
}

// Stores the first `count` lanes.
static inline void store_some(float16 value, global float *target, int count) {
  if (count >= 16) vstore16(value, 0, target);
  else store_part(value, target, count);
}

// The elements of a and b in turn, of the lower or the upper half (lo, hi) of both.
#define INTERLEAVE(a, b, half)                                                                                  \
  (float16)(a.half.s0, b.half.s0, a.half.s1, b.half.s1, a.half.s2, b.half.s2, a.half.s3, b.half.s3,             \
            a.half.s4, b.half.s4, a.half.s5, b.half.s5, a.half.s6, b.half.s6, a.half.s7, b.half.s7)

// Transposes a square of 16 × 16 in four rounds that interleave its upper half's lines with its lower half's.
static inline void transpose_square(float16 square[16]) {
#pragma unroll
  for (int round = 0; round < 4; round++) {
    float16 next[16];
#pragma unroll
    for (int i = 0; i < 8; i++) {
      next[2 * i] = INTERLEAVE(square[i], square[i + 8], lo);
      next[2 * i + 1] = INTERLEAVE(square[i], square[i + 8], hi);
    }
#pragma unroll
    for (int i = 0; i < 16; i++) square[i] = next[i];
  }
}
