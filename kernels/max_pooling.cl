// Max-pooling over WINDOW x WINDOW squares that do not overlap, and its gradient.
//
// input, input_gradient: [batch][height][width][channels]; output, output_gradient:
// [batch][height / WINDOW][width / WINDOW][channels]; indices: the same as bytes, y * WINDOW + x of the maximum in its
// square. Each has an offset and a pixel stride. Rows and columns left over at the end belong to no square.
// One work-item per VECTOR neighbouring channels of one pixel of what is written: finding the pixel's place takes several
// divisions, which cost more than the element itself.

#include "common.h"

#ifndef WINDOW
// Side of the square.
#define WINDOW 2
#endif
#ifndef WITH_INDICES
// Whether the forward pass keeps the places of the maxima, which only the backward pass reads.
#define WITH_INDICES 1
#endif
#ifndef VECTOR
// Channels of one work-item: 1, 2, 4, 8 or 16; a divisor of the number of channels.
#define VECTOR 1
#endif

#include "vectors.h"

kernel void max_pooling_forward(const global float *input, const ulong input_offset, const ulong input_stride,
                                global float *output, const ulong output_offset, const ulong output_stride,
#if WITH_INDICES
                                global uchar *indices, const ulong indices_offset, const ulong indices_stride,
#endif
                                const uint channels, const uint pixels, const uint height, const uint width) {
  const size_t channel = get_global_id(0) * VECTOR;
  const size_t row = row_index();
  if (channel >= channels || row >= pixels) return;
  const uint pixel = row;
  const uint output_height = height / WINDOW, output_width = width / WINDOW;
  const uint x = pixel % output_width;
  const uint y = pixel / output_width % output_height;
  const uint n = pixel / output_width / output_height;
  const size_t first = ((size_t)n * height + y * WINDOW) * width + x * WINDOW;
  const global float *square = input + input_offset + channel + first * input_stride;
  FLOATS maximum = LOAD(square);
  INTS place = 0;
  for (uint i = 0; i < WINDOW; ++i) {
    for (uint j = 0; j < WINDOW; ++j) {
      const FLOATS value = LOAD(square + ((size_t)i * width + j) * input_stride);
      // A NaN wins, so that it is not hidden; else the first of equals.
      const INTS wins = (value > maximum) | isnan(value);
      maximum = select(maximum, value, wins);
      place = select(place, (INTS)(i * WINDOW + j), wins);
    }
  }
  STORE(maximum, output + output_offset + row * output_stride + channel);
#if WITH_INDICES
  STORE(CONVERT_BYTES(place), indices + indices_offset + row * indices_stride + channel);
#endif
}

kernel void max_pooling_backward(const global float *output_gradient, const ulong output_gradient_offset,
                                 const ulong output_gradient_stride, const global uchar *indices,
                                 const ulong indices_offset, const ulong indices_stride, global float *input_gradient,
                                 const ulong input_gradient_offset, const ulong input_gradient_stride,
                                 const uint channels, const uint pixels, const uint height, const uint width,
                                 const int accumulate) {
  const size_t channel = get_global_id(0) * VECTOR;
  const size_t row = row_index();
  if (channel >= channels || row >= pixels) return;
  const uint pixel = row;
  const uint x = pixel % width;
  const uint y = pixel / width % height;
  const uint n = pixel / width / height;
  const uint output_height = height / WINDOW, output_width = width / WINDOW;
  const uint output_x = x / WINDOW, output_y = y / WINDOW;
  FLOATS gradient = 0.0f;
  if (output_y < output_height && output_x < output_width) {
    const size_t square = ((size_t)n * output_height + output_y) * output_width + output_x;
    const INTS place = CONVERT_INTS(LOAD(indices + indices_offset + square * indices_stride + channel));
    const FLOATS incoming = LOAD(output_gradient + output_gradient_offset + square * output_gradient_stride + channel);
    gradient = select(gradient, incoming, place == (INTS)(y % WINDOW * WINDOW + x % WINDOW));
  }
  global float *target = input_gradient + input_gradient_offset + row * input_gradient_stride + channel;
  if (accumulate) gradient += LOAD(target);
  STORE(gradient, target);
}
