// Max-pooling over WINDOW × WINDOW squares that do not overlap, and its gradient.
//
//   output(n, y, x, c) = max of input(n, y * WINDOW + i, x * WINDOW + j, c) over i, j in 0 ..< WINDOW
//   input_gradient = output_gradient at the maximum of each square, 0 elsewhere; [accumulate] added to the old values
//
// input, input_gradient: [batch][height][width][channels]; output, output_gradient:
// [batch][height / WINDOW][width / WINDOW][channels]; indices: the same as bytes, i * WINDOW + j of the maximum. Rows
// and columns left over at the end belong to no square. One work-item per VECTOR neighbouring channels of one of the
// `pixels` of the result (direction 0, row_index()): the divisions that find the pixel's place cost more than an
// element.

#include "common.h"

// Side of the square.
#ifndef WINDOW
#define WINDOW 2
#endif
// Whether the forward pass stores the indices, which only the backward pass reads.
#ifndef WITH_INDICES
#define WITH_INDICES 1
#endif
// Channels of one work-item: 1, 2, 4, 8 or 16; a divisor of the number of channels.
#ifndef VECTOR
#define VECTOR 1
#endif

#include "vectors.h"

kernel void max_pooling_forward(TENSOR(const float *, input), TENSOR(float *, output),
#if WITH_INDICES
                                TENSOR(uchar *, indices),
#endif
                                uint channels, uint pixels, uint height, uint width) {
  const size_t channel = get_global_id(0) * VECTOR, row = row_index();
  if (channel >= channels || row >= pixels) return;
  const Position at = position_of(row, height / WINDOW, width / WINDOW);
  global const float *square = AT(input, pixel_index(at.n, at.y * WINDOW, at.x * WINDOW, height, width)) + channel;
  FLOATS maximum = LOAD(square);
  INTS place = 0;
  for (uint i = 0; i < WINDOW; i++)
    for (uint j = 0; j < WINDOW; j++) {
      const FLOATS value = LOAD(square + ((size_t)i * width + j) * input_stride);
      // A NaN wins, so that it is not hidden; else the first of equals.
      const INTS wins = (value > maximum) | isnan(value);
      maximum = select(maximum, value, wins);
      place = select(place, (INTS)(i * WINDOW + j), wins);
    }
  STORE(maximum, AT(output, row) + channel);
#if WITH_INDICES
  STORE(CONVERT_BYTES(place), AT(indices, row) + channel);
#endif
}

kernel void max_pooling_backward(TENSOR(const float *, output_gradient), TENSOR(const uchar *, indices),
                                 TENSOR(float *, input_gradient), uint channels, uint pixels, uint height, uint width,
                                 int accumulate) {
  const size_t channel = get_global_id(0) * VECTOR, row = row_index();
  if (channel >= channels || row >= pixels) return;
  const Position at = position_of(row, height, width);
  const uint y = at.y / WINDOW, x = at.x / WINDOW;
  FLOATS gradient = 0.0f;
  if (y < height / WINDOW && x < width / WINDOW) {
    const size_t square = pixel_index(at.n, y, x, height / WINDOW, width / WINDOW);
    const INTS place = CONVERT_INTS(LOAD(AT(indices, square) + channel));
    const FLOATS upstream = LOAD(AT(output_gradient, square) + channel);
    gradient = select(gradient, upstream, place == (INTS)(at.y % WINDOW * WINDOW + at.x % WINDOW));
  }
  global float *target = AT(input_gradient, row) + channel;
  if (accumulate) gradient += LOAD(target);
  STORE(gradient, target);
}
