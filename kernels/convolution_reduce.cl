// Second stage of the sums that the GPU bodies of convolutions split over work-groups: always in the order of the
// parts, so that the result does not depend on scheduling.

#include "common.h"

// target(line, k) = bias(k) or [accumulate] target(line, k) or 0, + Σ partial[split][line][k].
// bias may be null. One work-item per element, (k, line).
kernel void convolution_reduce(global const float *restrict partial, int splits, global const float *restrict bias,
                               ulong bias_offset, global float *restrict target, ulong target_offset,
                               ulong target_stride, ulong lines, ulong columns, int accumulate) {
  const size_t column = get_global_id(0);
  const size_t line = row_index();
  if (column >= columns || line >= lines) return;
  global float *place = target + target_offset + line * target_stride + column;
  float sum = bias ? bias[bias_offset + column] : accumulate ? *place : 0.0f;
  for (int split = 0; split < splits; split++) sum += partial[(split * lines + line) * columns + column];
  *place = sum;
}
