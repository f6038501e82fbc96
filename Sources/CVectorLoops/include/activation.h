#pragma once

#include "layout.h"

enum vector_activation_kind {
  vector_activation_none = 0,
  vector_activation_leaky_relu = 1,
  vector_activation_tanh = 2,
  vector_activation_sigmoid = 3,
};

struct vector_activation {
  enum vector_activation_kind kind;
  /// The slope of LeakyReLU for negative inputs.
  float slope;
};

/// output = activation(input). Output and input may be the same memory.
void vector_activation_forward(
    struct vector_rows output, struct vector_rows input, struct vector_size size, struct vector_activation activation);

/// input_gradient = output_gradient · activation′, the derivative computed from the output. The gradients may be the
/// same memory.
void vector_activation_backward(
    struct vector_rows input_gradient, struct vector_rows output_gradient, struct vector_rows output,
    struct vector_size size, struct vector_activation activation);
