#pragma once

#include <stddef.h>

/// Multiply-adds of one round of `vector_multiply_add`.
enum { vector_multiply_adds_narrow = 7 * 16, vector_multiply_adds_wide = 12 * 16 };

/// `rounds` rounds of independent multiply-adds on values that stay in registers: as many sums as fit 16 registers of 8
/// floats, or, if `wide`, as keep two pipes of 16 floats busy. The sums end in output[0 ..< 16].
void vector_multiply_add(float *output, size_t rounds, int wide);
