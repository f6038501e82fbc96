// Batch normalization with max-pooling 2 x 2 of its output in the same pass over memory, and the gradients of both.
//
// The tensors are those of batch_normalization.cl, and pooled [batch][height / 2][width / 2][channels]: forward the maxima,
// backward their gradients; indices: the same as bytes, 2 y + x of the maximum in its square. Work goes by squares of
// 2 x 2 pixels, BLOCK of them in a block; squares at the lower and the right edge may be cut and are then not pooled.
// Between the two passes of the gradient comes batch_normalization.cl's gradient_sums.
//
// CPU bodies have the gradient of both in two passes. GPU bodies add the pooled gradient first, in a pass of its own, and
// go on as without pooling: fused, their sums over a group's rows came out wrong now and then on PoCL with several threads.

#include "common.h"
#include "activation.h"
#include "batch_normalization.h"

#ifndef MOMENTS_GIVEN
// normalize_squares: whether the moments are given, and the statistics still to be kept.
#define MOMENTS_GIVEN 0
#endif

// A square's image, and its place in the grid of squares.
typedef struct {
  uint n, y, x;
} Square;

static inline Square square_at(const uint index, const uint down, const uint across) {
  Square square;
  const uint row = index / across;
  square.x = index - row * across;
  square.n = row / down;
  square.y = row - square.n * down;
  return square;
}

static inline Square next_square(Square square, const uint down, const uint across) {
  if (++square.x == across) {
    square.x = 0;
    if (++square.y == down) {
      square.y = 0;
      ++square.n;
    }
  }
  return square;
}

#define DOWN ((height + 1) / 2)
#define ACROSS ((width + 1) / 2)

// The squares of a block that one work-item takes: CPU bodies all, GPU bodies every ROWS-th.
#if CPU_BODIES
#define FOR_EACH_SQUARE(square)                               \
  Square square = square_at(start, DOWN, ACROSS);             \
  for (uint index = start; index < end; ++index, square = next_square(square, DOWN, ACROSS))
#else
#define FOR_EACH_SQUARE(square)                               \
  Square square = square_at(start + get_local_id(1), DOWN, ACROSS); \
  for (uint index = start + get_local_id(1); index < end;     \
       index += ROWS, square = square_at(index, DOWN, ACROSS))
#endif

// Place of a square's first pixel, of its pooled pixel, whether its other row and column exist, and whether it is pooled.
#define PLACE_SQUARE(square)                                                                            \
  const size_t first = ((size_t)square.n * height + 2 * square.y) * width + 2 * square.x;               \
  const size_t pooled_pixel = ((size_t)square.n * (height / 2) + square.y) * (width / 2) + square.x;    \
  const bool has_row = 2 * square.y + 1 < height, has_column = 2 * square.x + 1 < width;                \
  const bool is_pooled = has_row && has_column

// The four pixels of a square; those that do not exist are passed over.
#if CPU_BODIES
#define FOR_EACH_CORNER(corner) _Pragma("unroll") for (uint corner = 0; corner < 4; ++corner)
#else
#define FOR_EACH_CORNER(corner) for (uint corner = 0; corner < 4; ++corner)
#endif
#define IS_OUTSIDE(corner) ((corner >= 2 && !has_row) || (corner % 2 == 1 && !has_column))
#define PIXEL(corner) (first + (corner / 2) * width + corner % 2)

// ---- Forward ----

// Group (channels, block). With MOMENTS_GIVEN, `mean` holds means and variances, and the groups of block 0 keep the statistics.
kernel GROUP_SHAPE void normalize_squares(
    const global float *input, const ulong input_offset, const ulong input_stride, const global float *scale,
    const ulong scale_offset, const global float *shift, const ulong shift_offset,
#if MOMENTS_GIVEN
    const global float *moments, const ulong moments_offset,
#endif
    global float *saved_mean, const ulong saved_mean_offset, global float *saved_inverse_deviation,
    const ulong saved_inverse_deviation_offset,
#if MOMENTS_GIVEN
    global float *running_mean, const ulong running_mean_offset, global float *running_variance,
    const ulong running_variance_offset, const float epsilon, const float momentum, const float momentum_complement,
#endif
    global float *output, const ulong output_offset, const ulong output_stride, global float *pooled,
    const ulong pooled_offset, const ulong pooled_stride, global uchar *indices, const ulong indices_offset,
    const ulong indices_stride, const uint channels, const uint pixels, const uint squares, const uint height,
    const uint width, const float slope) {
  const uint start = (uint)get_group_id(1) * BLOCK;
  const uint end = start + min(squares - start, (uint)BLOCK);
  if (get_global_id(0) >= channels) return;
  const uint channel = FIRST_CHANNEL;
  FLOATS center[LINES], factor[LINES], addend[LINES];
  LOAD_LINES(addend, shift + shift_offset + channel);
#if MOMENTS_GIVEN
  LOAD_LINES(center, moments + moments_offset + channel);
  FOR_EACH_LINE(line) {
    const FLOATS variance = LOAD(moments + moments_offset + channels + channel + line * VECTOR);
    const FLOATS inverse = 1.0f / sqrt(variance + epsilon);
    factor[line] = LOAD(scale + scale_offset + channel + line * VECTOR) * inverse;
    if (get_group_id(1) == 0 && get_local_id(1) == 0) {
      KEEP_STATISTICS(center[line], inverse, variance * (float)pixels, channel + line * VECTOR);
    }
  }
#else
  LOAD_LINES(center, saved_mean + saved_mean_offset + channel);
  LOAD_LINES(factor, saved_inverse_deviation + saved_inverse_deviation_offset + channel);
  FOR_EACH_LINE(line) factor[line] *= LOAD(scale + scale_offset + channel + line * VECTOR);
#endif
  const global float *source = input + input_offset + channel;
  global float *target = output + output_offset + channel;
  FOR_EACH_SQUARE(square) {
    PLACE_SQUARE(square);
    FOR_EACH_LINE(line) {
      FLOATS maximum = 0.0f;
      INTS place = 0;
      FOR_EACH_CORNER(corner) {
        if (IS_OUTSIDE(corner)) continue;
        const FLOATS z =
            (LOAD(source + PIXEL(corner) * input_stride + line * VECTOR) - center[line]) * factor[line] + addend[line];
        const FLOATS value = ACTIVATE(FLOATS, z, slope);
        STORE(value, target + PIXEL(corner) * output_stride + line * VECTOR);
        // A NaN wins, so that it is not hidden; else the first of equals.
        const INTS wins = corner == 0 ? (INTS)(-1) : ((value > maximum) | (value != value));
        maximum = select(maximum, value, wins);
        place = select(place, (INTS)(corner), wins);
      }
      if (is_pooled) {
        STORE(maximum, pooled + pooled_offset + pooled_pixel * pooled_stride + channel + line * VECTOR);
        STORE(CONVERT_BYTES(place), indices + indices_offset + pooled_pixel * indices_stride + channel + line * VECTOR);
      }
    }
  }
}

// ---- Backward ----

#define GRADIENT_PARAMETERS                                                                                         \
  const global float *input, const ulong input_offset, const ulong input_stride, const global float *scale,         \
      const ulong scale_offset, const global float *shift, const ulong shift_offset, const global float *saved_mean, \
      const ulong saved_mean_offset, const global float *saved_inverse_deviation,                                   \
      const ulong saved_inverse_deviation_offset, const global float *output_gradient,                              \
      const ulong output_gradient_offset, const ulong output_gradient_stride, const global float *pooled,           \
      const ulong pooled_offset, const ulong pooled_stride, const global uchar *indices, const ulong indices_offset, \
      const ulong indices_stride

#if CPU_BODIES

// What comes to a square's pixels by way of the maximum, and to which of them.
#define LOAD_POOLED(line)                                                                                          \
  FLOATS incoming = 0.0f;                                                                                          \
  INTS place = 0;                                                                                                  \
  if (is_pooled) {                                                                                                 \
    incoming = LOAD(pooled + pooled_offset + pooled_pixel * pooled_stride + channel + line * VECTOR);              \
    place = CONVERT_INTS(LOAD(indices + indices_offset + pooled_pixel * indices_stride + channel + line * VECTOR)); \
  }
#define ABOVE(corner, line)                                                        \
  (LOAD(gradient + PIXEL(corner) * output_gradient_stride + line * VECTOR) +       \
   select((FLOATS)(0.0f), incoming, place == (INTS)(corner)))

// Stage 1. Group (channels, block): sums of g and of g * normalized x.
kernel GROUP_SHAPE void gradient_squares(GRADIENT_PARAMETERS, global float *partials, const uint channels,
                                         const uint squares, const uint blocks, const uint height, const uint width,
                                         const float slope) {
  const uint block = get_group_id(1);
  const uint start = block * BLOCK;
  const uint end = start + min(squares - start, (uint)BLOCK);
  const uint channel = FIRST_CHANNEL;
  GRADIENT_CONSTANTS();
  FLOATS sum[LINES], product_sum[LINES];
  FOR_EACH_LINE(line) sum[line] = 0.0f, product_sum[line] = 0.0f;
  FOR_EACH_SQUARE(square) {
    PLACE_SQUARE(square);
    FOR_EACH_LINE(line) {
      LOAD_POOLED(line)
      FOR_EACH_CORNER(corner) {
        if (IS_OUTSIDE(corner)) continue;
        GRADIENT_AND_NORMALIZED(PIXEL(corner), line, ABOVE(corner, line), g, normalized);
        sum[line] += g;
        product_sum[line] += g * normalized;
      }
    }
  }
  FOR_EACH_LINE(line) {
    STORE(sum[line], partials + (size_t)block * channels + channel + line * VECTOR);
    STORE(product_sum[line], partials + ((size_t)blocks + block) * channels + channel + line * VECTOR);
  }
}

// Stage 3. Group (channels, block). input_gradient may be output_gradient.
kernel GROUP_SHAPE void input_gradient_squares(GRADIENT_PARAMETERS, const global float *means, global float *target,
                                               const ulong target_offset, const ulong target_stride,
                                               const uint channels, const uint squares, const uint height,
                                               const uint width, const float slope) {
  const uint start = (uint)get_group_id(1) * BLOCK;
  const uint end = start + min(squares - start, (uint)BLOCK);
  const uint channel = FIRST_CHANNEL;
  GRADIENT_CONSTANTS();
  FLOATS mean[LINES], product_mean[LINES];
  LOAD_LINES(mean, means + channel);
  LOAD_LINES(product_mean, means + channels + channel);
  global float *result = target + target_offset + channel;
  FOR_EACH_SQUARE(square) {
    PLACE_SQUARE(square);
    FOR_EACH_LINE(line) {
      LOAD_POOLED(line)
      FOR_EACH_CORNER(corner) {
        if (IS_OUTSIDE(corner)) continue;
        GRADIENT_AND_NORMALIZED(PIXEL(corner), line, ABOVE(corner, line), g, normalized);
        STORE(gamma[line] * inverse[line] * (g - mean[line] - normalized * product_mean[line]),
              result + PIXEL(corner) * target_stride + line * VECTOR);
      }
    }
  }
}

#else

// target = output_gradient + what comes by way of the maxima; target may be output_gradient. One work-item per element.
kernel void add_pooled_gradient(
    const global float *output_gradient, const ulong output_gradient_offset, const ulong output_gradient_stride,
    const global float *pooled, const ulong pooled_offset, const ulong pooled_stride, const global uchar *indices,
    const ulong indices_offset, const ulong indices_stride, global float *target, const ulong target_offset,
    const ulong target_stride, const uint channels, const uint pixels, const uint height, const uint width) {
  const size_t channel = get_global_id(0), row = row_index();
  if (channel >= channels || row >= pixels) return;
  const uint pixel = row, line = pixel / width;
  const uint x = pixel - line * width, n = line / height, y = line - n * height;
  float gradient = output_gradient[output_gradient_offset + row * output_gradient_stride + channel];
  if (y / 2 < height / 2 && x / 2 < width / 2) {
    const size_t square = ((size_t)n * (height / 2) + y / 2) * (width / 2) + x / 2;
    if (indices[indices_offset + square * indices_stride + channel] == y % 2 * 2 + x % 2)
      gradient += pooled[pooled_offset + square * pooled_stride + channel];
  }
  target[target_offset + row * target_stride + channel] = gradient;
}

#endif
