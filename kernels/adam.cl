// One step of Adam (Kingma and Ba 2015, algorithm 1, in PyTorch's order of operations).
//
// parameters, gradients, first_moment (m), second_moment (v): vectors of `channels` elements. One work-item per VECTOR
// neighbouring elements.

#include "common.h"

#ifndef VECTOR
// Elements of one work-item: 1, 2, 4, 8 or 16.
#define VECTOR 1
#endif

#include "vectors.h"

// The same operations for one element and for several.
#define STEP(p, g, m, v)                                    \
  m = beta1 * m + beta1_complement * g;                     \
  v = beta2 * v + beta2_complement * g * g;                 \
  p -= step_size * m / (sqrt(v) / second_correction + epsilon)

// step_size = learning_rate / (1 - beta1^t), second_correction = sqrt(1 - beta2^t); both depend on the step and are
// computed by the host. beta_complement is 1 - beta, which in float would lose digits.
kernel void adam(global float *parameters, const ulong parameters_offset, const ulong parameters_stride,
                 const global float *gradients, const ulong gradients_offset, const ulong gradients_stride,
                 global float *first_moment, const ulong first_moment_offset, const ulong first_moment_stride,
                 global float *second_moment, const ulong second_moment_offset, const ulong second_moment_stride,
                 const ulong channels, const ulong pixels, const float beta1, const float beta1_complement,
                 const float beta2, const float beta2_complement, const float epsilon, const float step_size,
                 const float second_correction) {
  const size_t first = get_global_id(0) * VECTOR;
  global float *p = parameters + parameters_offset + first, *m = first_moment + first_moment_offset + first,
               *v = second_moment + second_moment_offset + first;
  const global float *g = gradients + gradients_offset + first;
#if VECTOR > 1
  if (first + VECTOR <= channels) {
    FLOATS parameter = LOAD(p), moment = LOAD(m), square = LOAD(v);
    const FLOATS gradient = LOAD(g);
    STEP(parameter, gradient, moment, square);
    STORE(parameter, p);
    STORE(moment, m);
    STORE(square, v);
    return;
  }
#endif
  for (size_t i = 0; i < VECTOR && first + i < channels; ++i) {
    float parameter = p[i], moment = m[i], square = v[i];
    const float gradient = g[i];
    STEP(parameter, gradient, moment, square);
    p[i] = parameter;
    m[i] = moment;
    v[i] = square;
  }
}
