// One step of Adam (Kingma and Ba 2015, algorithm 1, in PyTorch's order of operations).
//
//   m = beta1 * m + (1 - beta1) * g
//   v = beta2 * v + (1 - beta2) * g^2
//   p -= step_size * m / (sqrt(v) / second_correction + epsilon)
//
// with step_size = learning_rate / (1 - beta1^t) and second_correction = sqrt(1 - beta2^t), which the host computes for
// each step t; so are the complements 1 - beta, which would lose digits in float.
//
// parameters (p), gradients (g), first_moment (m), second_moment (v): vectors of `channels` elements; `pixels` is 1.
// One work-item per VECTOR neighbouring elements.

#include "common.h"

// Elements of one work-item: 1, 2, 4, 8 or 16.
#ifndef VECTOR
#define VECTOR 1
#endif

#include "vectors.h"

typedef struct {
  float beta1, beta1_complement, beta2, beta2_complement, epsilon, step_size, second_correction;
} Factors;

// The step of one element, or of several; p, m and v are changed.
#define STEP(p, g, m, v, factors)                                            \
  m = (factors).beta1 * m + (factors).beta1_complement * g;                  \
  v = (factors).beta2 * v + (factors).beta2_complement * g * g;              \
  p -= (factors).step_size * m / (sqrt(v) / (factors).second_correction + (factors).epsilon)

kernel void adam(TENSOR(float *, parameters), TENSOR(const float *, gradients), TENSOR(float *, first_moment),
                 TENSOR(float *, second_moment), ulong channels, ulong pixels, float beta1, float beta1_complement,
                 float beta2, float beta2_complement, float epsilon, float step_size, float second_correction) {
  const Factors factors = {beta1, beta1_complement, beta2, beta2_complement, epsilon, step_size, second_correction};
  const size_t first = get_global_id(0) * VECTOR;
  global float *p = BASE(parameters) + first, *m = BASE(first_moment) + first, *v = BASE(second_moment) + first;
  global const float *g = BASE(gradients) + first;
#if VECTOR > 1
  if (first + VECTOR <= channels) {
    FLOATS parameter = LOAD(p), moment = LOAD(m), square = LOAD(v);
    const FLOATS gradient = LOAD(g);
    STEP(parameter, gradient, moment, square, factors);
    STORE(parameter, p);
    STORE(moment, m);
    STORE(square, v);
    return;
  }
#endif
  for (size_t i = 0; i < VECTOR && first + i < channels; i++) {
    float parameter = p[i], moment = m[i], square = v[i];
    const float gradient = g[i];
    STEP(parameter, gradient, moment, square, factors);
    p[i] = parameter;
    m[i] = moment;
    v[i] = square;
  }
}
