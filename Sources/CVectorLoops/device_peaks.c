#include "device_peaks.h"

#include "vector_math.h"

VECTOR_LOOP void multiply_add_sums(float *output, size_t rounds, int count) {
  vector_float16 sums[12];
  const vector_float16 factor = vector_load(output, 16);
  // The compiler sees no end to where the sums go, so it keeps every multiplication.
  for (int i = 0; i < count; i++) sums[i] = factor * (float)i;
  for (size_t round = 0; round < rounds; round++)
    for (int i = 0; i < count; i++) sums[i] = sums[i] * factor + factor;
  for (int i = 1; i < count; i++) sums[0] += sums[i];
  vector_store(output, sums[0], 16);
}

VECTOR_LOOP void multiply_add(float *output, size_t rounds, int wide) {
  if (wide)
    multiply_add_sums(output, rounds, vector_multiply_adds_wide / 16);
  else
    multiply_add_sums(output, rounds, vector_multiply_adds_narrow / 16);
}

MULTIVERSION(vector_multiply_add, multiply_add, (float *output, size_t rounds, int wide), (output, rounds, wide))
