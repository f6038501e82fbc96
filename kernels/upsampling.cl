// Makes images FACTOR times larger, by the nearest pixel or bilinearly, and the gradient of that.
//
// input, input_gradient: [batch][height][width][channels]; output, output_gradient:
// [batch][height * FACTOR][width * FACTOR][channels], each with an offset and a pixel stride. One work-item per element
// of what is written: the gradient gathers, so nothing is added from two places.

#include "common.h"

#ifndef FACTOR
// How many times larger.
#define FACTOR 2
#endif
#ifndef BILINEAR
// 0: nearest. 1: linear in both directions, pixel centers at halves, edges clamped.
#define BILINEAR 0
#endif

// Which two inputs an output lies between, in one direction, and the share of the second.
typedef struct {
  uint first, second;
  float share;
} Between;

static inline Between between(const uint output, const uint size) {
  const float center = fmax((output + 0.5f) / FACTOR - 0.5f, 0.0f);
  Between b;
  b.first = (uint)center;
  b.second = min(b.first + 1, size - 1);
  b.share = center - b.first;
  return b;
}

// What an output takes of one input, in one direction.
static inline float share_of(const uint input, const uint output, const uint size) {
#if BILINEAR
  const Between b = between(output, size);
  return (b.first == input ? 1.0f - b.share : 0.0f) + (b.second == input ? b.share : 0.0f);
#else
  return output / FACTOR == input ? 1.0f : 0.0f;
#endif
}

kernel void upsampling_forward(const global float *input, const ulong input_offset, const ulong input_stride,
                               global float *output, const ulong output_offset, const ulong output_stride,
                               const uint channels, const uint pixels, const uint height, const uint width) {
  const uint channel = get_global_id(0);
  const size_t row = row_index();
  if (channel >= channels || row >= pixels) return;
  const uint pixel = row;
  const uint output_x = pixel % (width * FACTOR);
  const uint output_y = pixel / (width * FACTOR) % (height * FACTOR);
  const uint n = pixel / (width * FACTOR) / (height * FACTOR);
  const global float *image = input + input_offset + (size_t)n * height * width * input_stride + channel;
#if BILINEAR
  const Between y = between(output_y, height), x = between(output_x, width);
  const global float *upper = image + (size_t)y.first * width * input_stride;
  const global float *lower = image + (size_t)y.second * width * input_stride;
  const float above = (1.0f - x.share) * upper[x.first * input_stride] + x.share * upper[x.second * input_stride];
  const float below = (1.0f - x.share) * lower[x.first * input_stride] + x.share * lower[x.second * input_stride];
  const float value = (1.0f - y.share) * above + y.share * below;
#else
  const float value = image[((size_t)(output_y / FACTOR) * width + output_x / FACTOR) * input_stride];
#endif
  output[output_offset + row * output_stride + channel] = value;
}

kernel void upsampling_backward(const global float *output_gradient, const ulong output_gradient_offset,
                                const ulong output_gradient_stride, global float *input_gradient,
                                const ulong input_gradient_offset, const ulong input_gradient_stride,
                                const uint channels, const uint pixels, const uint height, const uint width) {
  const uint channel = get_global_id(0);
  const size_t row = row_index();
  if (channel >= channels || row >= pixels) return;
  const uint pixel = row;
  const uint x = pixel % width;
  const uint y = pixel / width % height;
  const uint n = pixel / width / height;
  const uint output_height = height * FACTOR, output_width = width * FACTOR;
#if BILINEAR
  // A clamped edge and the half-way rule both stay within one FACTOR on either side.
  const uint top = y == 0 ? 0 : (y - 1) * FACTOR, bottom = min((y + 2) * FACTOR, output_height);
  const uint left = x == 0 ? 0 : (x - 1) * FACTOR, right = min((x + 2) * FACTOR, output_width);
#else
  const uint top = y * FACTOR, bottom = top + FACTOR;
  const uint left = x * FACTOR, right = left + FACTOR;
#endif
  const global float *image = output_gradient + output_gradient_offset + channel +
                              (size_t)n * output_height * output_width * output_gradient_stride;
  float gradient = 0.0f;
  for (uint i = top; i < bottom; ++i) {
    float sum = 0.0f;
    for (uint j = left; j < right; ++j)
      sum += share_of(x, j, width) * image[((size_t)i * output_width + j) * output_gradient_stride];
    gradient += share_of(y, i, height) * sum;
  }
  input_gradient[input_gradient_offset + row * input_gradient_stride + channel] = gradient;
}
