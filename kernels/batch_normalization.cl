// Batch normalization over batch, height and width (Ioffe and Szegedy 2015, algorithm 1): training forward, inference,
// backward, each with an activation f on top.
//
//   output = f(scale * normalized + shift), normalized = (x - mean) / sqrt(variance + epsilon)
//   g = output_gradient * f', shift_gradient = Σ g, scale_gradient = Σ g * normalized,
//   input_gradient = scale / sqrt(variance + epsilon) * (g - mean of g - normalized * mean of g * normalized)
//
// input (x), output, output_gradient, input_gradient: [pixels][channels]. scale, shift, running_mean, running_variance,
// saved_mean, saved_inverse_deviation and the gradients of scale and shift: vectors of channels. partials:
// [2][blocks][channels], the results of stage 1 in each block of BLOCK pixels. moments: [2][channels], means and biased
// variances of a convolution's output.
//
// Training forward: stage 1 (statistics_blocks) finds each block's mean and sum of squared deviations from it, stage
// 2 (statistics) combines the blocks in their order (Chan, Golub and LeVeque 1983), stage 3 (normalize_channels)
// writes the output; or, where the moments are given, normalize_given does all. Of a convolution's output, stage 1
// and combine_moments find the moments. normalize_inference takes running statistics. A variance is a sum of squared
// deviations throughout, never a difference of large sums, and means are sums of differences from a first value, so
// both hold for data far from zero. Backward: gradient_blocks, gradient_sums, input_gradient in the same way; of few
// pixels, batch_normalization_few_pixels.cl. batch_normalization.h has the work-groups: group (channels, block) of
// stages 1 and 3, group (channels) of stage 2.

#include "common.h"
#include "activation.h"
#include "batch_normalization.h"

// ---- Training forward ----

#if CPU_BODIES
// Pixels whose sums are kept apart, as one would wait for each addition to end.
#define APART (4 / LINES)
#define SUMS (APART * LINES)

// Sets total[line] to the sum of x - center[line], or of its square, over the pixels of a block.
FORCE_INLINE void sum_of_block(FLOATS *total, global const float *x, ulong stride, uint count, const FLOATS *center,
                               bool squared) {
  FLOATS sums[SUMS];
#pragma unroll
  for (uint k = 0; k < SUMS; k++) sums[k] = 0.0f;
  uint i = 0;
  for (; i + APART <= count; i += APART, x += APART * stride) {
#pragma unroll
    for (uint k = 0; k < SUMS; k++) {
      const FLOATS d = LOAD(x + k / LINES * stride + k % LINES * VECTOR) - center[k % LINES];
      if (squared) sums[k] += d * d;
      else sums[k] += d;
    }
  }
  for (; i < count; i++, x += stride)
    FOR_EACH_LINE(line) {
      const FLOATS d = LOAD(x + line * VECTOR) - center[line];
      if (squared) sums[line] += d * d;
      else sums[line] += d;
    }
  FOR_EACH_LINE(line) {
    total[line] = sums[line];
#pragma unroll
    for (uint k = line + LINES; k < SUMS; k += LINES) total[line] += sums[k];
  }
}
#endif

// Stage 1.
kernel GROUP_SHAPE void statistics_blocks(TENSOR(const float *, input), global float *partials, uint channels,
                                          uint pixels, uint blocks) {
  const Block block = block_of_group(pixels);
  const uint count = block.end - block.start, channel = first_channel(channels);
  global const float *x = AT(input, (size_t)block.start) + channel;
  global float *block_means = partials + (size_t)get_group_id(1) * channels + channel;
  global float *block_squares = block_means + (size_t)blocks * channels;
#if CPU_BODIES
  FLOATS reference[LINES], mean[LINES], squares[LINES];
  LOAD_LINES(reference, x);
  sum_of_block(mean, x, input_stride, count, reference, false);
  FOR_EACH_LINE(line) mean[line] = reference[line] + mean[line] / (float)count;
  sum_of_block(squares, x, input_stride, count, mean, true);
  FOR_EACH_LINE(line) {
    STORE(mean[line], block_means + line * VECTOR);
    STORE(squares[line], block_squares + line * VECTOR);
  }
#else
  ROW_SUMS(sums);
  const uint row = get_local_id(1);
  const float reference = *x;
  float sum = 0.0f;
  for (uint i = row; i < count; i += ROWS) sum += x[i * input_stride] - reference;
  const float mean = reference + sum_of_rows(sum, sums) / (float)count;
  float squares = 0.0f;
  for (uint i = row; i < count; i += ROWS) {
    const float d = x[i * input_stride] - mean;
    squares += d * d;
  }
  squares = sum_of_rows(squares, sums);
  if (is_writer(channels)) {
    *block_means = mean;
    *block_squares = squares;
  }
#endif
}

// The mean, and the sum of squared deviations from it, of one vector of channels.
typedef struct {
  FLOATS mean, squares;
} Moments;

// Returns the moments of all blocks; `partials` points to the vector's first channel.
FORCE_INLINE Moments join_blocks(global const float *partials, uint channels, uint pixels, uint blocks, RowSums sums) {
  global const float *block_squares = partials + (size_t)blocks * channels;
  const FLOATS reference = LOAD(partials);
  Moments moments;
  FLOATS sum = 0.0f, error = 0.0f;
  FOR_EACH_BLOCK(block, blocks) {
    const float count = min(pixels - block * BLOCK, (uint)BLOCK);
    add_compensated(&sum, &error, (LOAD(partials + (size_t)block * channels) - reference) * count);
  }
  moments.mean = reference + sum_of_rows(sum, sums) / (float)pixels;
  sum = 0.0f, error = 0.0f;
  FOR_EACH_BLOCK(block, blocks) {
    const float count = min(pixels - block * BLOCK, (uint)BLOCK);
    const FLOATS d = LOAD(partials + (size_t)block * channels) - moments.mean;
    add_compensated(&sum, &error, LOAD(block_squares + (size_t)block * channels) + d * d * count);
  }
  moments.squares = sum_of_rows(sum, sums);
  return moments;
}

// Stage 2.
kernel GROUP_SHAPE void statistics(global const float *partials, ARRAY(float *, saved_mean),
                                   ARRAY(float *, saved_inverse_deviation), ARRAY(float *, running_mean),
                                   ARRAY(float *, running_variance), uint channels, uint pixels, uint blocks,
                                   float epsilon, float momentum, float momentum_complement) {
  ROW_SUMS(sums);
  const Statistics to = {BASE(saved_mean), BASE(saved_inverse_deviation), BASE(running_mean), BASE(running_variance),
                         pixels, momentum, momentum_complement};
  FOR_EACH_LINE(line) {
    const uint channel = first_channel(channels) + line * VECTOR;
    const Moments moments = join_blocks(partials + channel, channels, pixels, blocks, sums);
    if (is_writer(channels)) {
      const FLOATS inverse_deviation = 1.0f / sqrt(moments.squares / (float)pixels + epsilon);
      store_statistics(to, moments.mean, inverse_deviation, moments.squares, channel);
    }
  }
}

// Stage 2 of a convolution's output.
kernel GROUP_SHAPE void combine_moments(global const float *partials, ARRAY(float *, moments), uint channels,
                                        uint pixels, uint blocks) {
  ROW_SUMS(sums);
  FOR_EACH_LINE(line) {
    const uint channel = first_channel(channels) + line * VECTOR;
    const Moments joined = join_blocks(partials + channel, channels, pixels, blocks, sums);
    if (is_writer(channels)) {
      STORE(joined.mean, BASE(moments) + channel);
      STORE(joined.squares / (float)pixels, BASE(moments) + channels + channel);
    }
  }
}

// Writes the output of a block; input and output point to this work-item's first channel.
FORCE_INLINE void write_normalized(const Normalization *map, Block block, global const float *input, ulong input_stride,
                                   global float *output, ulong output_stride, float slope) {
  FOR_EACH_PIXEL(pixel, block) {
    FOR_EACH_LINE(line) {
      const FLOATS z = normalize(map, LOAD(input + pixel * input_stride + line * VECTOR), line);
      STORE(ACTIVATE(FLOATS, z, slope), output + pixel * output_stride + line * VECTOR);
    }
  }
}

// Stage 3; output may be input.
kernel GROUP_SHAPE void normalize_channels(TENSOR(const float *, input), ARRAY(const float *, scale),
                                           ARRAY(const float *, shift), ARRAY(const float *, mean),
                                           ARRAY(const float *, inverse_deviation), TENSOR(float *, output),
                                           uint channels, uint pixels, float slope) {
  if (get_global_id(0) >= channels) return;
  const uint channel = first_channel(channels);
  Normalization map;
  load_normalization(&map, BASE(mean) + channel, BASE(inverse_deviation) + channel, BASE(scale) + channel,
                     BASE(shift) + channel);
  write_normalized(&map, block_of_group(pixels), BASE(input) + channel, input_stride, BASE(output) + channel,
                   output_stride, slope);
}

// Inference, with running statistics; output may be input.
kernel GROUP_SHAPE void normalize_inference(TENSOR(const float *, input), ARRAY(const float *, scale),
                                            ARRAY(const float *, shift), ARRAY(const float *, running_mean),
                                            ARRAY(const float *, running_variance), TENSOR(float *, output),
                                            uint channels, uint pixels, float epsilon, float slope) {
  if (get_global_id(0) >= channels) return;
  const uint channel = first_channel(channels);
  Normalization map;
  load_inference(&map, BASE(running_mean) + channel, BASE(running_variance) + channel, BASE(scale) + channel,
                 BASE(shift) + channel, epsilon);
  write_normalized(&map, block_of_group(pixels), BASE(input) + channel, input_stride, BASE(output) + channel,
                   output_stride, slope);
}

// All of the training forward pass where the moments are given, which are those of `population` pixels.
kernel GROUP_SHAPE void normalize_given(TENSOR(const float *, input), ARRAY(const float *, moments),
                                        ARRAY(const float *, scale), ARRAY(const float *, shift),
                                        ARRAY(float *, saved_mean), ARRAY(float *, saved_inverse_deviation),
                                        ARRAY(float *, running_mean), ARRAY(float *, running_variance),
                                        TENSOR(float *, output), uint channels, uint pixels, uint population,
                                        float epsilon, float momentum, float momentum_complement, float slope) {
  if (get_global_id(0) >= channels) return;
  const uint channel = first_channel(channels);
  const Statistics to = {BASE(saved_mean), BASE(saved_inverse_deviation), BASE(running_mean), BASE(running_variance),
                         population, momentum, momentum_complement};
  Normalization map;
  load_moments(&map, BASE(moments) + channel, BASE(scale) + channel, BASE(shift) + channel, epsilon, to, channels,
               channel);
  write_normalized(&map, block_of_group(pixels), BASE(input) + channel, input_stride, BASE(output) + channel,
                   output_stride, slope);
}

// ---- Backward ----

// Stage 1: sums of g and of g * normalized.
kernel GROUP_SHAPE void gradient_blocks(TENSOR(const float *, input), ARRAY(const float *, scale),
                                        ARRAY(const float *, shift), ARRAY(const float *, saved_mean),
                                        ARRAY(const float *, saved_inverse_deviation),
                                        TENSOR(const float *, output_gradient), global float *partials, uint channels,
                                        uint pixels, uint blocks, float slope) {
  ROW_SUMS(sums);
  const Block block = block_of_group(pixels);
  const uint channel = first_channel(channels);
  Channels values;
  load_channels(&values, BASE(saved_mean) + channel, BASE(saved_inverse_deviation) + channel, BASE(scale) + channel,
                BASE(shift) + channel);
  FLOATS sum[LINES], product_sum[LINES];
  FOR_EACH_LINE(line) sum[line] = 0.0f, product_sum[line] = 0.0f;
  FOR_EACH_PIXEL(pixel, block) {
    FOR_EACH_LINE(line) {
      const FLOATS x = LOAD(AT(input, pixel) + channel + line * VECTOR);
      const FLOATS upstream = LOAD(AT(output_gradient, pixel) + channel + line * VECTOR);
      const Terms terms = gradient_terms(&values, line, x, upstream, slope);
      sum[line] += terms.g;
      product_sum[line] += terms.g * terms.normalized;
    }
  }
  store_block_sums(sum, product_sum, partials, channels, blocks, sums);
}

// Stage 2: the gradients of shift and scale, [accumulate] added to what is there, and into means [2][channels] both
// over `population` pixels: those of the input, or more where it is a part of a batch.
kernel GROUP_SHAPE void gradient_sums(global const float *partials, ARRAY(float *, means),
                                      ARRAY(float *, scale_gradient), ARRAY(float *, shift_gradient), uint channels,
                                      uint population, uint blocks, int accumulate) {
  ROW_SUMS(sums);
  FOR_EACH_LINE(line) {
    const uint channel = first_channel(channels) + line * VECTOR;
    FLOATS sum = 0.0f, sum_error = 0.0f, product_sum = 0.0f, product_error = 0.0f;
    FOR_EACH_BLOCK(block, blocks) {
      add_compensated(&sum, &sum_error, LOAD(partials + (size_t)block * channels + channel));
      add_compensated(&product_sum, &product_error, LOAD(partials + ((size_t)blocks + block) * channels + channel));
    }
    sum = sum_of_rows(sum, sums);
    product_sum = sum_of_rows(product_sum, sums);
    if (is_writer(channels)) {
      STORE(sum / (float)population, BASE(means) + channel);
      STORE(product_sum / (float)population, BASE(means) + channels + channel);
      if (accumulate) {
        sum += LOAD(BASE(shift_gradient) + channel);
        product_sum += LOAD(BASE(scale_gradient) + channel);
      }
      STORE(sum, BASE(shift_gradient) + channel);
      STORE(product_sum, BASE(scale_gradient) + channel);
    }
  }
}

// Stage 3; input_gradient, the tensor, may be output_gradient.
kernel GROUP_SHAPE void input_gradient(TENSOR(const float *, input), ARRAY(const float *, scale),
                                       ARRAY(const float *, shift), ARRAY(const float *, saved_mean),
                                       ARRAY(const float *, saved_inverse_deviation),
                                       TENSOR(const float *, output_gradient), ARRAY(const float *, means),
                                       TENSOR(float *, target), uint channels, uint pixels, float slope) {
  if (get_global_id(0) >= channels) return;
  const Block block = block_of_group(pixels);
  const uint channel = first_channel(channels);
  Channels values;
  load_channels(&values, BASE(saved_mean) + channel, BASE(saved_inverse_deviation) + channel, BASE(scale) + channel,
                BASE(shift) + channel);
  Means mean;
  LOAD_LINES(mean.g, BASE(means) + channel);
  LOAD_LINES(mean.product, BASE(means) + channels + channel);
  FOR_EACH_PIXEL(pixel, block) {
    FOR_EACH_LINE(line) {
      const FLOATS x = LOAD(AT(input, pixel) + channel + line * VECTOR);
      const FLOATS upstream = LOAD(AT(output_gradient, pixel) + channel + line * VECTOR);
      const Terms terms = gradient_terms(&values, line, x, upstream, slope);
      STORE(input_gradient_of(&values, line, terms, &mean), AT(target, pixel) + channel + line * VECTOR);
    }
  }
}
