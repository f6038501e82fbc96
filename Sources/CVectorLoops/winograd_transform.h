#pragma once

// The linear transforms to and from the transform domain, on 16 channels at a time: the same as those of
// kernels/convolution_winograd_transforms.h, which has the formulas.

#include "multiversion.h"

typedef vector_float16 float16;

#define HALF_ROOT 0.70710678118654752440f
#define ROOT 1.41421356237309504880f

VECTOR_LOOP float16 load16(const float *from) { return *(const float16 *)from; }
VECTOR_LOOP void store16(float *to, float16 value) { *(float16 *)to = value; }

/// Input transform Bᵀ: 6 pixels to 6 elements of the transform domain.
VECTOR_LOOP void input_4(const float16 *x, const int stride, float16 *v, const int v_stride) {
  const float16 x0 = x[0], x1 = x[stride], x2 = x[2 * stride], x3 = x[3 * stride], x4 = x[4 * stride];
  const float16 x5 = x[5 * stride];
  const float16 even = x4 - 2.0f * x2, odd = x3 - 2.0f * x1;
  const float16 even2 = x4 - 0.5f * x2, odd2 = x3 - 0.5f * x1;
  v[0] = x0 - 2.5f * x2 + x4;
  v[v_stride] = even + HALF_ROOT * odd;
  v[2 * v_stride] = even - HALF_ROOT * odd;
  v[3 * v_stride] = even2 + ROOT * odd2;
  v[4 * v_stride] = even2 - ROOT * odd2;
  v[5 * v_stride] = x1 - 2.5f * x3 + x5;
}

/// Output transform Aᵀ: 6 elements to 4 pixels.
VECTOR_LOOP void output_4(const float16 *m, const int stride, float16 *y, const int y_stride) {
  const float16 sum = m[stride] + m[2 * stride], difference = m[stride] - m[2 * stride];
  const float16 sum2 = m[3 * stride] + m[4 * stride], difference2 = m[3 * stride] - m[4 * stride];
  y[0] = m[0] + sum + sum2;
  y[y_stride] = HALF_ROOT * difference + ROOT * difference2;
  y[2 * y_stride] = 0.5f * sum + 2.0f * sum2;
  y[3 * y_stride] = m[5 * stride] + 0.5f * HALF_ROOT * difference + 2.0f * ROOT * difference2;
}

/// A: 4 pixels of the output's gradient to 6 elements.
VECTOR_LOOP void output_gradient_4(const float16 *y, const int stride, float16 *m, const int m_stride) {
  const float16 even = y[0] + 0.5f * y[2 * stride], odd = y[stride] + 0.5f * y[3 * stride];
  const float16 even2 = y[0] + 2.0f * y[2 * stride], odd2 = y[stride] + 2.0f * y[3 * stride];
  m[0] = y[0];
  m[m_stride] = even + HALF_ROOT * odd;
  m[2 * m_stride] = even - HALF_ROOT * odd;
  m[3 * m_stride] = even2 + ROOT * odd2;
  m[4 * m_stride] = even2 - ROOT * odd2;
  m[5 * m_stride] = y[3 * stride];
}

/// Weight transform G: 3 weights to 6 elements.
VECTOR_LOOP void weights_4(const float16 *g, const int stride, float16 *u, const int u_stride) {
  const float16 g0 = g[0], g1 = g[stride], g2 = g[2 * stride];
  const float16 even = (-2.0f / 3.0f) * g0 + (-1.0f / 3.0f) * g2, odd = (-2.0f / 3.0f * HALF_ROOT) * g1;
  const float16 even2 = (1.0f / 6.0f) * g0 + (1.0f / 3.0f) * g2, odd2 = (1.0f / 6.0f * ROOT) * g1;
  u[0] = g0;
  u[u_stride] = even + odd;
  u[2 * u_stride] = even - odd;
  u[3 * u_stride] = even2 + odd2;
  u[4 * u_stride] = even2 - odd2;
  u[5 * u_stride] = g2;
}

/// Gᵀ: 6 elements of the weights' gradient to 3 weights.
VECTOR_LOOP void weights_gradient_4(const float16 *u, const int stride, float16 *g, const int g_stride) {
  const float16 sum = u[stride] + u[2 * stride], difference = u[stride] - u[2 * stride];
  const float16 sum2 = u[3 * stride] + u[4 * stride], difference2 = u[3 * stride] - u[4 * stride];
  g[0] = u[0] + (-2.0f / 3.0f) * sum + (1.0f / 6.0f) * sum2;
  g[g_stride] = (-2.0f / 3.0f * HALF_ROOT) * difference + (1.0f / 6.0f * ROOT) * difference2;
  g[2 * g_stride] = u[5 * stride] + (-1.0f / 3.0f) * sum + (1.0f / 3.0f) * sum2;
}

/// The same five for a map of 2 pixels, with 3 elements.
VECTOR_LOOP void input_2(const float16 *x, const int stride, float16 *v, const int v_stride) {
  v[0] = x[0] + x[stride];
  v[v_stride] = x[stride];
  v[2 * v_stride] = x[0];
}
VECTOR_LOOP void output_2(const float16 *m, const int stride, float16 *y, const int y_stride) {
  y[0] = m[0] + m[stride];
  y[y_stride] = m[0] + m[2 * stride];
}
VECTOR_LOOP void output_gradient_2(const float16 *y, const int stride, float16 *m, const int m_stride) {
  m[0] = y[0] + y[stride];
  m[m_stride] = y[0];
  m[2 * m_stride] = y[stride];
}
VECTOR_LOOP void weights_2(const float16 *g, const int stride, float16 *u, const int u_stride) {
  u[0] = g[stride];
  u[u_stride] = g[2 * stride] - g[stride];
  u[2 * u_stride] = g[0] - g[stride];
}
VECTOR_LOOP void weights_gradient_2(const float16 *u, const int stride, float16 *g, const int g_stride) {
  g[0] = u[2 * stride];
  g[g_stride] = u[0] - u[stride] - u[2 * stride];
  g[2 * g_stride] = u[stride];
}

// In two dimensions: all columns, then all rows. `kind` is known to the compiler wherever these are inlined.

#define WINOGRAD_TRANSFORM_2D(name, from_4, to_4, from_2, to_2)                              \
  VECTOR_LOOP void name##_2d(const enum winograd_kind kind, const float16 *from, float16 *to) { \
    if (kind == winograd_tile_4x4) {                                                          \
      float16 half[to_4 * from_4];                                                            \
      _Pragma("clang loop unroll(full)") for (int x = 0; x < from_4; x++)                     \
          name##_4(from + x, from_4, half + x, from_4);                                       \
      _Pragma("clang loop unroll(full)") for (int y = 0; y < to_4; y++)                       \
          name##_4(half + y * from_4, 1, to + y * to_4, 1);                                   \
    } else {                                                                                  \
      float16 half[to_2 * from_2];                                                            \
      _Pragma("clang loop unroll(full)") for (int x = 0; x < from_2; x++)                     \
          name##_2(from + x, from_2, half + x, from_2);                                       \
      _Pragma("clang loop unroll(full)") for (int y = 0; y < to_2; y++)                       \
          name##_2(half + y * from_2, 1, to + y * to_2, 1);                                   \
    }                                                                                         \
  }
WINOGRAD_TRANSFORM_2D(input, 6, 6, 2, 3)
WINOGRAD_TRANSFORM_2D(output, 6, 4, 3, 2)
WINOGRAD_TRANSFORM_2D(output_gradient, 4, 6, 2, 3)
WINOGRAD_TRANSFORM_2D(weights, 3, 6, 3, 3)
WINOGRAD_TRANSFORM_2D(weights_gradient, 6, 3, 3, 3)

enum { WINOGRAD_MOST_ELEMENTS = 36, WINOGRAD_MOST_INPUTS = 36, WINOGRAD_MOST_OUTPUTS = 16 };

/// Pixels that a tile reads and writes, and elements of the transform domain, along one side.
VECTOR_LOOP int input_side(const enum winograd_kind kind) { return kind == winograd_tile_4x4 ? 6 : 2; }
VECTOR_LOOP int output_side(const enum winograd_kind kind) { return kind == winograd_tile_4x4 ? 4 : 2; }
VECTOR_LOOP int domain_side(const enum winograd_kind kind) { return kind == winograd_tile_4x4 ? 6 : 3; }
