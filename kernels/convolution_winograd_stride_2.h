// The transforms of 3 × 3 convolutions with stride 2 and padding 1, and of transposed ones, along one side. Included by
// convolution_winograd_transforms.h, which has their names and what they are for.
//
// Pixel 2q of the image meets tap 1 of pixel q of the map; pixel 2q + 1 meets tap 2 of pixel q and tap 0 of pixel
// q + 1. So the even pixels are products as they are, one for each pixel of the map, and the odd ones are F(4, 2): 9 products
// in the place of 12, and 81 in the place of 144 for a tile. The first 4 elements of the transform domain are those of
// even pixels, which have the same weight, the other 5 those of odd ones.
//
// F(4, 2) is Toom-Cook at the interpolation points ±1, ±1/2 and infinity, with an error of 1e-6 of the largest value.

// Bᵀ: 5 pixels to 5 elements.
FORCE_INLINE void two_tap_input(const VALUE *x, int stride, VALUE *v) {
  const VALUE x0 = x[0], x1 = x[stride], x2 = x[2 * stride], x3 = x[3 * stride], x4 = x[4 * stride];
  const VALUE even = x2 - 0.25f * x0, odd = x3 - 0.25f * x1;
  const VALUE even2 = x0 - x2, odd2 = x1 - x3;
  v[0] = even + odd;
  v[1] = even - odd;
  v[2] = even2 + 2.0f * odd2;
  v[3] = even2 - 2.0f * odd2;
  v[4] = x4 + 0.25f * x0 - 1.25f * x2;
}

// Aᵀ: 5 elements to 4 pixels.
FORCE_INLINE void two_tap_output(const VALUE *m, int stride, VALUE *y) {
  const VALUE sum = m[0] + m[stride], difference = m[0] - m[stride];
  const VALUE sum2 = m[2 * stride] + m[3 * stride], difference2 = m[2 * stride] - m[3 * stride];
  y[0] = sum + sum2;
  y[1] = difference + 0.5f * difference2;
  y[2] = sum + 0.25f * sum2;
  y[3] = m[4 * stride] + difference + 0.125f * difference2;
}

// A: 4 pixels of the output's gradient to 5 elements.
FORCE_INLINE void two_tap_output_gradient(const VALUE *y, int stride, VALUE *m) {
  const VALUE y0 = y[0], y1 = y[stride], y2 = y[2 * stride], y3 = y[3 * stride];
  const VALUE even = y0 + y2, odd = y1 + y3;
  const VALUE even2 = y0 + 0.25f * y2, odd2 = 0.5f * y1 + 0.125f * y3;
  m[0] = even + odd;
  m[1] = even - odd;
  m[2] = even2 + odd2;
  m[3] = even2 - odd2;
  m[4] = y3;
}

// G: 2 weights, every other one of g, to 5 elements.
FORCE_INLINE void two_tap_weights(const VALUE *g, int stride, VALUE *u) {
  const VALUE g0 = (2.0f / 3.0f) * g[0], g1 = (2.0f / 3.0f) * g[2 * stride];
  u[0] = g0 + g1;
  u[1] = g0 - g1;
  u[2] = g0 + 0.5f * g1;
  u[3] = g0 - 0.5f * g1;
  u[4] = g[2 * stride];
}

// Gᵀ: 5 elements of the weights' gradient to 2 weights, every other one of g.
FORCE_INLINE void two_tap_weights_gradient(const VALUE *u, int stride, VALUE *g) {
  const VALUE sum = u[0] + u[stride], difference = u[0] - u[stride];
  const VALUE sum2 = u[2 * stride] + u[3 * stride], difference2 = u[2 * stride] - u[3 * stride];
  g[0] = (2.0f / 3.0f) * (sum + sum2);
  g[2] = u[4 * stride] + (2.0f / 3.0f) * (difference + 0.5f * difference2);
}

// 3 weights, in the order in which they meet the input's pixels, to 6 elements.
FORCE_INLINE void weight_transform_line(const VALUE *g, int stride, VALUE *u) {
  u[0] = g[stride];
  two_tap_weights(g, stride, u + 1);
}

#if STRIDE_2_TO_IMAGE
// 5 pixels of the map, from q on, to 9 elements.
FORCE_INLINE void input_transform_line(const VALUE *x, int stride, VALUE *v) {
#pragma unroll
  for (int i = 0; i < 4; i++) v[i] = x[i * stride];
  two_tap_input(x, stride, v + 4);
}

// 9 elements to 8 pixels of the image, from 2q on.
FORCE_INLINE void output_transform_line(const VALUE *m, int stride, VALUE *y) {
  VALUE odd[4];
  two_tap_output(m + 4 * stride, stride, odd);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    y[2 * i] = m[i * stride];
    y[2 * i + 1] = odd[i];
  }
}

// 8 pixels of the image's gradient to 9 elements.
FORCE_INLINE void output_gradient_transform_line(const VALUE *y, int stride, VALUE *m) {
#pragma unroll
  for (int i = 0; i < 4; i++) m[i] = y[2 * i * stride];
  two_tap_output_gradient(y + stride, 2 * stride, m + 4);
}

// 6 elements of the weights' gradient to 3 weights.
FORCE_INLINE void weights_gradient_transform_line(const VALUE *u, int stride, VALUE *g) {
  g[1] = u[0];
  two_tap_weights_gradient(u + stride, stride, g);
}
#else
// 9 pixels of the image, from 2q - 1 on, to 9 elements.
FORCE_INLINE void input_transform_line(const VALUE *x, int stride, VALUE *v) {
#pragma unroll
  for (int i = 0; i < 4; i++) v[i] = x[(2 * i + 1) * stride];
  two_tap_input(x, 2 * stride, v + 4);
}

// 9 elements to 4 pixels of the map.
FORCE_INLINE void output_transform_line(const VALUE *m, int stride, VALUE *y) {
  two_tap_output(m + 4 * stride, stride, y);
#pragma unroll
  for (int i = 0; i < 4; i++) y[i] += m[i * stride];
}
#endif
