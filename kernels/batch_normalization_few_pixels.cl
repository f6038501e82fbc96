// The backward pass of batch normalization, of few pixels, in one kernel. The tensors are those of batch_normalization.cl.
//
// Of two pixels hardly anything is left of g once its mean and its part along the normalized x are taken away: about
// epsilon over the variance of it. So here sums and products keep their rounding errors: a number is two floats that
// have 48 bits together (Dekker 1971), as not every device has doubles. Operations are not to be fused behind our back.

#include "common.h"
#include "activation.h"
#include "batch_normalization.h"

#ifndef POOLED
// Whether gradients come by way of a max-pooling 2 x 2 of the output, too; pooled and indices are those of
// batch_normalization_pooling.cl.
#define POOLED 0
#endif

#pragma OPENCL FP_CONTRACT OFF

typedef struct {
  FLOATS high, low;
} Pair;

static inline Pair exact_sum(const FLOATS a, const FLOATS b) {
  Pair sum;
  sum.high = a + b;
  const FLOATS part_of_b = sum.high - a;
  sum.low = (a - (sum.high - part_of_b)) + (b - part_of_b);
  return sum;
}

static inline Pair exact_product(const FLOATS a, const FLOATS b) {
  Pair product;
  product.high = a * b;
  product.low = fma(a, b, -product.high);
  return product;
}

static inline Pair pair_sum(const Pair a, const Pair b) {
  const Pair sum = exact_sum(a.high, b.high);
  return exact_sum(sum.high, sum.low + (a.low + b.low));
}

static inline Pair pair_negative(const Pair a) {
  Pair negative;
  negative.high = -a.high;
  negative.low = -a.low;
  return negative;
}

static inline Pair pair_product(const Pair a, const Pair b) {
  const Pair product = exact_product(a.high, b.high);
  return exact_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

static inline Pair pair_quotient(const Pair a, const FLOATS divisor) {
  const FLOATS quotient = a.high / divisor;
  return exact_sum(quotient, (fma(-quotient, divisor, a.high) + a.low) / divisor);
}

#if POOLED
// What comes to a pixel by way of the maximum of its square.
static inline FLOATS pooled_gradient(const uint pixel, const global float *pooled, const ulong pooled_stride,
                                     const global uchar *indices, const ulong indices_stride, const uint height,
                                     const uint width) {
  const uint x = pixel % width, y = pixel / width % height, n = pixel / width / height;
  if (y / 2 >= height / 2 || x / 2 >= width / 2) return 0.0f;
  const uint square = (n * (height / 2) + y / 2) * (width / 2) + x / 2;
  const INTS place = CONVERT_INTS(LOAD(indices + square * indices_stride));
  return select((FLOATS)(0.0f), LOAD(pooled + square * pooled_stride), place == (INTS)(y % 2 * 2 + x % 2));
}
#define ABOVE(pixel)                                                                                          \
  (LOAD(gradient + pixel * output_gradient_stride) +                                                          \
   pooled_gradient(pixel, pooled + pooled_offset + channel, pooled_stride, indices + indices_offset + channel, \
                   indices_stride, height, width))
#else
#define ABOVE(pixel) LOAD(gradient + pixel * output_gradient_stride)
#endif

// g and the normalized x of one place.
#define GRADIENT_AND_NORMALIZED_PAIR(pixel, g, normalized)                                                   \
  const Pair deviation = exact_sum(LOAD(x + pixel * input_stride), -center);                                 \
  const Pair product = exact_product(deviation.high, inverse);                                               \
  const Pair normalized = exact_sum(product.high, product.low + deviation.low * inverse);                    \
  const FLOATS y = ACTIVATE(FLOATS, normalized.high * gamma + beta, slope);                                  \
  const Pair g = exact_product(ABOVE(pixel), ACTIVATION_DERIVATIVE(FLOATS, y, slope))

// All of the backward pass. Group (channels). input_gradient may be output_gradient.
kernel GROUP_SHAPE void few_pixel_gradients(
    const global float *input, const ulong input_offset, const ulong input_stride, const global float *scale,
    const ulong scale_offset, const global float *shift, const ulong shift_offset, const global float *saved_mean,
    const ulong saved_mean_offset, const global float *saved_inverse_deviation,
    const ulong saved_inverse_deviation_offset, const global float *output_gradient,
    const ulong output_gradient_offset, const ulong output_gradient_stride,
#if POOLED
    const global float *pooled, const ulong pooled_offset, const ulong pooled_stride, const global uchar *indices,
    const ulong indices_offset, const ulong indices_stride, const uint height, const uint width,
#endif
    global float *scale_gradient, const ulong scale_gradient_offset, global float *shift_gradient, const ulong shift_gradient_offset,
    global float *target, const ulong target_offset, const ulong target_stride, const uint channels,
    const uint pixels, const float slope) {
#if !CPU_BODIES
  if (!IS_WRITER) return;
#endif
  for (uint line = 0; line < LINES; ++line) {
    const uint channel = FIRST_CHANNEL + line * VECTOR;
    const FLOATS center = LOAD(saved_mean + saved_mean_offset + channel),
                 inverse = LOAD(saved_inverse_deviation + saved_inverse_deviation_offset + channel);
    const FLOATS gamma = LOAD(scale + scale_offset + channel), beta = LOAD(shift + shift_offset + channel);
    const global float *x = input + input_offset + channel;
    const global float *gradient = output_gradient + output_gradient_offset + channel;
    Pair sum, product_sum;
    sum.high = 0.0f, sum.low = 0.0f, product_sum.high = 0.0f, product_sum.low = 0.0f;
    for (uint pixel = 0; pixel < pixels; ++pixel) {
      GRADIENT_AND_NORMALIZED_PAIR(pixel, g, normalized);
      sum = pair_sum(sum, g);
      product_sum = pair_sum(product_sum, pair_product(g, normalized));
    }
    const FLOATS count = (float)pixels;
    const Pair mean = pair_quotient(sum, count), product_mean = pair_quotient(product_sum, count);
    for (uint pixel = 0; pixel < pixels; ++pixel) {
      GRADIENT_AND_NORMALIZED_PAIR(pixel, g, normalized);
      const Pair taken_away = pair_sum(mean, pair_product(normalized, product_mean));
      const Pair left = pair_sum(g, pair_negative(taken_away));
      STORE(gamma * inverse * left.high, target + target_offset + channel + pixel * target_stride);
    }
#if ACCUMULATE
    sum.high += LOAD(shift_gradient + shift_gradient_offset + channel);
    product_sum.high += LOAD(scale_gradient + scale_gradient_offset + channel);
#endif
    STORE(sum.high, shift_gradient + shift_gradient_offset + channel);
    STORE(product_sum.high, scale_gradient + scale_gradient_offset + channel);
  }
}
