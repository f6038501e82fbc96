#pragma once

#include <stddef.h>

/// One step of Adam on `count` dense parameters:
///
/// m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  p ← p − rate · m / (√v · root_factor + ε)
///
/// with rate = learning rate / (1 − β₁ᵗ) and root_factor = 1 / √(1 − β₂ᵗ).
struct vector_adam_constants {
  float beta1, one_minus_beta1, beta2, one_minus_beta2, rate, root_factor, epsilon;
};

void vector_adam(
    float *parameters, const float *gradients, float *first_moment, float *second_moment, size_t count,
    struct vector_adam_constants constants);
