// The frame of every loss: a mean over all elements in two stages and, on the way, the gradient.
//
// A file that includes this defines first
//   LOSS_TERM(T, x, t)        one element's loss, x the prediction and t the target,
//   LOSS_DERIVATIVE(T, x, t)  its derivative by x,
//   LOSS_BLOCKS, LOSS_SUM     names of the two kernels,
//   LOSS_TARGET_TENSOR        1 if targets are a tensor, 0 if one number serves all elements.
//
// prediction, target, gradient: [pixels][channels], each with an offset and a pixel stride; count = pixels * channels.
// partial_sums: one float per block of BLOCK elements. loss: one float, added to.
// The blocks are the same on every device; inside a block the order of the sum depends on GROUP and on the bodies. So a
// device gives the same bits each time, and two devices give the same up to rounding.

#ifndef BLOCK
// Elements of one block, a multiple of 16 and of GROUP.
#define BLOCK 4096
#endif
#ifndef GROUP
// Work-items of a group, a power of two; 1 with the CPU bodies.
#define GROUP 256
#endif
#ifndef DENSE
// Whether no tensor has gaps between its pixels, so that elements count straight through.
#define DENSE 0
#endif
#ifndef WITH_GRADIENT
#define WITH_GRADIENT 1
#endif
#ifndef ACCUMULATE
// Whether to add to the gradient.
#define ACCUMULATE 0
#endif

#if DENSE
#define PLACE(name, i) (name##_offset + (i))
#else
#define PLACE(name, i) (name##_offset + (size_t)((i) / channels) * name##_stride + (i) % channels)
#endif

#if LOSS_TARGET_TENSOR
#define TARGET_PARAMETERS const global float *target, const ulong target_offset, const ulong target_stride
#define TARGET(i) target[PLACE(target, i)]
#define TARGET16(i) vload16(0, target + PLACE(target, i))
#else
#define TARGET_PARAMETERS const float target
#define TARGET(i) target
#define TARGET16(i) (float16)(target)
#endif

#if WITH_GRADIENT
#define GRADIENT_PARAMETERS global float *gradient, const ulong gradient_offset, const ulong gradient_stride,
#if ACCUMULATE
#define STORE_GRADIENT(i, value) gradient[PLACE(gradient, i)] += (value)
#define STORE_GRADIENT16(i, value) \
  vstore16(vload16(0, gradient + PLACE(gradient, i)) + (value), 0, gradient + PLACE(gradient, i))
#else
#define STORE_GRADIENT(i, value) gradient[PLACE(gradient, i)] = (value)
#define STORE_GRADIENT16(i, value) vstore16((value), 0, gradient + PLACE(gradient, i))
#endif
#else
#define GRADIENT_PARAMETERS
#define STORE_GRADIENT(i, value)
#define STORE_GRADIENT16(i, value)
#endif

static inline float sum16(const float16 v) {
  const float even = ((v.s0 + v.s8) + (v.s4 + v.sc)) + ((v.s2 + v.sa) + (v.s6 + v.se));
  const float odd = ((v.s1 + v.s9) + (v.s5 + v.sd)) + ((v.s3 + v.sb) + (v.s7 + v.sf));
  return even + odd;
}

// Stage 1: one group per block. gradient_scale is the gradient's weight over count.
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void LOSS_BLOCKS(
    const global float *prediction, const ulong prediction_offset, const ulong prediction_stride, TARGET_PARAMETERS,
    GRADIENT_PARAMETERS global float *partial_sums, const uint channels, const uint count, const float gradient_scale) {
  const uint start = (uint)get_group_id(0) * BLOCK;
  const uint end = min(count - start, (uint)BLOCK) + start;
#if CPU_BODIES
  float sum = 0.0f;
  uint i = start;
#if DENSE
  float16 sums = 0.0f;
  for (; i + 16 <= end; i += 16) {
    const float16 x = vload16(0, prediction + PLACE(prediction, i));
    const float16 t = TARGET16(i);
    sums += LOSS_TERM(float16, x, t);
    STORE_GRADIENT16(i, LOSS_DERIVATIVE(float16, x, t) * gradient_scale);
  }
  sum = sum16(sums);
#endif
  for (; i < end; ++i) {
    const float x = prediction[PLACE(prediction, i)];
    const float t = TARGET(i);
    sum += LOSS_TERM(float, x, t);
    STORE_GRADIENT(i, LOSS_DERIVATIVE(float, x, t) * gradient_scale);
  }
  partial_sums[get_group_id(0)] = sum;
#else
  local float sums[GROUP];
  const uint item = get_local_id(0);
  float sum = 0.0f;
  for (uint i = start + item; i < end; i += GROUP) {
    const float x = prediction[PLACE(prediction, i)];
    const float t = TARGET(i);
    sum += LOSS_TERM(float, x, t);
    STORE_GRADIENT(i, LOSS_DERIVATIVE(float, x, t) * gradient_scale);
  }
  sums[item] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint half_size = GROUP / 2; half_size > 0; half_size /= 2) {
    if (item < half_size) sums[item] += sums[item + half_size];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) partial_sums[get_group_id(0)] = sums[0];
#endif
}

// Stage 2: one group. loss += mean.
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void LOSS_SUM(const global float *partial_sums,
                                                                        const uint blocks, global float *loss,
                                                                        const ulong loss_offset,
                                                                        const ulong loss_stride,
                                                                        const float inverse_count) {
#if CPU_BODIES
  float sum = 0.0f;
  for (uint i = 0; i < blocks; ++i) sum += partial_sums[i];
  loss[loss_offset] += sum * inverse_count;
#else
  local float sums[GROUP];
  const uint item = get_local_id(0);
  float sum = 0.0f;
  for (uint i = item; i < blocks; i += GROUP) sum += partial_sums[i];
  sums[item] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint half_size = GROUP / 2; half_size > 0; half_size /= 2) {
    if (item < half_size) sums[item] += sums[item + half_size];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) loss[loss_offset] += sums[0] * inverse_count;
#endif
}
