// Vectors of 16 neighbouring channels of which some may not exist.

// Returns 16 elements of `source`, of which the first `count` exist; the others are zero.
static inline float16 load_some(global const float *source, int count) {
  if (count >= 16) return vload16(0, source);
  float lanes[16];
  for (int lane = 0; lane < 16; lane++) lanes[lane] = lane < count ? source[lane] : 0.0f;
  return vload16(0, lanes);
}

// Stores the first `count` lanes.
static inline void store_some(float16 value, global float *target, int count) {
  if (count >= 16) {
    vstore16(value, 0, target);
  } else {
    float lanes[16];
    vstore16(value, 0, lanes);
    for (int lane = 0; lane < count; lane++) target[lane] = lanes[lane];
  }
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
