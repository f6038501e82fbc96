// Shared by the kernels of batch normalization: the division of [pixels][channels] among work-items, and the work on
// one vector of channels.
//
// CPU bodies: one work-item per group takes LINES vectors of VECTOR neighbouring channels of one block of BLOCK pixels,
// whole cache lines one after the other; a vector at a time would read memory in steps of a pixel. GPU bodies: a group
// of LANES × ROWS work-items takes LANES neighbouring channels of one block, each work-item every ROWS-th pixel. Blocks
// depend on the shape and the kind of bodies; inside a block the order of a sum depends on VECTOR or ROWS, which the
// device decides too. So a device gives the same bits each time, and two devices give the same up to rounding.

// Pixels of one block; a CPU body reads it twice, so LINES * VECTOR channels of it should stay in the first-level
// cache.
#ifndef BLOCK
#define BLOCK 256
#endif
// Channels of one work-item: with CPU bodies a power of two up to 16 that divides the number of channels, else 1.
#ifndef VECTOR
#define VECTOR 1
#endif
// CPU bodies: vectors of one work-item, 1, 2 or 4; LINES * VECTOR divides the number of channels.
#ifndef LINES
#define LINES 1
#endif
// GPU bodies: channels of one group.
#ifndef LANES
#define LANES 32
#endif
// GPU bodies: pixels that a group takes at a time.
#ifndef ROWS
#define ROWS 8
#endif

#include "vectors.h"

// The pixels, or squares of pixels, start ..< end.
typedef struct {
  uint start, end;
} Block;

// Returns the part of 0 ..< count that the groups of block get_group_id(1) take.
static inline Block block_of_group(uint count) {
  Block block;
  block.start = (uint)get_group_id(1) * BLOCK;
  block.end = block.start + min(count - block.start, (uint)BLOCK);
  return block;
}

#if CPU_BODIES
#define GROUP_SHAPE WORK_GROUP(1, 1, 1)
// The vectors of this work-item.
#define FOR_EACH_LINE(line) _Pragma("unroll") for (uint line = 0; line < LINES; line++)
// The pixels of a block that one work-item of an element-wise stage takes.
#define FOR_EACH_PIXEL(pixel, block) for (uint pixel = block.start; pixel < block.end; pixel++)
// The blocks that one work-item of a second stage takes.
#define FOR_EACH_BLOCK(block, blocks) for (uint block = 0; block < blocks; block++)
// Memory for sum_of_rows: local to the group with GPU bodies, none with CPU bodies.
typedef int RowSums;
#define ROW_SUMS(sums) const RowSums sums = 0

// Returns the first of the LINES * VECTOR channels of this work-item.
static inline uint first_channel(uint channels) { return (uint)get_group_id(0) * (LINES * VECTOR); }
// Returns whether this work-item stores the results of its group's channels.
static inline bool is_writer(uint channels) { return true; }
FORCE_INLINE FLOATS sum_of_rows(FLOATS value, RowSums sums) { return value; }
#else
#define GROUP_SHAPE WORK_GROUP(LANES, ROWS, 1)
#define FOR_EACH_LINE(line) for (uint line = 0; line < 1; line++)
#define FOR_EACH_PIXEL(pixel, block) for (uint pixel = block.start + get_local_id(1); pixel < block.end; pixel += ROWS)
#define FOR_EACH_BLOCK(block, blocks) for (uint block = get_local_id(1); block < blocks; block += ROWS)
typedef local float (*RowSums)[LANES];
#define ROW_SUMS(sums) local float sums[ROWS][LANES]

// Work-items past the last channel take it again, as all must reach a barrier.
static inline uint first_channel(uint channels) { return min((uint)get_global_id(0), channels - 1); }
static inline bool is_writer(uint channels) { return get_local_id(1) == 0 && get_global_id(0) < channels; }

// Returns the sum of `value` over the rows of the group, in the order of a tree, for this work-item's lane. All call
// it.
FORCE_INLINE float sum_of_rows(float value, RowSums sums) {
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

// Loads this work-item's channels, the first of which is at `source`.
#define LOAD_LINES(lines, source) FOR_EACH_LINE(load_line) lines[load_line] = LOAD((source) + load_line * VECTOR)

// Adds `value` to *sum with the rounding error kept in *error (Kahan 1965).
static inline void add_compensated(FLOATS *sum, FLOATS *error, FLOATS value) {
  const FLOATS corrected = value - *error;
  const FLOATS next = *sum + corrected;
  *error = (next - *sum) - corrected;
  *sum = next;
}

// ---- Forward ----

// Destination of the batch's statistics in a training forward pass, and the weights of their average over batches.
typedef struct {
  global float *saved_mean, *saved_inverse_deviation, *running_mean, *running_variance;
  uint pixels;
  float momentum, momentum_complement;
} Statistics;

// Stores the statistics of one vector of channels: running = (1 - momentum) * running + momentum * statistic, with the
// unbiased variance. A single pixel has no unbiased variance; dividing by one keeps it finite.
FORCE_INLINE void store_statistics(Statistics to, FLOATS mean, FLOATS inverse_deviation, FLOATS squares, uint channel) {
  STORE(mean, to.saved_mean + channel);
  STORE(inverse_deviation, to.saved_inverse_deviation + channel);
  STORE(to.momentum_complement * LOAD(to.running_mean + channel) + to.momentum * mean, to.running_mean + channel);
  STORE(to.momentum_complement * LOAD(to.running_variance + channel) +
            to.momentum * (squares / (float)max(to.pixels - 1, 1u)),
        to.running_variance + channel);
}

// The affine map of this work-item's channels.
typedef struct {
  FLOATS center[LINES], factor[LINES], addend[LINES];
} Normalization;

// Returns (x - center) * factor + addend. The mean goes first: with data far from zero, mean * factor would cancel
// against x * factor.
FORCE_INLINE FLOATS normalize(const Normalization *map, FLOATS x, uint line) {
  return (x - map->center[line]) * map->factor[line] + map->addend[line];
}

// Sets *map from pointers to this work-item's first channel.
FORCE_INLINE void load_normalization(Normalization *map, global const float *mean,
                                     global const float *inverse_deviation, global const float *scale,
                                     global const float *shift) {
  LOAD_LINES(map->center, mean);
  LOAD_LINES(map->addend, shift);
  FOR_EACH_LINE(line)
    map->factor[line] = LOAD(scale + line * VECTOR) * LOAD(inverse_deviation + line * VECTOR);
}

// The same from variances.
FORCE_INLINE void load_inference(Normalization *map, global const float *mean, global const float *variance,
                                 global const float *scale, global const float *shift, float epsilon) {
  LOAD_LINES(map->center, mean);
  LOAD_LINES(map->addend, shift);
  FOR_EACH_LINE(line)
    map->factor[line] = LOAD(scale + line * VECTOR) / sqrt(LOAD(variance + line * VECTOR) + epsilon);
}

// The same from means and, `channels` floats behind them, variances of the batch; the groups of block 0 store the
// statistics.
FORCE_INLINE void load_moments(Normalization *map, global const float *moments, global const float *scale,
                               global const float *shift, float epsilon, Statistics statistics, uint channels,
                               uint channel) {
  LOAD_LINES(map->center, moments);
  LOAD_LINES(map->addend, shift);
  FOR_EACH_LINE(line) {
    const FLOATS variance = LOAD(moments + channels + line * VECTOR);
    const FLOATS inverse = 1.0f / sqrt(variance + epsilon);
    map->factor[line] = LOAD(scale + line * VECTOR) * inverse;
    if (get_group_id(1) == 0 && get_local_id(1) == 0)
      store_statistics(statistics, map->center[line], inverse, variance * (float)statistics.pixels,
                       channel + line * VECTOR);
  }
}

// ---- Backward ----

// The values of this work-item's channels that the backward pass reads.
typedef struct {
  FLOATS mean[LINES], inverse_deviation[LINES], scale[LINES], shift[LINES];
} Channels;

// Sets *channels from pointers to this work-item's first channel.
FORCE_INLINE void load_channels(Channels *channels, global const float *mean, global const float *inverse_deviation,
                                global const float *scale, global const float *shift) {
  LOAD_LINES(channels->mean, mean);
  LOAD_LINES(channels->inverse_deviation, inverse_deviation);
  LOAD_LINES(channels->scale, scale);
  LOAD_LINES(channels->shift, shift);
}

// The normalized x of one place, and g, the gradient there below the activation.
typedef struct {
  FLOATS normalized, g;
} Terms;

// Returns them from x and the upstream gradient.
FORCE_INLINE Terms gradient_terms(const Channels *channels, uint line, FLOATS x, FLOATS upstream, float slope) {
  Terms terms;
  terms.normalized = (x - channels->mean[line]) * channels->inverse_deviation[line];
  const FLOATS y =
      ACTIVATE(FLOATS, terms.normalized * channels->scale[line] + channels->shift[line], slope);
  terms.g = upstream * ACTIVATION_DERIVATIVE(FLOATS, y, slope);
  return terms;
}

// Stores the sums of g and of g * normalized x over this group's block, of which each work-item has its part, in
// partials [2][blocks][channels].
FORCE_INLINE void store_block_sums(const FLOATS *sum, const FLOATS *product_sum, global float *partials, uint channels,
                                   uint blocks, RowSums sums) {
  global float *block_sums = partials + (size_t)get_group_id(1) * channels + first_channel(channels);
  FOR_EACH_LINE(line) {
    const FLOATS all = sum_of_rows(sum[line], sums), all_products = sum_of_rows(product_sum[line], sums);
    if (is_writer(channels)) {
      STORE(all, block_sums + line * VECTOR);
      STORE(all_products, block_sums + (size_t)blocks * channels + line * VECTOR);
    }
  }
}

// The means of g and of g * normalized x of this work-item's channels.
typedef struct {
  FLOATS g[LINES], product[LINES];
} Means;

// Returns the gradient by x.
FORCE_INLINE FLOATS input_gradient_of(const Channels *channels, uint line, Terms terms, const Means *means) {
  return channels->scale[line] * channels->inverse_deviation[line] *
         (terms.g - means->g[line] - terms.normalized * means->product[line]);
}
