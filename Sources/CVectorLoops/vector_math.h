#pragma once

// Loads, stores and elementary functions on sixteen floats at a time, for the bodies of the vector loops. All are
// inlined, so that they are compiled for the instruction set of the loop that uses them.
//
// The functions follow Moshier's Cephes library (expf.c, logf.c, sinf.c, tanhf.c): range reduction, then a polynomial.
// Their errors are below 2e-7 of the result, or of 1 where the result passes through 0.

#include "multiversion.h"

typedef double vector_double16 __attribute__((vector_size(128), aligned(8)));
typedef uint8_t vector_byte16 __attribute__((vector_size(16), aligned(1)));

/// The first `count` of sixteen floats, the rest 0. A `count` of 16 that the compiler sees is one instruction.
VECTOR_LOOP vector_float16 vector_load(const float *from, size_t count) {
  vector_float16 value = {0};
  if (count == 16) {
    __builtin_memcpy(&value, from, sizeof value);
  } else {
    float part[16] = {0};
    for (size_t i = 0; i < count; i++) part[i] = from[i];
    __builtin_memcpy(&value, part, sizeof value);
  }
  return value;
}

/// Stores the first `count` of sixteen floats.
VECTOR_LOOP void vector_store(float *to, vector_float16 value, size_t count) {
  if (count == 16) {
    __builtin_memcpy(to, &value, sizeof value);
  } else {
    float part[16];
    __builtin_memcpy(part, &value, sizeof value);
    for (size_t i = 0; i < count; i++) to[i] = part[i];
  }
}

VECTOR_LOOP vector_float16 vector_broadcast(float value) { return value - (vector_float16){0}; }

/// `yes` where the mask is all ones, `no` where it is 0.
VECTOR_LOOP vector_float16 vector_select(vector_int16 mask, vector_float16 yes, vector_float16 no) {
  return (vector_float16)((mask & (vector_int16)yes) | (~mask & (vector_int16)no));
}

/// Returns the larger, or `b` where either is NaN.
VECTOR_LOOP vector_float16 vector_maximum(vector_float16 a, vector_float16 b) { return vector_select(a > b, a, b); }
VECTOR_LOOP vector_float16 vector_absolute(vector_float16 x) {
  return (vector_float16)((vector_int16)x & 0x7fffffff);
}

VECTOR_LOOP vector_float16 vector_square_root(vector_float16 x) {
#if __has_builtin(__builtin_elementwise_sqrt)
  return __builtin_elementwise_sqrt(x);
#else
  for (int i = 0; i < 16; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

/// The sum of the sixteen, in a fixed order.
VECTOR_LOOP double vector_sum(vector_double16 x) {
  double sum = 0;
  for (int i = 0; i < 16; i++) sum += x[i];
  return sum;
}

/// The nearest whole number, for |x| below 2²²: the sum has no room for a fraction. The baseline has no instruction for
/// it.
VECTOR_LOOP vector_float16 vector_round(vector_float16 x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

/// eˣ; x outside −87 ... 88 counts as the nearer end.
VECTOR_LOOP vector_float16 vector_exp(vector_float16 x) {
  x = vector_select(x > 88.0f, vector_broadcast(88.0f), x);
  x = vector_select(x < -87.0f, vector_broadcast(-87.0f), x);
  // x = n ln 2 + r with |r| ≤ ln 2 / 2; ln 2 in two parts, the first of few bits, so that n · ln 2 is exact.
  vector_float16 n = vector_round(x * 1.44269504088896341f);
  vector_float16 r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  vector_float16 p = 1.9875691500e-4f * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  vector_int16 power = (__builtin_convertvector(n, vector_int16) + 127) << 23;
  return p * (vector_float16)power;
}

/// ln x, for normal x > 0.
VECTOR_LOOP vector_float16 vector_log(vector_float16 x) {
  // x = 2ᵉ m with m in √½ ... √2.
  vector_int16 bits = (vector_int16)x;
  vector_int16 exponent = (bits >> 23) - 126;
  vector_float16 m = (vector_float16)((bits & 0x007fffff) | 0x3f000000);
  vector_int16 small = m < 0.707106781186547524f;
  exponent += small;  // −1 where m is small
  vector_float16 f = m + vector_select(small, m, (vector_float16){0}) - 1.0f;
  vector_float16 e = __builtin_convertvector(exponent, vector_float16);
  vector_float16 z = f * f;
  vector_float16 p = 7.0376836292e-2f * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  p = p * f * z;
  p = p + e * -2.12194440e-4f;
  p = p - 0.5f * z;
  return f + p + e * 0.693359375f;
}

/// ln(1 + x), for x in 0 ... 1.
VECTOR_LOOP vector_float16 vector_log1p(vector_float16 x) {
  // 1 + x is rounded; the rounding error is corrected to first order (Kahan).
  vector_float16 u = 1.0f + x;
  return vector_log(u) + (x - (u - 1.0f)) / u;
}

VECTOR_LOOP vector_float16 vector_sigmoid(vector_float16 x) { return 1.0f / (1.0f + vector_exp(-x)); }

VECTOR_LOOP vector_float16 vector_tanh(vector_float16 x) {
  vector_float16 a = vector_absolute(x);
  vector_float16 large = 1.0f - 2.0f / (vector_exp(2.0f * a) + 1.0f);
  large = (vector_float16)((vector_int16)large | ((vector_int16)x & (int32_t)0x80000000));
  vector_float16 z = x * x;
  vector_float16 p = -5.70498872745e-3f * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  vector_float16 small = p * z * x + x;
  return vector_select(a < 0.625f, small, large);
}

/// Cosine and sine of 2π · turns, for turns in 0 ... 1.
VECTOR_LOOP void vector_circle(vector_float16 turns, vector_float16 *cosine, vector_float16 *sine) {
  // The nearest quarter turn is subtracted exactly; the rest lies in −π/4 ... π/4.
  vector_float16 quarters = vector_round(turns * 4.0f);
  vector_float16 x = (turns * 4.0f - quarters) * 1.57079632679489662f;
  vector_int16 quarter = __builtin_convertvector(quarters, vector_int16);
  vector_float16 z = x * x;
  vector_float16 s = -1.9515295891e-4f * z + 8.3321608736e-3f;
  s = s * z - 1.6666654611e-1f;
  s = s * z * x + x;
  vector_float16 c = 2.443315711809948e-5f * z - 1.388731625493765e-3f;
  c = c * z + 4.166664568298827e-2f;
  c = c * z * z - 0.5f * z + 1.0f;
  vector_int16 swap = (quarter & 1) != 0;
  vector_float16 cos_size = vector_select(swap, s, c);
  vector_float16 sin_size = vector_select(swap, c, s);
  // Cosine is negative in quarters 1 and 2, sine in 2 and 3.
  *cosine = (vector_float16)((vector_int16)cos_size ^ (((quarter + 1) & 2) << 30));
  *sine = (vector_float16)((vector_int16)sin_size ^ ((quarter & 2) << 30));
}
