// Batch normalization with max-pooling 2 × 2 of its output in the same pass over memory, and the gradients of both.
//
// The formulas and tensors are those of batch_normalization.cl, and pooled [batch][height / 2][width / 2][channels]:
// forward the maxima, backward their gradients; indices: the same as bytes, 2 y + x of the maximum in its square. Work
// goes by squares of 2 × 2 pixels, BLOCK of them in a block; squares at the lower and the right edge may be cut and are
// then not pooled.
// Group (channels, block), as in batch_normalization.h. Between the two passes of the gradient comes
// batch_normalization.cl's gradient_sums.

#include "common.h"
#include "activation.h"
#include "batch_normalization.h"

// Squares in a column and in a row of them.
#define DOWN(height) (((height) + 1) / 2)
#define ACROSS(width) (((width) + 1) / 2)

// Returns the position after this one, in images of that size.
static inline Position next_position(Position position, uint height, uint width) {
  if (++position.x == width) {
    position.x = 0;
    if (++position.y == height) {
      position.y = 0;
      position.n++;
    }
  }
  return position;
}

// The squares of a block that one work-item takes: CPU bodies all, GPU bodies every ROWS-th.
#if CPU_BODIES
#define FOR_EACH_SQUARE(position, block, down, across)               \
  Position position = position_of(block.start, down, across);        \
  for (uint index = block.start; index < block.end; index++, position = next_position(position, down, across))
#else
#define FOR_EACH_SQUARE(position, block, down, across)                                  \
  Position position = position_of(block.start + get_local_id(1), down, across);         \
  for (uint index = block.start + get_local_id(1); index < block.end;                    \
       index += ROWS, position = position_of(index, down, across))
#endif

// A square's first pixel, its pixel in the pooled tensors, and whether its second row and column exist.
typedef struct {
  size_t first, pooled;
  bool has_row, has_column;
} Square;

static inline Square square_at(Position at, uint height, uint width) {
  Square square;
  square.first = pixel_index(at.n, 2 * at.y, 2 * at.x, height, width);
  square.pooled = pixel_index(at.n, at.y, at.x, height / 2, width / 2);
  square.has_row = 2 * at.y + 1 < height;
  square.has_column = 2 * at.x + 1 < width;
  return square;
}

static inline bool is_pooled(Square square) { return square.has_row && square.has_column; }

// The four pixels of a square; those that do not exist are passed over.
#if CPU_BODIES
#define FOR_EACH_CORNER(corner) _Pragma("unroll") for (uint corner = 0; corner < 4; corner++)
#else
#define FOR_EACH_CORNER(corner) for (uint corner = 0; corner < 4; corner++)
#endif
static inline bool is_outside(Square square, uint corner) {
  return (corner >= 2 && !square.has_row) || (corner % 2 == 1 && !square.has_column);
}
static inline size_t corner_pixel(Square square, uint corner, uint width) {
  return square.first + (corner / 2) * width + corner % 2;
}

// ---- Forward ----

// Writes the output and the maxima of a block of squares; input, output, pooled and indices point to this work-item's
// first channel.
FORCE_INLINE void write_squares(const Normalization *map, Block block, global const float *input, ulong input_stride,
                                global float *output, ulong output_stride, global float *pooled, ulong pooled_stride,
                                global uchar *indices, ulong indices_stride, uint height, uint width, float slope) {
  FOR_EACH_SQUARE(position, block, DOWN(height), ACROSS(width)) {
    const Square square = square_at(position, height, width);
    FOR_EACH_LINE(line) {
      const uint at = line * VECTOR;
      FLOATS maximum = 0.0f;
      INTS place = 0;
      FOR_EACH_CORNER(corner) {
        if (is_outside(square, corner)) continue;
        const size_t pixel = corner_pixel(square, corner, width);
        const FLOATS z = normalize(map, LOAD(input + pixel * input_stride + at), line);
        const FLOATS value = ACTIVATE(FLOATS, z, slope);
        STORE(value, output + pixel * output_stride + at);
        // A NaN wins, so that it is not hidden; else the first of equals.
        const INTS wins = corner == 0 ? (INTS)(-1) : ((value > maximum) | (value != value));
        maximum = select(maximum, value, wins);
        place = select(place, (INTS)(corner), wins);
      }
      if (is_pooled(square)) {
        STORE(maximum, pooled + square.pooled * pooled_stride + at);
        STORE(CONVERT_BYTES(place), indices + square.pooled * indices_stride + at);
      }
    }
  }
}

// Stage 3 of the training forward pass.
kernel GROUP_SHAPE void normalize_squares(TENSOR(const float *, input), ARRAY(const float *, scale),
                                          ARRAY(const float *, shift), ARRAY(const float *, saved_mean),
                                          ARRAY(const float *, saved_inverse_deviation), TENSOR(float *, output),
                                          TENSOR(float *, pooled), TENSOR(uchar *, indices), uint channels,
                                          uint squares, uint height, uint width, float slope) {
  if (get_global_id(0) >= channels) return;
  const uint channel = first_channel(channels);
  Normalization map;
  load_normalization(&map, BASE(saved_mean) + channel, BASE(saved_inverse_deviation) + channel, BASE(scale) + channel,
                     BASE(shift) + channel);
  write_squares(&map, block_of_group(squares), BASE(input) + channel, input_stride, BASE(output) + channel,
                output_stride, BASE(pooled) + channel, pooled_stride, BASE(indices) + channel, indices_stride, height,
                width, slope);
}

// All of the training forward pass where the moments are given, which are those of `population` pixels.
kernel GROUP_SHAPE void normalize_given_squares(
    TENSOR(const float *, input), ARRAY(const float *, moments), ARRAY(const float *, scale),
    ARRAY(const float *, shift), ARRAY(float *, saved_mean), ARRAY(float *, saved_inverse_deviation),
    ARRAY(float *, running_mean), ARRAY(float *, running_variance), TENSOR(float *, output), TENSOR(float *, pooled),
    TENSOR(uchar *, indices), uint channels, uint population, uint squares, uint height, uint width,
    float epsilon, float momentum, float momentum_complement, float slope) {
  if (get_global_id(0) >= channels) return;
  const uint channel = first_channel(channels);
  const Statistics to = {BASE(saved_mean), BASE(saved_inverse_deviation), BASE(running_mean), BASE(running_variance),
                         population, momentum, momentum_complement};
  Normalization map;
  load_moments(&map, BASE(moments) + channel, BASE(scale) + channel, BASE(shift) + channel, epsilon, to, channels,
               channel);
  write_squares(&map, block_of_group(squares), BASE(input) + channel, input_stride, BASE(output) + channel,
                output_stride, BASE(pooled) + channel, pooled_stride, BASE(indices) + channel, indices_stride, height,
                width, slope);
}

// ---- Backward ----

// The pooled gradient of a square, and the corner that it belongs to.
typedef struct {
  FLOATS gradient;
  INTS corner;
} Pooled;

// Returns it from pointers to the square's pixel.
FORCE_INLINE Pooled load_pooled(Square square, global const float *gradient, global const uchar *indices) {
  Pooled pooled;
  pooled.gradient = 0.0f;
  pooled.corner = 0;
  if (is_pooled(square)) {
    pooled.gradient = LOAD(gradient);
    pooled.corner = CONVERT_INTS(LOAD(indices));
  }
  return pooled;
}

// Returns the upstream gradient of a corner: its own, and the pooled one where it belongs there.
FORCE_INLINE FLOATS upstream_of(Pooled pooled, uint corner, FLOATS gradient) {
  return gradient + select((FLOATS)(0.0f), pooled.gradient, pooled.corner == (INTS)(corner));
}

// Stage 1: sums of g and of g * normalized.
kernel GROUP_SHAPE void gradient_squares(TENSOR(const float *, input), ARRAY(const float *, scale),
                                         ARRAY(const float *, shift), ARRAY(const float *, saved_mean),
                                         ARRAY(const float *, saved_inverse_deviation),
                                         TENSOR(const float *, output_gradient), TENSOR(const float *, pooled),
                                         TENSOR(const uchar *, indices), global float *partials, uint channels,
                                         uint squares, uint blocks, uint height, uint width, float slope) {
  ROW_SUMS(sums);
  const Block block = block_of_group(squares);
  const uint channel = first_channel(channels);
  Channels values;
  load_channels(&values, BASE(saved_mean) + channel, BASE(saved_inverse_deviation) + channel, BASE(scale) + channel,
                BASE(shift) + channel);
  FLOATS sum[LINES], product_sum[LINES];
  FOR_EACH_LINE(line) sum[line] = 0.0f, product_sum[line] = 0.0f;
  FOR_EACH_SQUARE(position, block, DOWN(height), ACROSS(width)) {
    const Square square = square_at(position, height, width);
    FOR_EACH_LINE(line) {
      const uint at = channel + line * VECTOR;
      const Pooled from = load_pooled(square, AT(pooled, square.pooled) + at, AT(indices, square.pooled) + at);
      FOR_EACH_CORNER(corner) {
        if (is_outside(square, corner)) continue;
        const size_t pixel = corner_pixel(square, corner, width);
        const FLOATS upstream = upstream_of(from, corner, LOAD(AT(output_gradient, pixel) + at));
        const Terms terms = gradient_terms(&values, line, LOAD(AT(input, pixel) + at), upstream, slope);
        sum[line] += terms.g;
        product_sum[line] += terms.g * terms.normalized;
      }
    }
  }
  store_block_sums(sum, product_sum, partials, channels, blocks, sums);
}

// Stage 3; target, the gradient by the input, may be output_gradient.
kernel GROUP_SHAPE void input_gradient_squares(TENSOR(const float *, input), ARRAY(const float *, scale),
                                               ARRAY(const float *, shift), ARRAY(const float *, saved_mean),
                                               ARRAY(const float *, saved_inverse_deviation),
                                               TENSOR(const float *, output_gradient), TENSOR(const float *, pooled),
                                               TENSOR(const uchar *, indices), ARRAY(const float *, means),
                                               TENSOR(float *, target), uint channels, uint squares, uint height,
                                               uint width, float slope) {
  if (get_global_id(0) >= channels) return;
  const Block block = block_of_group(squares);
  const uint channel = first_channel(channels);
  Channels values;
  load_channels(&values, BASE(saved_mean) + channel, BASE(saved_inverse_deviation) + channel, BASE(scale) + channel,
                BASE(shift) + channel);
  Means mean;
  LOAD_LINES(mean.g, BASE(means) + channel);
  LOAD_LINES(mean.product, BASE(means) + channels + channel);
  FOR_EACH_SQUARE(position, block, DOWN(height), ACROSS(width)) {
    const Square square = square_at(position, height, width);
    FOR_EACH_LINE(line) {
      const uint at = channel + line * VECTOR;
      const Pooled from = load_pooled(square, AT(pooled, square.pooled) + at, AT(indices, square.pooled) + at);
      FOR_EACH_CORNER(corner) {
        if (is_outside(square, corner)) continue;
        const size_t pixel = corner_pixel(square, corner, width);
        const FLOATS upstream = upstream_of(from, corner, LOAD(AT(output_gradient, pixel) + at));
        const Terms terms = gradient_terms(&values, line, LOAD(AT(input, pixel) + at), upstream, slope);
        STORE(input_gradient_of(&values, line, terms, &mean), AT(target, pixel) + at);
      }
    }
  }
}
