// One step of Adam (Kingma and Ba 2015, algorithm 1, in PyTorch's order of operations).
//
// parameters, gradients, first_moment (m), second_moment (v): vectors of one count. One work-item per element.

#include "common.h"

// step_size = learning_rate / (1 - beta1^t), second_correction = sqrt(1 - beta2^t); both depend on the step and are
// computed by the host. beta_complement is 1 - beta, which in float would lose digits.
kernel void adam(global float *parameters, const ulong parameters_offset, const ulong parameters_stride,
                 const global float *gradients, const ulong gradients_offset, const ulong gradients_stride,
                 global float *first_moment, const ulong first_moment_offset, const ulong first_moment_stride,
                 global float *second_moment, const ulong second_moment_offset, const ulong second_moment_stride,
                 const ulong channels, const ulong pixels, const float beta1, const float beta1_complement,
                 const float beta2, const float beta2_complement, const float epsilon, const float step_size,
                 const float second_correction) {
  const size_t i = get_global_id(0);
  if (i >= channels) return;
  const float gradient = gradients[gradients_offset + i];
  const float m = beta1 * first_moment[first_moment_offset + i] + beta1_complement * gradient;
  const float v = beta2 * second_moment[second_moment_offset + i] + beta2_complement * gradient * gradient;
  first_moment[first_moment_offset + i] = m;
  second_moment[second_moment_offset + i] = v;
  parameters[parameters_offset + i] -= step_size * m / (sqrt(v) / second_correction + epsilon);
}
