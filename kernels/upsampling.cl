// Images enlarged FACTOR times, by the nearest pixel or bilinearly, and the gradient of that.
//
//   output(n, y, x, c) = Σ weight(v, y) * weight(u, x) * input(n, v, u, c)
//   input_gradient(n, v, u, c) = Σ weight(v, y) * weight(u, x) * output_gradient(n, y, x, c)
//
// input, input_gradient: [batch][height][width][channels]; output, output_gradient:
// [batch][height * FACTOR][width * FACTOR][channels]. One work-item per element of the tensor that is written:
// direction 0 the channel, row_index() one of its `pixels`.

#include "common.h"

// Enlargement.
#ifndef FACTOR
#define FACTOR 2
#endif
// 0: nearest. 1: linear in both directions, pixel centers at halves, edges clamped.
#ifndef BILINEAR
#define BILINEAR 0
#endif

// The two input coordinates that an output coordinate lies between, and the second one's weight.
typedef struct {
  uint first, second;
  float share;
} Between;

static inline Between between(uint output, uint size) {
  const float center = fmax((output + 0.5f) / FACTOR - 0.5f, 0.0f);
  Between b;
  b.first = (uint)center;
  b.second = min(b.first + 1, size - 1);
  b.share = center - b.first;
  return b;
}

// Returns the weight of one input coordinate in one output coordinate.
static inline float weight_of(uint input, uint output, uint size) {
#if BILINEAR
  const Between b = between(output, size);
  return (b.first == input ? 1.0f - b.share : 0.0f) + (b.second == input ? b.share : 0.0f);
#else
  return output / FACTOR == input ? 1.0f : 0.0f;
#endif
}

kernel void upsampling_forward(TENSOR(const float *, input), TENSOR(float *, output), uint channels, uint pixels,
                               uint height, uint width) {
  const uint channel = get_global_id(0);
  const size_t row = row_index();
  if (channel >= channels || row >= pixels) return;
  const Position at = position_of(row, height * FACTOR, width * FACTOR);
  global const float *image = AT(input, pixel_index(at.n, 0, 0, height, width)) + channel;
#if BILINEAR
  const Between y = between(at.y, height), x = between(at.x, width);
  global const float *upper = image + (size_t)y.first * width * input_stride;
  global const float *lower = image + (size_t)y.second * width * input_stride;
  const float above = (1.0f - x.share) * upper[x.first * input_stride] + x.share * upper[x.second * input_stride];
  const float below = (1.0f - x.share) * lower[x.first * input_stride] + x.share * lower[x.second * input_stride];
  const float value = (1.0f - y.share) * above + y.share * below;
#else
  const float value = image[((size_t)(at.y / FACTOR) * width + at.x / FACTOR) * input_stride];
#endif
  AT(output, row)[channel] = value;
}

kernel void upsampling_backward(TENSOR(const float *, output_gradient), TENSOR(float *, input_gradient), uint channels,
                                uint pixels, uint height, uint width) {
  const uint channel = get_global_id(0);
  const size_t row = row_index();
  if (channel >= channels || row >= pixels) return;
  const Position at = position_of(row, height, width);
  const uint output_height = height * FACTOR, output_width = width * FACTOR;
#if BILINEAR
  // A clamped edge and the half-way rule both stay within one FACTOR on either side.
  const uint top = at.y == 0 ? 0 : (at.y - 1) * FACTOR, bottom = min((at.y + 2) * FACTOR, output_height);
  const uint left = at.x == 0 ? 0 : (at.x - 1) * FACTOR, right = min((at.x + 2) * FACTOR, output_width);
#else
  const uint top = at.y * FACTOR, bottom = top + FACTOR;
  const uint left = at.x * FACTOR, right = left + FACTOR;
#endif
  global const float *image = AT(output_gradient, pixel_index(at.n, 0, 0, output_height, output_width)) + channel;
  float gradient = 0.0f;
  for (uint i = top; i < bottom; i++) {
    float sum = 0.0f;
    for (uint j = left; j < right; j++)
      sum += weight_of(at.x, j, width) * image[((size_t)i * output_width + j) * output_gradient_stride];
    gradient += weight_of(at.y, i, height) * sum;
  }
  AT(input_gradient, row)[channel] = gradient;
}
