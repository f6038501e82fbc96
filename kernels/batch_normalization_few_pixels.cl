// The backward pass of batch normalization, of few pixels, in one kernel. The formulas and tensors are those of
// batch_normalization.cl.
// Group (channels), as in batch_normalization.h; one work-item sums up its channels' pixels alone.
//
// Of two pixels hardly anything is left of g once its mean and its part along the normalized x are taken away: about
// epsilon over the variance of it. So here sums and products keep their rounding errors: a number is two floats that
// have 48 bits together (Dekker 1971), as not every device has doubles. FP contraction must be off.

#include "common.h"
#include "activation.h"
#include "batch_normalization.h"

// Whether there are gradients of a max-pooling 2 × 2 of the output, too; pooled and indices are those of
// batch_normalization_pooling.cl.
#ifndef POOLED
#define POOLED 0
#endif

#pragma OPENCL FP_CONTRACT OFF

// high + low, the latter less than half a unit in the last place of the former.
typedef struct {
  FLOATS high, low;
} Pair;

static inline Pair exact_sum(FLOATS a, FLOATS b) {
  Pair sum;
  sum.high = a + b;
  const FLOATS part_of_b = sum.high - a;
  sum.low = (a - (sum.high - part_of_b)) + (b - part_of_b);
  return sum;
}

static inline Pair exact_product(FLOATS a, FLOATS b) {
  Pair product;
  product.high = a * b;
  product.low = fma(a, b, -product.high);
  return product;
}

static inline Pair pair_sum(Pair a, Pair b) {
  const Pair sum = exact_sum(a.high, b.high);
  return exact_sum(sum.high, sum.low + (a.low + b.low));
}

static inline Pair pair_negative(Pair a) {
  Pair negative;
  negative.high = -a.high;
  negative.low = -a.low;
  return negative;
}

static inline Pair pair_product(Pair a, Pair b) {
  const Pair product = exact_product(a.high, b.high);
  return exact_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

static inline Pair pair_quotient(Pair a, FLOATS divisor) {
  const FLOATS quotient = a.high / divisor;
  return exact_sum(quotient, (fma(-quotient, divisor, a.high) + a.low) / divisor);
}

#if POOLED
// Returns the pooled gradient where the pixel is the maximum of its square, else 0. Pointers are to the first channel.
static inline FLOATS pooled_gradient(uint pixel, global const float *pooled, ulong pooled_stride,
                                     global const uchar *indices, ulong indices_stride, uint height, uint width) {
  const Position at = position_of(pixel, height, width);
  if (at.y / 2 >= height / 2 || at.x / 2 >= width / 2) return 0.0f;
  const size_t square = pixel_index(at.n, at.y / 2, at.x / 2, height / 2, width / 2);
  const INTS place = CONVERT_INTS(LOAD(indices + square * indices_stride));
  return select((FLOATS)(0.0f), LOAD(pooled + square * pooled_stride), place == (INTS)(at.y % 2 * 2 + at.x % 2));
}
#define LOAD_UPSTREAM(gradient, pooled, indices, pixel, channel, height, width)                               \
  (LOAD(AT(gradient, pixel) + channel) + pooled_gradient(pixel, BASE(pooled) + channel, pooled##_stride,      \
                                                         BASE(indices) + channel, indices##_stride, height, width))
#else
#define LOAD_UPSTREAM(gradient, pooled, indices, pixel, channel, height, width) LOAD(AT(gradient, pixel) + channel)
#endif

// Values of one vector of channels.
typedef struct {
  FLOATS mean, inverse_deviation, scale, shift;
} PairChannel;

// The normalized x of one place, and g.
typedef struct {
  Pair normalized, g;
} PairTerms;

// Returns them from x and the upstream gradient.
static inline PairTerms pair_terms(PairChannel channel, FLOATS x, FLOATS upstream, float slope) {
  PairTerms terms;
  const Pair deviation = exact_sum(x, -channel.mean);
  const Pair product = exact_product(deviation.high, channel.inverse_deviation);
  terms.normalized = exact_sum(product.high, product.low + deviation.low * channel.inverse_deviation);
  const FLOATS y = ACTIVATE(FLOATS, terms.normalized.high * channel.scale + channel.shift, slope);
  terms.g = exact_product(upstream, ACTIVATION_DERIVATIVE(FLOATS, y, slope));
  return terms;
}

// All of the backward pass; target, the gradient by the input, may be output_gradient. The gradients of scale and shift
// are [accumulate] added to what is there.
kernel GROUP_SHAPE void few_pixel_gradients(
    TENSOR(const float *, input), ARRAY(const float *, scale), ARRAY(const float *, shift),
    ARRAY(const float *, saved_mean), ARRAY(const float *, saved_inverse_deviation),
    TENSOR(const float *, output_gradient),
#if POOLED
    TENSOR(const float *, pooled), TENSOR(const uchar *, indices), uint height, uint width,
#endif
    ARRAY(float *, scale_gradient), ARRAY(float *, shift_gradient), TENSOR(float *, target), uint channels,
    uint pixels, int accumulate, float slope) {
  if (!is_writer(channels)) return;
  for (uint line = 0; line < LINES; line++) {
    const uint channel = first_channel(channels) + line * VECTOR;
    const PairChannel values = {LOAD(BASE(saved_mean) + channel), LOAD(BASE(saved_inverse_deviation) + channel),
                                LOAD(BASE(scale) + channel), LOAD(BASE(shift) + channel)};
    Pair sum, product_sum;
    sum.high = 0.0f, sum.low = 0.0f, product_sum.high = 0.0f, product_sum.low = 0.0f;
    for (uint pixel = 0; pixel < pixels; pixel++) {
      const FLOATS upstream = LOAD_UPSTREAM(output_gradient, pooled, indices, pixel, channel, height, width);
      const PairTerms terms = pair_terms(values, LOAD(AT(input, pixel) + channel), upstream, slope);
      sum = pair_sum(sum, terms.g);
      product_sum = pair_sum(product_sum, pair_product(terms.g, terms.normalized));
    }
    const FLOATS count = (float)pixels;
    const Pair mean = pair_quotient(sum, count), product_mean = pair_quotient(product_sum, count);
    for (uint pixel = 0; pixel < pixels; pixel++) {
      const FLOATS upstream = LOAD_UPSTREAM(output_gradient, pooled, indices, pixel, channel, height, width);
      const PairTerms terms = pair_terms(values, LOAD(AT(input, pixel) + channel), upstream, slope);
      const Pair taken_away = pair_sum(mean, pair_product(terms.normalized, product_mean));
      const Pair left = pair_sum(terms.g, pair_negative(taken_away));
      STORE(values.scale * values.inverse_deviation * left.high, AT(target, pixel) + channel);
    }
    if (accumulate) {
      sum.high += LOAD(BASE(shift_gradient) + channel);
      product_sum.high += LOAD(BASE(scale_gradient) + channel);
    }
    STORE(sum.high, BASE(shift_gradient) + channel);
    STORE(product_sum.high, BASE(scale_gradient) + channel);
  }
}
