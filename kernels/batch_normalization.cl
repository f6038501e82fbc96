// Batch normalization over batch, height and width (Ioffe and Szegedy 2015, algorithm 1): training forward, inference,
// backward, each with an activation on top.
//
// input (x), output, output_gradient, input_gradient: [pixels][channels], each with an offset and a pixel stride.
// scale, shift, running_mean, running_variance, saved_mean, saved_inverse_deviation and the gradients of scale and
// shift: vectors of channels, each with an offset. partials: [2][blocks][channels], what stage 1 found in each block of
// BLOCK pixels. moments: [2][channels], means and biased variances that the convolution before has found.
//
// Training forward: stage 1 (statistics_blocks) finds each block's mean and sum of squared deviations from it, stage 2
// (statistics) combines the blocks in their order (Chan, Golub and LeVeque 1983), stage 3 (normalize_channels) writes the
// output; or, where the moments are given, normalize_given does all. Of a convolution's output, stage 1 and
// combine_moments find the moments. A variance is a sum of squared deviations throughout, never a difference of large
// sums, and means are sums of differences from a first value, so both hold for data far from zero.
// Backward: gradient_blocks, gradient_sums, input_gradient in the same way; of few pixels, batch_normalization_few_pixels.cl.
// batch_normalization.h says how the work is divided.

#include "common.h"
#include "activation.h"
#include "batch_normalization.h"

// ---- Training forward ----

#if CPU_BODIES
// Pixels whose sums are kept apart, as one would wait for each addition to end.
#define APART (4 / LINES)
#define SUMS (APART * LINES)

// Adds up TERM(x, line) of all elements x of a block, into total[line].
#define SUM_OF_BLOCK(total, TERM)                                                                           \
  {                                                                                                         \
    FLOATS sums[SUMS];                                                                                      \
    _Pragma("unroll") for (uint k = 0; k < SUMS; ++k) sums[k] = 0.0f;                                       \
    const global float *at = x;                                                                             \
    uint i = 0;                                                                                             \
    for (; i + APART <= count; i += APART, at += APART * input_stride) {                                    \
      _Pragma("unroll") for (uint k = 0; k < SUMS; ++k)                                                     \
          sums[k] += TERM(LOAD(at + k / LINES * input_stride + k % LINES * VECTOR), k % LINES);             \
    }                                                                                                       \
    for (; i < count; ++i, at += input_stride)                                                              \
      FOR_EACH_LINE(line) sums[line] += TERM(LOAD(at + line * VECTOR), line);                               \
    FOR_EACH_LINE(line) {                                                                                   \
      total[line] = sums[line];                                                                             \
      _Pragma("unroll") for (uint k = line + LINES; k < SUMS; k += LINES) total[line] += sums[k];           \
    }                                                                                                       \
  }
#define DISTANCE(value, line) ((value) - reference[line])
#define SQUARED_DEVIATION(value, line) (((value) - mean[line]) * ((value) - mean[line]))
#endif

// Stage 1. Group (channels, block).
kernel GROUP_SHAPE void statistics_blocks(const global float *input, const ulong input_offset, const ulong input_stride,
                                          global float *partials, const uint channels, const uint pixels,
                                          const uint blocks) {
  const uint block = get_group_id(1);
  const uint start = block * BLOCK;
  const uint count = min(pixels - start, (uint)BLOCK);
  const uint channel = FIRST_CHANNEL;
  const global float *x = input + input_offset + (size_t)start * input_stride + channel;
#if CPU_BODIES
  FLOATS reference[LINES], mean[LINES], squares[LINES];
  LOAD_LINES(reference, x);
  SUM_OF_BLOCK(mean, DISTANCE)
  FOR_EACH_LINE(line) mean[line] = reference[line] + mean[line] / (float)count;
  SUM_OF_BLOCK(squares, SQUARED_DEVIATION)
  FOR_EACH_LINE(line) {
    STORE(mean[line], partials + (size_t)block * channels + channel + line * VECTOR);
    STORE(squares[line], partials + ((size_t)blocks + block) * channels + channel + line * VECTOR);
  }
#else
  local float sums[ROWS][LANES];
  const uint row = get_local_id(1);
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
  if (row == 0 && get_global_id(0) < channels) {
    partials[(size_t)block * channels + channel] = mean;
    partials[((size_t)blocks + block) * channels + channel] = squares;
  }
#endif
}

// Joins the moments of all blocks of one vector of channels: sets `mean`, and `squares` to the sum of squared deviations.
#define JOIN_BLOCKS(mean, squares, channel)                                                                 \
  FLOATS mean, squares;                                                                                     \
  {                                                                                                         \
    const global float *block_means = partials + channel;                                                   \
    const global float *block_squares = block_means + (size_t)blocks * channels;                            \
    const FLOATS reference = LOAD(block_means);                                                             \
    FLOATS sum = 0.0f, error = 0.0f;                                                                        \
    for (uint block = FIRST_BLOCK; block < blocks; block += BLOCK_STEP) {                                   \
      const float count = min(pixels - block * BLOCK, (uint)BLOCK);                                         \
      add_compensated(&sum, &error, (LOAD(block_means + (size_t)block * channels) - reference) * count);    \
    }                                                                                                       \
    mean = reference + SUM_OF_ROWS(sum) / (float)pixels;                                                    \
    sum = 0.0f, error = 0.0f;                                                                               \
    for (uint block = FIRST_BLOCK; block < blocks; block += BLOCK_STEP) {                                   \
      const float count = min(pixels - block * BLOCK, (uint)BLOCK);                                         \
      const FLOATS d = LOAD(block_means + (size_t)block * channels) - mean;                                 \
      add_compensated(&sum, &error, LOAD(block_squares + (size_t)block * channels) + d * d * count);        \
    }                                                                                                       \
    squares = SUM_OF_ROWS(sum);                                                                             \
  }

// Stage 2. Group (channels).
kernel GROUP_SHAPE void statistics(const global float *partials, global float *saved_mean,
                                   const ulong saved_mean_offset, global float *saved_inverse_deviation,
                                   const ulong saved_inverse_deviation_offset, global float *running_mean,
                                   const ulong running_mean_offset, global float *running_variance,
                                   const ulong running_variance_offset, const uint channels, const uint pixels,
                                   const uint blocks, const float epsilon, const float momentum,
                                   const float momentum_complement) {
#if !CPU_BODIES
  local float sums[ROWS][LANES];
#endif
  FOR_EACH_LINE(line) {
    const uint channel = FIRST_CHANNEL + line * VECTOR;
    JOIN_BLOCKS(mean, squares, channel)
    if (IS_WRITER) {
      const FLOATS inverse_deviation = 1.0f / sqrt(squares / (float)pixels + epsilon);
      KEEP_STATISTICS(mean, inverse_deviation, squares, channel);
    }
  }
}

// Stage 2 of a convolution's output. Group (channels).
kernel GROUP_SHAPE void combine_moments(const global float *partials, global float *moments, const ulong moments_offset,
                                        const uint channels, const uint pixels, const uint blocks) {
#if !CPU_BODIES
  local float sums[ROWS][LANES];
#endif
  FOR_EACH_LINE(line) {
    const uint channel = FIRST_CHANNEL + line * VECTOR;
    JOIN_BLOCKS(mean, squares, channel)
    if (IS_WRITER) {
      STORE(mean, moments + moments_offset + channel);
      STORE(squares / (float)pixels, moments + moments_offset + channels + channel);
    }
  }
}

// output = activation((x - center) * factor + addend) for this work-item's pixels and channels. The mean goes first: with
// data far from zero, mean * factor would cancel against x * factor.
#define NORMALIZE_BLOCK()                                                                                    \
  const global float *source = input + input_offset + channel;                                               \
  global float *target = output + output_offset + channel;                                                   \
  FOR_EACH_PIXEL(pixel) {                                                                                    \
    FOR_EACH_LINE(line) {                                                                                    \
      const FLOATS z =                                                                                       \
          (LOAD(source + pixel * input_stride + line * VECTOR) - center[line]) * factor[line] + addend[line]; \
      STORE(ACTIVATE(FLOATS, z, slope), target + pixel * output_stride + line * VECTOR);                     \
    }                                                                                                        \
  }

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
  if (get_global_id(0) >= channels) return;
  const uint channel = FIRST_CHANNEL;
  FLOATS center[LINES], factor[LINES], addend[LINES];
  LOAD_LINES(center, mean + mean_offset + channel);
  LOAD_LINES(factor, inverse_deviation + inverse_deviation_offset + channel);
  LOAD_LINES(addend, shift + shift_offset + channel);
  FOR_EACH_LINE(line) {
    const FLOATS gamma = LOAD(scale + scale_offset + channel + line * VECTOR);
#if INFERENCE
    factor[line] = gamma / sqrt(factor[line] + epsilon);
#else
    factor[line] = gamma * factor[line];
#endif
  }
  NORMALIZE_BLOCK()
}

// All of the training forward pass where the moments are given. Group (channels, block); the groups of block 0 keep the
// statistics.
kernel GROUP_SHAPE void normalize_given(
    const global float *input, const ulong input_offset, const ulong input_stride, const global float *moments,
    const ulong moments_offset, const global float *scale, const ulong scale_offset, const global float *shift,
    const ulong shift_offset, global float *saved_mean, const ulong saved_mean_offset,
    global float *saved_inverse_deviation, const ulong saved_inverse_deviation_offset, global float *running_mean,
    const ulong running_mean_offset, global float *running_variance, const ulong running_variance_offset,
    global float *output, const ulong output_offset, const ulong output_stride, const uint channels,
    const uint pixels, const float epsilon, const float momentum, const float momentum_complement,
    const float slope) {
  const uint start = (uint)get_group_id(1) * BLOCK;
  const uint end = start + min(pixels - start, (uint)BLOCK);
  if (get_global_id(0) >= channels) return;
  const uint channel = FIRST_CHANNEL;
  FLOATS center[LINES], factor[LINES], addend[LINES];
  LOAD_LINES(center, moments + moments_offset + channel);
  LOAD_LINES(addend, shift + shift_offset + channel);
  FOR_EACH_LINE(line) {
    const FLOATS variance = LOAD(moments + moments_offset + channels + channel + line * VECTOR);
    const FLOATS inverse = 1.0f / sqrt(variance + epsilon);
    factor[line] = LOAD(scale + scale_offset + channel + line * VECTOR) * inverse;
    if (get_group_id(1) == 0 && get_local_id(1) == 0) {
      KEEP_STATISTICS(center[line], inverse, variance * (float)pixels, channel + line * VECTOR);
    }
  }
  NORMALIZE_BLOCK()
}

// ---- Backward ----

#define ABOVE(pixel, line) LOAD(gradient + pixel * output_gradient_stride + line * VECTOR)

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
#if !CPU_BODIES
  local float sums[ROWS][LANES];
#endif
  const uint channel = FIRST_CHANNEL;
  GRADIENT_CONSTANTS();
  FLOATS sum[LINES], product_sum[LINES];
  FOR_EACH_LINE(line) sum[line] = 0.0f, product_sum[line] = 0.0f;
  FOR_EACH_PIXEL(pixel) {
    FOR_EACH_LINE(line) {
      GRADIENT_AND_NORMALIZED(pixel, line, ABOVE(pixel, line), g, normalized);
      sum[line] += g;
      product_sum[line] += g * normalized;
    }
  }
  FOR_EACH_LINE(line) {
    const FLOATS all = SUM_OF_ROWS(sum[line]), all_products = SUM_OF_ROWS(product_sum[line]);
    if (IS_WRITER) {
      STORE(all, partials + (size_t)block * channels + channel + line * VECTOR);
      STORE(all_products, partials + ((size_t)blocks + block) * channels + channel + line * VECTOR);
    }
  }
}

// Stage 2. Group (channels): the gradients of shift and scale, and into means [2][channels] both over the number of
// pixels.
kernel GROUP_SHAPE void gradient_sums(const global float *partials, global float *means, global float *scale_gradient,
                                      const ulong scale_gradient_offset, global float *shift_gradient,
                                      const ulong shift_gradient_offset, const uint channels, const uint pixels,
                                      const uint blocks) {
#if !CPU_BODIES
  local float sums[ROWS][LANES];
#endif
  FOR_EACH_LINE(line) {
    const uint channel = FIRST_CHANNEL + line * VECTOR;
    FLOATS sum = 0.0f, sum_error = 0.0f, product_sum = 0.0f, product_error = 0.0f;
    for (uint block = FIRST_BLOCK; block < blocks; block += BLOCK_STEP) {
      add_compensated(&sum, &sum_error, LOAD(partials + (size_t)block * channels + channel));
      add_compensated(&product_sum, &product_error, LOAD(partials + ((size_t)blocks + block) * channels + channel));
    }
    sum = SUM_OF_ROWS(sum);
    product_sum = SUM_OF_ROWS(product_sum);
    if (IS_WRITER) {
      STORE(sum / (float)pixels, means + channel);
      STORE(product_sum / (float)pixels, means + channels + channel);
#if ACCUMULATE
      sum += LOAD(shift_gradient + shift_gradient_offset + channel);
      product_sum += LOAD(scale_gradient + scale_gradient_offset + channel);
#endif
      STORE(sum, shift_gradient + shift_gradient_offset + channel);
      STORE(product_sum, scale_gradient + scale_gradient_offset + channel);
    }
  }
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
  if (get_global_id(0) >= channels) return;
  const uint channel = FIRST_CHANNEL;
  GRADIENT_CONSTANTS();
  FLOATS mean[LINES], product_mean[LINES];
  LOAD_LINES(mean, means + channel);
  LOAD_LINES(product_mean, means + channels + channel);
  global float *result = target + target_offset + channel;
  FOR_EACH_PIXEL(pixel) {
    FOR_EACH_LINE(line) {
      GRADIENT_AND_NORMALIZED(pixel, line, ABOVE(pixel, line), g, normalized);
      STORE(gamma[line] * inverse[line] * (g - mean[line] - normalized * product_mean[line]),
            result + pixel * target_stride + line * VECTOR);
    }
  }
}
