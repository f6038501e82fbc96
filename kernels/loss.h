// The frame of every loss: the mean of a per-element loss l(x, t), added to `loss`, and the gradient by x.
//
//   loss += Σ l(x, t) / count           gradient = [ACCUMULATE] gradient + gradient_scale * l'(x, t)
//
// With WEIGHTED_CHANNELS, l and l' are multiplied by the weight of the element's pixel.
//
// A file that includes this defines first
//   LOSS_TERM(T, x, t)        l, of type T (float or float16), x the prediction and t the target,
//   LOSS_DERIVATIVE(T, x, t)  its derivative by x,
//   LOSS_BLOCKS, LOSS_SUM     names of the two kernels,
//   LOSS_TARGET_TENSOR        1 if targets are a tensor, 0 if one number is the target of all elements.
//
// prediction, target, gradient: [pixels][channels], count = pixels * channels. weights: [pixels][1]. partial_sums: one
// float per block of BLOCK elements. loss: one float. The blocks are the same on every device; inside a block the order
// of the sum depends on GROUP and on the bodies. So a device gives the same bits each time, and two devices give the
// same up to rounding.

// Elements of one block, a multiple of 16 and of GROUP.
#ifndef BLOCK
#define BLOCK 4096
#endif
// Work-items of a group, a power of two; 1 with the CPU bodies.
#ifndef GROUP
#define GROUP 256
#endif
// Whether no tensor has gaps between its pixels, so that elements count straight through.
#ifndef DENSE
#define DENSE 0
#endif
// Whether there is a gradient to be written.
#ifndef WITH_GRADIENT
#define WITH_GRADIENT 1
#endif
// Whether to add to the gradient.
#ifndef ACCUMULATE
#define ACCUMULATE 0
#endif
// The number of channels where pixels have weights; 0 where they have none.
#ifndef WEIGHTED_CHANNELS
#define WEIGHTED_CHANNELS 0
#endif

#include "reduction.h"

// Pointer to element i of the parameter TENSOR(…, name).
#if DENSE
#define ELEMENT(name, i, channels) (BASE(name) + (i))
#else
#define ELEMENT(name, i, channels) (AT(name, (i) / (channels)) + (i) % (channels))
#endif

#if LOSS_TARGET_TENSOR
#define TARGET_PARAMETER(target) TENSOR(const float *, target)
#define TARGET(target, i, channels) (*ELEMENT(target, i, channels))
#define TARGET16(target, i, channels) vload16(0, ELEMENT(target, i, channels))
#else
#define TARGET_PARAMETER(target) float target
#define TARGET(target, i, channels) (target)
#define TARGET16(target, i, channels) (float16)(target)
#endif

#if ACCUMULATE
#define STORE_GRADIENT(value, place) *(place) += (value)
#define STORE_GRADIENT16(value, place) vstore16(vload16(0, place) + (value), 0, place)
#else
#define STORE_GRADIENT(value, place) *(place) = (value)
#define STORE_GRADIENT16(value, place) vstore16(value, 0, place)
#endif

#if WEIGHTED_CHANNELS
#define WEIGHTS_PARAMETER TENSOR(const float *, weights),
// The weight of element i.
#define WEIGHT(i) (*AT(weights, (i) / WEIGHTED_CHANNELS))
#define WEIGHTED(value, weight) ((value) * (weight))
#else
#define WEIGHTS_PARAMETER
#define WEIGHTED(value, weight) (value)
#endif

static inline float sum16(float16 v) {
  const float even = ((v.s0 + v.s8) + (v.s4 + v.sc)) + ((v.s2 + v.sa) + (v.s6 + v.se));
  const float odd = ((v.s1 + v.s9) + (v.s5 + v.sd)) + ((v.s3 + v.sb) + (v.s7 + v.sf));
  return even + odd;
}

// Stage 1. One group per block; a work-item takes every GROUP-th element, and with the CPU bodies all, 16 at a time.
kernel WORK_GROUP(GROUP, 1, 1) void LOSS_BLOCKS(
    TENSOR(const float *, prediction), TARGET_PARAMETER(target), WEIGHTS_PARAMETER
#if WITH_GRADIENT
    TENSOR(float *, gradient),
#endif
    global float *partial_sums, uint channels, uint count, float gradient_scale) {
  local float sums[GROUP];
  const uint start = (uint)get_group_id(0) * BLOCK;
  const uint end = min(count - start, (uint)BLOCK) + start;
  uint i = start + get_local_id(0);
  float sum = 0.0f;
#if CPU_BODIES && DENSE
  float16 lanes = 0.0f;
  for (; i + 16 <= end; i += 16) {
    const float16 x = vload16(0, ELEMENT(prediction, i, channels)), t = TARGET16(target, i, channels);
#if WEIGHTED_CHANNELS
    float w[16];
    for (uint lane = 0; lane < 16; lane++) w[lane] = WEIGHT(i + lane);
    const float16 weight = vload16(0, w);
#endif
    lanes += WEIGHTED(LOSS_TERM(float16, x, t), weight);
#if WITH_GRADIENT
    STORE_GRADIENT16(WEIGHTED(LOSS_DERIVATIVE(float16, x, t) * gradient_scale, weight), ELEMENT(gradient, i, channels));
#endif
  }
  sum = sum16(lanes);
#endif
  for (; i < end; i += GROUP) {
    const float x = *ELEMENT(prediction, i, channels), t = TARGET(target, i, channels);
    sum += WEIGHTED(LOSS_TERM(float, x, t), WEIGHT(i));
#if WITH_GRADIENT
    STORE_GRADIENT(WEIGHTED(LOSS_DERIVATIVE(float, x, t) * gradient_scale, WEIGHT(i)), ELEMENT(gradient, i, channels));
#endif
  }
  sum = group_sum(sum, sums);
  if (get_local_id(0) == 0) partial_sums[get_group_id(0)] = sum;
}

// Stage 2. One group.
kernel WORK_GROUP(GROUP, 1, 1) void LOSS_SUM(global const float *partial_sums, uint blocks, TENSOR(float *, loss),
                                             float inverse_count) {
  local float sums[GROUP];
  float sum = 0.0f;
  for (uint i = get_local_id(0); i < blocks; i += GROUP) sum += partial_sums[i];
  sum = group_sum(sum, sums);
  if (get_local_id(0) == 0) *BASE(loss) += sum * inverse_count;
}
