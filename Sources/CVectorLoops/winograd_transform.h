#pragma once

// The linear transforms to and from the transform domain, on 16 channels at a time. Those of stride 1 are the same as in
// kernels/convolution_winograd_transforms.h, which has the formulas.

#include "winograd_kinds.h"

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

// Two taps, for stride 2: F(4, 2) at the interpolation points ±1, ±1/2 and infinity. The error of float sums is 1e-6 of
// the largest value, as with stride 1.

/// Input transform: 5 pixels to 5 elements.
VECTOR_LOOP void two_tap_input(const float16 *x, const int stride, float16 *v, const int v_stride) {
  const float16 x0 = x[0], x1 = x[stride], x2 = x[2 * stride], x3 = x[3 * stride], x4 = x[4 * stride];
  const float16 even = x2 - 0.25f * x0, odd = x3 - 0.25f * x1;
  const float16 even2 = x0 - x2, odd2 = x1 - x3;
  v[0] = even + odd;
  v[v_stride] = even - odd;
  v[2 * v_stride] = even2 + 2.0f * odd2;
  v[3 * v_stride] = even2 - 2.0f * odd2;
  v[4 * v_stride] = x4 + 0.25f * x0 - 1.25f * x2;
}

/// Output transform: 5 elements to 4 pixels.
VECTOR_LOOP void two_tap_output(const float16 *m, const int stride, float16 *y, const int y_stride) {
  const float16 sum = m[0] + m[stride], difference = m[0] - m[stride];
  const float16 sum2 = m[2 * stride] + m[3 * stride], difference2 = m[2 * stride] - m[3 * stride];
  y[0] = sum + sum2;
  y[y_stride] = difference + 0.5f * difference2;
  y[2 * y_stride] = sum + 0.25f * sum2;
  y[3 * y_stride] = m[4 * stride] + difference + 0.125f * difference2;
}

/// 4 pixels of the output's gradient to 5 elements.
VECTOR_LOOP void two_tap_output_gradient(const float16 *y, const int stride, float16 *m, const int m_stride) {
  const float16 even = y[0] + y[2 * stride], odd = y[stride] + y[3 * stride];
  const float16 even2 = y[0] + 0.25f * y[2 * stride], odd2 = 0.5f * y[stride] + 0.125f * y[3 * stride];
  m[0] = even + odd;
  m[m_stride] = even - odd;
  m[2 * m_stride] = even2 + odd2;
  m[3 * m_stride] = even2 - odd2;
  m[4 * m_stride] = y[3 * stride];
}

/// Weight transform: 2 weights, every other one of `g`, to 5 elements.
VECTOR_LOOP void two_tap_weights(const float16 *g, const int stride, float16 *u, const int u_stride) {
  const float16 g0 = (2.0f / 3.0f) * g[0], g1 = (2.0f / 3.0f) * g[2 * stride];
  u[0] = g0 + g1;
  u[u_stride] = g0 - g1;
  u[2 * u_stride] = g0 + 0.5f * g1;
  u[3 * u_stride] = g0 - 0.5f * g1;
  u[4 * u_stride] = g[2 * stride];
}

/// 5 elements of the weights' gradient to 2 weights, every other one of `g`.
VECTOR_LOOP void two_tap_weights_gradient(const float16 *u, const int stride, float16 *g, const int g_stride) {
  const float16 sum = u[0] + u[stride], difference = u[0] - u[stride];
  const float16 sum2 = u[2 * stride] + u[3 * stride], difference2 = u[2 * stride] - u[3 * stride];
  g[0] = (2.0f / 3.0f) * (sum + sum2);
  g[2 * g_stride] = u[4 * stride] + (2.0f / 3.0f) * (difference + 0.5f * difference2);
}

VECTOR_LOOP void copy_elements(
    const int count, const float16 *from, const int from_stride, float16 *to, const int to_stride) {
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++) to[i * to_stride] = from[i * from_stride];
}

// 3 × 3 with stride 2. Along an axis, pixel 2q of the image meets tap 1 of pixel q of the map, and pixel 2q + 1 meets
// tap 2 of pixel q and tap 0 of pixel q + 1. So the even pixels are products as they are, and the odd ones F(4, 2).
// Domain: 4 even elements, then 5 odd ones; weights: one for all even elements, then 5.

/// 5 pixels of the map, from q on, to 9 elements.
VECTOR_LOOP void input_stride_2_image(const float16 *x, const int stride, float16 *v, const int v_stride) {
  copy_elements(4, x, stride, v, v_stride);
  two_tap_input(x, stride, v + 4 * v_stride, v_stride);
}
/// 9 elements to 8 pixels of the image, from 2q on.
VECTOR_LOOP void output_stride_2_image(const float16 *m, const int stride, float16 *y, const int y_stride) {
  copy_elements(4, m, stride, y, 2 * y_stride);
  two_tap_output(m + 4 * stride, stride, y + y_stride, 2 * y_stride);
}
VECTOR_LOOP void output_gradient_stride_2_image(const float16 *y, const int stride, float16 *m, const int m_stride) {
  copy_elements(4, y, 2 * stride, m, m_stride);
  two_tap_output_gradient(y + stride, 2 * stride, m + 4 * m_stride, m_stride);
}
/// 9 pixels of the image, from 2q - 1 on, to 9 elements.
VECTOR_LOOP void input_stride_2_map(const float16 *x, const int stride, float16 *v, const int v_stride) {
  copy_elements(4, x + stride, 2 * stride, v, v_stride);
  two_tap_input(x, 2 * stride, v + 4 * v_stride, v_stride);
}
/// 9 elements to 4 pixels of the map.
VECTOR_LOOP void output_stride_2_map(const float16 *m, const int stride, float16 *y, const int y_stride) {
  two_tap_output(m + 4 * stride, stride, y, y_stride);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) y[i * y_stride] += m[i * stride];
}
/// 3 weights, in the order in which they meet the source's pixels, to 6 elements.
VECTOR_LOOP void weights_stride_2(const float16 *g, const int stride, float16 *u, const int u_stride) {
  u[0] = g[stride];
  two_tap_weights(g, stride, u + u_stride, u_stride);
}
VECTOR_LOOP void weights_gradient_stride_2(const float16 *u, const int stride, float16 *g, const int g_stride) {
  g[g_stride] = u[0];
  two_tap_weights_gradient(u + stride, stride, g, g_stride);
}

// 4 × 4 with stride 2. Along an axis, pixel 2q of the image meets tap 1 of pixel q of the map and tap 3 of pixel q - 1;
// pixel 2q + 1 meets tap 2 of pixel q and tap 0 of pixel q + 1. Both are F(4, 2). Domain: 5 elements with taps 0 and 2
// of the order in which they meet the source's pixels, then 5 with taps 1 and 3. A pixel of the map is the sum of both,
// so that onto the map their products have the same sums.

/// 6 pixels of the map, from q - 1 on, to 10 elements.
VECTOR_LOOP void input_kernel_4_image(const float16 *x, const int stride, float16 *v, const int v_stride) {
  two_tap_input(x, stride, v, v_stride);
  two_tap_input(x + stride, stride, v + 5 * v_stride, v_stride);
}
/// 10 elements to 8 pixels of the image, from 2q on.
VECTOR_LOOP void output_kernel_4_image(const float16 *m, const int stride, float16 *y, const int y_stride) {
  two_tap_output(m, stride, y, 2 * y_stride);
  two_tap_output(m + 5 * stride, stride, y + y_stride, 2 * y_stride);
}
/// 10 pixels of the image, from 2q - 1 on, to 10 elements.
VECTOR_LOOP void input_kernel_4_map(const float16 *x, const int stride, float16 *v, const int v_stride) {
  two_tap_input(x, 2 * stride, v, v_stride);
  two_tap_input(x + stride, 2 * stride, v + 5 * v_stride, v_stride);
}
VECTOR_LOOP void weights_kernel_4(const float16 *g, const int stride, float16 *u, const int u_stride) {
  two_tap_weights(g, stride, u, u_stride);
  two_tap_weights(g + stride, stride, u + 5 * u_stride, u_stride);
}
VECTOR_LOOP void weights_gradient_kernel_4(const float16 *u, const int stride, float16 *g, const int g_stride) {
  two_tap_weights_gradient(u, stride, g, g_stride);
  two_tap_weights_gradient(u + 5 * stride, stride, g + g_stride, g_stride);
}

// In two dimensions: all columns, then all rows. `kind` is known to the compiler wherever these are inlined.

#define WINOGRAD_TRANSFORM_1D(name, stride_2_image, stride_2_map, kernel_4_image, kernel_4_map)            \
  VECTOR_LOOP void name##_1d(                                                                              \
      const enum winograd_kind kind, const float16 *from, const int stride, float16 *to, const int to_stride) { \
    switch (kind) {                                                                                        \
      case winograd_tile_4x4: name##_4(from, stride, to, to_stride); break;                                \
      case winograd_map_2x2: name##_2(from, stride, to, to_stride); break;                                 \
      case winograd_stride_2_image: stride_2_image(from, stride, to, to_stride); break;                    \
      case winograd_stride_2_map: stride_2_map(from, stride, to, to_stride); break;                        \
      case winograd_kernel_4_image: kernel_4_image(from, stride, to, to_stride); break;                    \
      case winograd_kernel_4_map: kernel_4_map(from, stride, to, to_stride); break;                        \
    }                                                                                                      \
  }
// Filter sums with stride 2 go from the map to the image with 3 × 3, and from the image to the map with 4 × 4.
#define NO_TRANSFORM(from, stride, to, to_stride) __builtin_trap()
#define WINOGRAD_TRANSFORM_2D(name, from_side, to_side)                                       \
  VECTOR_LOOP void name##_2d(const enum winograd_kind kind, const float16 *from, float16 *to) { \
    const int from_count = from_side(kind), to_count = to_side(kind);                         \
    float16 half[WINOGRAD_MOST_ELEMENTS];                                                     \
    _Pragma("clang loop unroll(full)") for (int x = 0; x < from_count; x++)                   \
        name##_1d(kind, from + x, from_count, half + x, from_count);                          \
    _Pragma("clang loop unroll(full)") for (int y = 0; y < to_count; y++)                     \
        name##_1d(kind, half + y * from_count, 1, to + y * to_count, 1);                      \
  }
WINOGRAD_TRANSFORM_1D(input, input_stride_2_image, input_stride_2_map, input_kernel_4_image, input_kernel_4_map)
WINOGRAD_TRANSFORM_1D(output, output_stride_2_image, output_stride_2_map, output_kernel_4_image, two_tap_output)
WINOGRAD_TRANSFORM_1D(
    output_gradient, output_gradient_stride_2_image, NO_TRANSFORM, NO_TRANSFORM, two_tap_output_gradient)
WINOGRAD_TRANSFORM_1D(weights, weights_stride_2, weights_stride_2, weights_kernel_4, weights_kernel_4)
WINOGRAD_TRANSFORM_1D(
    weights_gradient, weights_gradient_stride_2, NO_TRANSFORM, NO_TRANSFORM, weights_gradient_kernel_4)
WINOGRAD_TRANSFORM_2D(weights, kernel_side, weights_side)
WINOGRAD_TRANSFORM_2D(weights_gradient, weights_side, kernel_side)

/// Calls loop(kind, arguments …) with the kind as a constant.
#define WITH_WINOGRAD_KIND(kind, loop, ...)                                                        \
  switch (kind) {                                                                                  \
    case winograd_tile_4x4: loop(winograd_tile_4x4, __VA_ARGS__); break;                           \
    case winograd_map_2x2: loop(winograd_map_2x2, __VA_ARGS__); break;                             \
    case winograd_stride_2_image: loop(winograd_stride_2_image, __VA_ARGS__); break;               \
    case winograd_stride_2_map: loop(winograd_stride_2_map, __VA_ARGS__); break;                   \
    case winograd_kernel_4_image: loop(winograd_kernel_4_image, __VA_ARGS__); break;               \
    case winograd_kernel_4_map: loop(winograd_kernel_4_map, __VA_ARGS__); break;                   \
  }
