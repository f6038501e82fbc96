#pragma once

#include <stddef.h>

// Layout: `rows` runs of `columns` floats; a stride is the distance between two runs of a tensor, in floats. A dense
// tensor may be given as one row. Output and input may be the same memory.

enum vector_activation {
  vector_activation_none = 0,
  vector_activation_leaky_relu = 1,
  vector_activation_tanh = 2,
  vector_activation_sigmoid = 3,
};

/// output = activation(input). `slope` is that of LeakyReLU.
void vector_activation_forward(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
    enum vector_activation kind, float slope);

/// input_gradient = output_gradient · activation′, the derivative taken from the output.
void vector_activation_backward(
    float *input_gradient, size_t input_gradient_stride, const float *output_gradient, size_t output_gradient_stride,
    const float *output, size_t output_stride, size_t rows, size_t columns, enum vector_activation kind, float slope);
