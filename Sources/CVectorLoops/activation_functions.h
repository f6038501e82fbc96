#pragma once

#include "activation.h"
#include "vector_math.h"

// The activations and their derivatives, for the loops that apply one. `kind` is a constant where these are inlined.

/// Calls loop(arguments …, kind, slope) with the activation's kind as a constant.
#define WITH_CONSTANT_KIND(activation, loop, ...)                                                    \
  switch ((activation).kind) {                                                                       \
    case vector_activation_none: loop(__VA_ARGS__, vector_activation_none, (activation).slope); break; \
    case vector_activation_leaky_relu:                                                               \
      loop(__VA_ARGS__, vector_activation_leaky_relu, (activation).slope);                           \
      break;                                                                                         \
    case vector_activation_tanh: loop(__VA_ARGS__, vector_activation_tanh, (activation).slope); break; \
    case vector_activation_sigmoid:                                                                  \
      loop(__VA_ARGS__, vector_activation_sigmoid, (activation).slope);                              \
      break;                                                                                         \
  }

VECTOR_LOOP vector_float16 activation_value(vector_float16 x, enum vector_activation_kind kind, float slope) {
  switch (kind) {
    case vector_activation_none: return x;
    case vector_activation_leaky_relu: return vector_maximum(x, x * slope);
    case vector_activation_tanh: return vector_tanh(x);
    case vector_activation_sigmoid: return vector_sigmoid(x);
  }
}

/// Returns gradient · activation′, from the activation's output.
VECTOR_LOOP vector_float16 activation_gradient(
    vector_float16 gradient, vector_float16 output, enum vector_activation_kind kind, float slope) {
  switch (kind) {
    case vector_activation_none: return gradient;
    case vector_activation_leaky_relu: return vector_select(output > 0.0f, gradient, gradient * slope);
    case vector_activation_tanh: return gradient * (1.0f - output * output);
    case vector_activation_sigmoid: return gradient * (output * (1.0f - output));
  }
}

/// Returns gradient · activation′, from the activation's input.
VECTOR_LOOP vector_float16 activation_gradient_from_input(
    vector_float16 gradient, vector_float16 input, enum vector_activation_kind kind, float slope) {
  // LeakyReLU keeps the sign, so its input serves as well as its output.
  vector_float16 output = kind == vector_activation_leaky_relu ? input : activation_value(input, kind, slope);
  return activation_gradient(gradient, output, kind, slope);
}
