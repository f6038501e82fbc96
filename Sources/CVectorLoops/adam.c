#include "adam.h"

#include "vector_math.h"

VECTOR_LOOP void adam_part(
    float *p, const float *g, float *m, float *v, size_t count, struct vector_adam_constants k) {
  vector_float16 gradient = vector_load(g, count);
  vector_float16 first = vector_load(m, count) * k.beta1 + gradient * k.one_minus_beta1;
  vector_float16 second = vector_load(v, count) * k.beta2 + gradient * gradient * k.one_minus_beta2;
  vector_float16 divisor = vector_square_root(second) * k.root_factor + k.epsilon;
  vector_store(m, first, count);
  vector_store(v, second, count);
  vector_store(p, vector_load(p, count) - k.rate * (first / divisor), count);
}

VECTOR_LOOP void adam(
    float *parameters, const float *gradients, float *first_moment, float *second_moment, size_t count,
    struct vector_adam_constants constants) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    adam_part(parameters + i, gradients + i, first_moment + i, second_moment + i, 16, constants);
  // Lanes past the end are 0 / ε, and are not stored.
  if (i < count)
    adam_part(parameters + i, gradients + i, first_moment + i, second_moment + i, count - i, constants);
}

MULTIVERSION(
    vector_adam, adam,
    (float *parameters, const float *gradients, float *first_moment, float *second_moment, size_t count,
     struct vector_adam_constants constants),
    (parameters, gradients, first_moment, second_moment, count, constants))
