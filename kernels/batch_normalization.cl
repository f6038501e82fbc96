// Batch normalization over batch, height and width (Ioffe and Szegedy 2015, algorithm 1): training forward, inference,
// backward, each with an activation on top.
//
// input (x), output, output_gradient, input_gradient: [pixels][channels], each with an offset and a pixel stride.
// scale, shift, running_mean, running_variance, saved_mean, saved_inverse_deviation and the gradients of scale and
// shift: vectors of channels, each with an offset. partials: [2][blocks][channels], what stage 1 found in each block of
// BLOCK pixels.
//
// Training forward: stage 1 (statistics_blocks) finds each block's mean and sum of squared deviations from it, stage 2
// (statistics) combines the blocks in their order (Chan, Golub and LeVeque 1983), stage 3 (normalize_channels) writes the
// output. A variance is a sum of squared deviations throughout, never a difference of large sums, and means are sums of
// differences from a first value, so both hold for data far from zero.
// Backward: gradient_blocks, gradient_sums, input_gradient in the same way, or, of few pixels, few_pixel_gradients alone.
// Blocks depend on the shape and the kind of bodies; inside a block the order of a sum depends on VECTOR or ROWS, which
// the device decides too. So a device gives the same bits each time, and two devices give the same up to rounding.
//
// CPU bodies: one work-item per group takes VECTOR neighbouring channels of one block. GPU bodies: a group of LANES x
// ROWS work-items takes LANES neighbouring channels of one block, each work-item every ROWS-th pixel.

#include "common.h"
#include "activation.h"

#ifndef BLOCK
// Pixels of one block; a CPU body reads it twice, so 16 channels of it should stay in the first-level cache.
#define BLOCK 256
#endif
#ifndef VECTOR
// Channels of one work-item: with CPU bodies a power of two up to 16 that divides the number of channels, else 1.
#define VECTOR 1
#endif
#ifndef LANES
// GPU bodies: channels of one group.
#define LANES 32
#endif
#ifndef ROWS
// GPU bodies: pixels that a group takes at a time.
#define ROWS 8
#endif
#ifndef INFERENCE
// normalize_channels: whether it is given the running variance in place of the inverse deviation.
#define INFERENCE 0
#endif
#ifndef ACCUMULATE
// Backward: whether to add to the gradients of scale and shift.
#define ACCUMULATE 0
#endif

#include "vectors.h"

#if CPU_BODIES
#define GROUP_SHAPE __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define GROUP_SHAPE __attribute__((reqd_work_group_size(LANES, ROWS, 1)))

// Sum of `value` over the rows of the group, in the order of a tree, for this work-item's lane. All work-items call it.
static inline float sum_of_rows(local float (*sums)[LANES], const float value) {
  const uint lane = get_local_id(0), row = get_local_id(1);
  barrier(CLK_LOCAL_MEM_FENCE);
  sums[row][lane] = value;
  for (uint half_rows = ROWS / 2; half_rows > 0; half_rows /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (row < half_rows) sums[row][lane] += sums[row + half_rows][lane];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return sums[0][lane];
}
#endif

// Adds `value` to *sum with the rounding error kept in *error (Kahan 1965).
static inline void add_compensated(FLOATS *sum, FLOATS *error, const FLOATS value) {
  const FLOATS corrected = value - *error;
  const FLOATS next = *sum + corrected;
  *error = (next - *sum) - corrected;
  *sum = next;
}

// ---- Training forward ----

// Stage 1. Group (channels, block).
kernel GROUP_SHAPE void statistics_blocks(const global float *input, const ulong input_offset, const ulong input_stride,
                                          global float *partials, const uint channels, const uint pixels,
                                          const uint blocks) {
  const uint block = get_group_id(1);
  const uint start = block * BLOCK;
  const uint count = min(pixels - start, (uint)BLOCK);
  const global float *first = input + input_offset + (size_t)start * input_stride;
#if CPU_BODIES
  const uint channel = get_group_id(0) * VECTOR;
  const global float *x = first + channel;
  const FLOATS reference = LOAD(x);
  // Several sums, as one would wait for each addition to end.
  FLOATS sum0 = 0.0f, sum1 = 0.0f, sum2 = 0.0f, sum3 = 0.0f;
  uint i = 0;
  for (; i + 4 <= count; i += 4) {
    sum0 += LOAD(x + i * input_stride) - reference;
    sum1 += LOAD(x + (i + 1) * input_stride) - reference;
    sum2 += LOAD(x + (i + 2) * input_stride) - reference;
    sum3 += LOAD(x + (i + 3) * input_stride) - reference;
  }
  for (; i < count; ++i) sum0 += LOAD(x + i * input_stride) - reference;
  const FLOATS mean = reference + ((sum0 + sum1) + (sum2 + sum3)) / (float)count;
  sum0 = 0.0f, sum1 = 0.0f, sum2 = 0.0f, sum3 = 0.0f;
  for (i = 0; i + 4 <= count; i += 4) {
    const FLOATS d0 = LOAD(x + i * input_stride) - mean, d1 = LOAD(x + (i + 1) * input_stride) - mean;
    const FLOATS d2 = LOAD(x + (i + 2) * input_stride) - mean, d3 = LOAD(x + (i + 3) * input_stride) - mean;
    sum0 += d0 * d0;
    sum1 += d1 * d1;
    sum2 += d2 * d2;
    sum3 += d3 * d3;
  }
  for (; i < count; ++i) {
    const FLOATS d = LOAD(x + i * input_stride) - mean;
    sum0 += d * d;
  }
  STORE(mean, partials + (size_t)block * channels + channel);
  STORE((sum0 + sum1) + (sum2 + sum3), partials + ((size_t)blocks + block) * channels + channel);
#else
  local float sums[ROWS][LANES];
  const uint channel = get_global_id(0);
  const uint row = get_local_id(1);
  // Work-items past the last channel read it again: all must reach the barriers.
  const global float *x = first + min(channel, channels - 1);
  const float reference = *x;
  float sum = 0.0f;
  for (uint i = row; i < count; i += ROWS) sum += x[i * input_stride] - reference;
  const float mean = reference + sum_of_rows(sums, sum) / (float)count;
  float squares = 0.0f;
  for (uint i = row; i < count; i += ROWS) {
    const float d = x[i * input_stride] - mean;
    squares += d * d;
  }
  squares = sum_of_rows(sums, squares);
  if (row == 0 && channel < channels) {
    partials[(size_t)block * channels + channel] = mean;
    partials[((size_t)blocks + block) * channels + channel] = squares;
  }
#endif
}

// Stage 2. Group (channels). running = (1 - momentum) * running + momentum * statistic, with the unbiased variance.
kernel GROUP_SHAPE void statistics(const global float *partials, global float *saved_mean,
                                   const ulong saved_mean_offset, global float *saved_inverse_deviation,
                                   const ulong saved_inverse_deviation_offset, global float *running_mean,
                                   const ulong running_mean_offset, global float *running_variance,
                                   const ulong running_variance_offset, const uint channels, const uint pixels,
                                   const uint blocks, const float epsilon, const float momentum,
                                   const float momentum_complement) {
#if CPU_BODIES
  const uint channel = get_group_id(0) * VECTOR;
  const uint first_block = 0, block_step = 1;
#else
  local float sums[ROWS][LANES];
  const bool is_writer = get_local_id(1) == 0 && get_global_id(0) < channels;
  const uint channel = min((uint)get_global_id(0), channels - 1);
  const uint first_block = get_local_id(1), block_step = ROWS;
#endif
  const global float *means = partials + channel;
  const global float *squares = means + (size_t)blocks * channels;
  const FLOATS reference = LOAD(means);
  FLOATS sum = 0.0f, error = 0.0f;
  for (uint block = first_block; block < blocks; block += block_step) {
    const float count = min(pixels - block * BLOCK, (uint)BLOCK);
    add_compensated(&sum, &error, (LOAD(means + (size_t)block * channels) - reference) * count);
  }
#if !CPU_BODIES
  sum = sum_of_rows(sums, sum);
#endif
  const FLOATS mean = reference + sum / (float)pixels;
  sum = 0.0f, error = 0.0f;
  for (uint block = first_block; block < blocks; block += block_step) {
    const float count = min(pixels - block * BLOCK, (uint)BLOCK);
    const FLOATS d = LOAD(means + (size_t)block * channels) - mean;
    add_compensated(&sum, &error, LOAD(squares + (size_t)block * channels) + d * d * count);
  }
#if !CPU_BODIES
  sum = sum_of_rows(sums, sum);
  if (!is_writer) return;
#endif
  const FLOATS inverse_deviation = 1.0f / sqrt(sum / (float)pixels + epsilon);
  // A single pixel has no unbiased variance; dividing by one keeps it finite.
  const FLOATS unbiased = sum / (float)max(pixels - 1, 1u);
  STORE(mean, saved_mean + saved_mean_offset + channel);
  STORE(inverse_deviation, saved_inverse_deviation + saved_inverse_deviation_offset + channel);
  STORE(momentum_complement * LOAD(running_mean + running_mean_offset + channel) + momentum * mean,
        running_mean + running_mean_offset + channel);
  STORE(momentum_complement * LOAD(running_variance + running_variance_offset + channel) + momentum * unbiased,
        running_variance + running_variance_offset + channel);
}

// The pixels that one work-item of an element-wise stage takes: CPU bodies all of a block, GPU bodies every ROWS-th.
#if CPU_BODIES
#define FOR_EACH_PIXEL(pixel) for (uint pixel = start; pixel < end; ++pixel)
#else
#define FOR_EACH_PIXEL(pixel) for (uint pixel = start + get_local_id(1); pixel < end; pixel += ROWS)
#endif

// Stage 3, and inference. Group (channels, block). output = activation(scale * (x - mean) * inverse_deviation + shift);
// output may be input.
kernel GROUP_SHAPE void normalize_channels(const global float *input, const ulong input_offset, const ulong input_stride,
                                  const global float *scale, const ulong scale_offset, const global float *shift,
                                  const ulong shift_offset, const global float *mean, const ulong mean_offset,
                                  const global float *inverse_deviation, const ulong inverse_deviation_offset,
                                  global float *output, const ulong output_offset, const ulong output_stride,
                                  const uint channels, const uint pixels, const float epsilon, const float slope) {
  const uint start = (uint)get_group_id(1) * BLOCK;
  const uint end = start + min(pixels - start, (uint)BLOCK);
#if CPU_BODIES
  const uint channel = get_group_id(0) * VECTOR;
#else
  const uint channel = get_global_id(0);
  if (channel >= channels) return;
#endif
#if INFERENCE
  const FLOATS factor = LOAD(scale + scale_offset + channel) /
                        sqrt(LOAD(inverse_deviation + inverse_deviation_offset + channel) + epsilon);
#else
  const FLOATS factor =
      LOAD(scale + scale_offset + channel) * LOAD(inverse_deviation + inverse_deviation_offset + channel);
#endif
  const FLOATS center = LOAD(mean + mean_offset + channel);
  const FLOATS addend = LOAD(shift + shift_offset + channel);
  const global float *source = input + input_offset + channel;
  global float *target = output + output_offset + channel;
  FOR_EACH_PIXEL(pixel) {
    // The mean goes first: with data far from zero, mean * factor would cancel against x * factor.
    const FLOATS z = (LOAD(source + pixel * input_stride) - center) * factor + addend;
    STORE(ACTIVATE(FLOATS, z, slope), target + pixel * output_stride);
  }
}

// ---- Backward ----

// g, the gradient below the activation, and the normalized x of one place.
#define GRADIENT_AND_NORMALIZED(pixel, g, normalized)                            \
  const FLOATS normalized = (LOAD(x + pixel * input_stride) - center) * inverse; \
  const FLOATS y = ACTIVATE(FLOATS, normalized * gamma + beta, slope);           \
  const FLOATS g = LOAD(gradient + pixel * output_gradient_stride) * ACTIVATION_DERIVATIVE(FLOATS, y, slope)

// Stage 1. Group (channels, block): sums of g and of g * normalized x.
kernel GROUP_SHAPE void gradient_blocks(const global float *input, const ulong input_offset, const ulong input_stride,
                                        const global float *scale, const ulong scale_offset, const global float *shift,
                                        const ulong shift_offset, const global float *saved_mean,
                                        const ulong saved_mean_offset, const global float *saved_inverse_deviation,
                                        const ulong saved_inverse_deviation_offset, const global float *output_gradient,
                                        const ulong output_gradient_offset, const ulong output_gradient_stride,
                                        global float *partials, const uint channels, const uint pixels,
                                        const uint blocks, const float slope) {
  const uint block = get_group_id(1);
  const uint start = block * BLOCK;
  const uint end = start + min(pixels - start, (uint)BLOCK);
#if CPU_BODIES
  const uint channel = get_group_id(0) * VECTOR;
#else
  local float sums[ROWS][LANES];
  // Work-items past the last channel repeat it: all must reach the barriers.
  const uint channel = min((uint)get_global_id(0), channels - 1);
#endif
  const FLOATS center = LOAD(saved_mean + saved_mean_offset + channel),
               inverse = LOAD(saved_inverse_deviation + saved_inverse_deviation_offset + channel);
  const FLOATS gamma = LOAD(scale + scale_offset + channel), beta = LOAD(shift + shift_offset + channel);
  const global float *x = input + input_offset + channel;
  const global float *gradient = output_gradient + output_gradient_offset + channel;
  FLOATS sum = 0.0f, product_sum = 0.0f;
  FOR_EACH_PIXEL(pixel) {
    GRADIENT_AND_NORMALIZED(pixel, g, normalized);
    sum += g;
    product_sum += g * normalized;
  }
#if !CPU_BODIES
  sum = sum_of_rows(sums, sum);
  product_sum = sum_of_rows(sums, product_sum);
  if (get_local_id(1) != 0 || get_global_id(0) >= channels) return;
#endif
  STORE(sum, partials + (size_t)block * channels + channel);
  STORE(product_sum, partials + ((size_t)blocks + block) * channels + channel);
}

// Stage 2. Group (channels): the gradients of shift and scale, and into means [2][channels] both over the number of
// pixels.
kernel GROUP_SHAPE void gradient_sums(const global float *partials, global float *means, global float *scale_gradient,
                                      const ulong scale_gradient_offset, global float *shift_gradient,
                                      const ulong shift_gradient_offset, const uint channels, const uint pixels,
                                      const uint blocks) {
#if CPU_BODIES
  const uint channel = get_group_id(0) * VECTOR;
  const uint first_block = 0, block_step = 1;
#else
  local float sums[ROWS][LANES];
  const uint channel = min((uint)get_global_id(0), channels - 1);
  const uint first_block = get_local_id(1), block_step = ROWS;
#endif
  FLOATS sum = 0.0f, sum_error = 0.0f, product_sum = 0.0f, product_error = 0.0f;
  for (uint block = first_block; block < blocks; block += block_step) {
    add_compensated(&sum, &sum_error, LOAD(partials + (size_t)block * channels + channel));
    add_compensated(&product_sum, &product_error, LOAD(partials + ((size_t)blocks + block) * channels + channel));
  }
#if !CPU_BODIES
  sum = sum_of_rows(sums, sum);
  product_sum = sum_of_rows(sums, product_sum);
  if (get_local_id(1) != 0 || get_global_id(0) >= channels) return;
#endif
  STORE(sum / (float)pixels, means + channel);
  STORE(product_sum / (float)pixels, means + channels + channel);
#if ACCUMULATE
  STORE(LOAD(shift_gradient + shift_gradient_offset + channel) + sum, shift_gradient + shift_gradient_offset + channel);
  STORE(LOAD(scale_gradient + scale_gradient_offset + channel) + product_sum,
        scale_gradient + scale_gradient_offset + channel);
#else
  STORE(sum, shift_gradient + shift_gradient_offset + channel);
  STORE(product_sum, scale_gradient + scale_gradient_offset + channel);
#endif
}

// Stage 3. Group (channels, block). input_gradient may be output_gradient.
kernel GROUP_SHAPE void input_gradient(const global float *input, const ulong input_offset, const ulong input_stride,
                                       const global float *scale, const ulong scale_offset, const global float *shift,
                                       const ulong shift_offset, const global float *saved_mean,
                                       const ulong saved_mean_offset, const global float *saved_inverse_deviation,
                                       const ulong saved_inverse_deviation_offset, const global float *output_gradient,
                                       const ulong output_gradient_offset, const ulong output_gradient_stride,
                                       const global float *means, global float *target, const ulong target_offset,
                                       const ulong target_stride, const uint channels, const uint pixels,
                                       const float slope) {
  const uint start = (uint)get_group_id(1) * BLOCK;
  const uint end = start + min(pixels - start, (uint)BLOCK);
#if CPU_BODIES
  const uint channel = get_group_id(0) * VECTOR;
#else
  const uint channel = get_global_id(0);
  if (channel >= channels) return;
#endif
  const FLOATS center = LOAD(saved_mean + saved_mean_offset + channel),
               inverse = LOAD(saved_inverse_deviation + saved_inverse_deviation_offset + channel);
  const FLOATS gamma = LOAD(scale + scale_offset + channel), beta = LOAD(shift + shift_offset + channel);
  const FLOATS mean = LOAD(means + channel), product_mean = LOAD(means + channels + channel);
  const FLOATS factor = gamma * inverse;
  const global float *x = input + input_offset + channel;
  const global float *gradient = output_gradient + output_gradient_offset + channel;
  global float *result = target + target_offset + channel;
  FOR_EACH_PIXEL(pixel) {
    GRADIENT_AND_NORMALIZED(pixel, g, normalized);
    STORE(factor * (g - mean - normalized * product_mean), result + pixel * target_stride);
  }
}

// ---- Backward, of few pixels ----

// Of two pixels hardly anything is left of g once its mean and its part along the normalized x are taken away: about
// epsilon over the variance of it. So here sums and products keep their rounding errors: a number is two floats that
// have 48 bits together (Dekker 1971), as not every device has doubles. Operations are not to be fused behind our back.
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

// g and the normalized x of one place.
#define GRADIENT_AND_NORMALIZED_PAIR(pixel, g, normalized)                                                   \
  const Pair deviation = exact_sum(LOAD(x + pixel * input_stride), -center);                                 \
  const Pair product = exact_product(deviation.high, inverse);                                               \
  const Pair normalized = exact_sum(product.high, product.low + deviation.low * inverse);                    \
  const FLOATS y = ACTIVATE(FLOATS, normalized.high * gamma + beta, slope);                                  \
  const Pair g = exact_product(LOAD(gradient + pixel * output_gradient_stride), ACTIVATION_DERIVATIVE(FLOATS, y, slope))

// All of the backward pass. Group (channels). input_gradient may be output_gradient.
kernel GROUP_SHAPE void few_pixel_gradients(
    const global float *input, const ulong input_offset, const ulong input_stride, const global float *scale,
    const ulong scale_offset, const global float *shift, const ulong shift_offset, const global float *saved_mean,
    const ulong saved_mean_offset, const global float *saved_inverse_deviation,
    const ulong saved_inverse_deviation_offset, const global float *output_gradient,
    const ulong output_gradient_offset, const ulong output_gradient_stride, global float *scale_gradient,
    const ulong scale_gradient_offset, global float *shift_gradient, const ulong shift_gradient_offset,
    global float *target, const ulong target_offset, const ulong target_stride, const uint channels,
    const uint pixels, const float slope) {
#if CPU_BODIES
  const uint channel = get_group_id(0) * VECTOR;
#else
  const uint channel = get_global_id(0);
  if (get_local_id(1) != 0 || channel >= channels) return;
#endif
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
