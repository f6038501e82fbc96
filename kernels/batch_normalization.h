// What the kernels of batch normalization share: the division of [pixels][channels] among work-items, and what they do
// with one vector of channels.
//
// CPU bodies: one work-item per group takes LINES vectors of VECTOR neighbouring channels of one block of BLOCK pixels, whole
// cache lines one after the other; a vector at a time would read memory in steps of a pixel. GPU bodies: a group of
// LANES x ROWS work-items takes LANES neighbouring channels of one block, each work-item every ROWS-th pixel.
// Blocks depend on the shape and the kind of bodies; inside a block the order of a sum depends on VECTOR or ROWS, which
// the device decides too. So a device gives the same bits each time, and two devices give the same up to rounding.

#ifndef BLOCK
// Pixels of one block; a CPU body reads it twice, so LINES * VECTOR channels of it should stay in the first-level cache.
#define BLOCK 256
#endif
#ifndef VECTOR
// Channels of one work-item: with CPU bodies a power of two up to 16 that divides the number of channels, else 1.
#define VECTOR 1
#endif
#ifndef LINES
// CPU bodies: vectors of one work-item, 1, 2 or 4; LINES * VECTOR divides the number of channels.
#define LINES 1
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

// First of the channels that this work-item takes: CPU bodies LINES * VECTOR of them, GPU bodies one. Work-items past the
// last channel take it again where all must reach a barrier.
#if CPU_BODIES
#define FIRST_CHANNEL ((uint)get_group_id(0) * (LINES * VECTOR))
#else
#define FIRST_CHANNEL min((uint)get_global_id(0), channels - 1)
#endif

#if CPU_BODIES
#define FOR_EACH_LINE(line) _Pragma("unroll") for (uint line = 0; line < LINES; ++line)
#else
#define FOR_EACH_LINE(line) for (uint line = 0; line < 1; ++line)
#endif

// Elements of this work-item's channels, one per line.
#define LOAD_LINES(lines, source) FOR_EACH_LINE(load_line) lines[load_line] = LOAD((source) + load_line * VECTOR)

// The blocks that one work-item of a second stage takes, the sum over a group's work-items, and which of them writes it.
#if CPU_BODIES
#define FIRST_BLOCK 0
#define BLOCK_STEP 1
#define SUM_OF_ROWS(value) (value)
#define IS_WRITER true
#else
#define FIRST_BLOCK get_local_id(1)
#define BLOCK_STEP ROWS
#define SUM_OF_ROWS(value) sum_of_rows(sums, value)
#define IS_WRITER (get_local_id(1) == 0 && get_global_id(0) < channels)
#endif

// The pixels that one work-item of an element-wise stage takes: CPU bodies all of a block, GPU bodies every ROWS-th.
#if CPU_BODIES
#define FOR_EACH_PIXEL(pixel) for (uint pixel = start; pixel < end; ++pixel)
#else
#define FOR_EACH_PIXEL(pixel) for (uint pixel = start + get_local_id(1); pixel < end; pixel += ROWS)
#endif

// Stores what is kept of one vector of channels: running = (1 - momentum) * running + momentum * statistic, with the
// unbiased variance. A single pixel has no unbiased variance; dividing by one keeps it finite.
#define KEEP_STATISTICS(mean, inverse_deviation, squares, channel)                                           \
  STORE(mean, saved_mean + saved_mean_offset + (channel));                                                   \
  STORE(inverse_deviation, saved_inverse_deviation + saved_inverse_deviation_offset + (channel));            \
  STORE(momentum_complement * LOAD(running_mean + running_mean_offset + (channel)) + momentum * (mean),      \
        running_mean + running_mean_offset + (channel));                                                     \
  STORE(momentum_complement * LOAD(running_variance + running_variance_offset + (channel)) +                 \
            momentum * ((squares) / (float)max(pixels - 1, 1u)),                                             \
        running_variance + running_variance_offset + (channel))

// Constants of this work-item's channels.
#define GRADIENT_CONSTANTS()                                                                     \
  FLOATS center[LINES], inverse[LINES], gamma[LINES], beta[LINES];                               \
  LOAD_LINES(center, saved_mean + saved_mean_offset + channel);                                  \
  LOAD_LINES(inverse, saved_inverse_deviation + saved_inverse_deviation_offset + channel);       \
  LOAD_LINES(gamma, scale + scale_offset + channel);                                             \
  LOAD_LINES(beta, shift + shift_offset + channel);                                              \
  const global float *x = input + input_offset + channel;                                        \
  const global float *gradient = output_gradient + output_gradient_offset + channel

// g, the gradient below the activation, from the one above it, and the normalized x of one place.
#define GRADIENT_AND_NORMALIZED(pixel, line, above, g, normalized)                                                     \
  const FLOATS normalized = (LOAD(x + pixel * input_stride + line * VECTOR) - center[line]) * inverse[line];       \
  const FLOATS y = ACTIVATE(FLOATS, normalized * gamma[line] + beta[line], slope);                                 \
  const FLOATS g = (above) * ACTIVATION_DERIVATIVE(FLOATS, y, slope)
