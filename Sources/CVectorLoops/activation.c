#include "activation_functions.h"

VECTOR_LOOP void forward_of_kind(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
    enum vector_activation kind, float slope) {
  for (size_t row = 0; row < rows; row++, output += output_stride, input += input_stride) {
    size_t c = 0;
    for (; c + 16 <= columns; c += 16)
      vector_store(output + c, activation_value(vector_load(input + c, 16), kind, slope), 16);
    if (c < columns)
      vector_store(output + c, activation_value(vector_load(input + c, columns - c), kind, slope), columns - c);
  }
}

VECTOR_LOOP void forward(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
    enum vector_activation kind, float slope) {
#define FORWARD(kind) forward_of_kind(output, output_stride, input, input_stride, rows, columns, kind, slope)
  switch (kind) {
    case vector_activation_none: FORWARD(vector_activation_none); break;
    case vector_activation_leaky_relu: FORWARD(vector_activation_leaky_relu); break;
    case vector_activation_tanh: FORWARD(vector_activation_tanh); break;
    case vector_activation_sigmoid: FORWARD(vector_activation_sigmoid); break;
  }
}

MULTIVERSION(
    vector_activation_forward, forward,
    (float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
     enum vector_activation kind, float slope),
    (output, output_stride, input, input_stride, rows, columns, kind, slope))

VECTOR_LOOP void backward_part(
    float *input_gradient, const float *output_gradient, const float *output, size_t count,
    enum vector_activation kind, float slope) {
  vector_float16 gradient = vector_load(output_gradient, count);
  vector_store(input_gradient, activation_gradient(gradient, vector_load(output, count), kind, slope), count);
}

VECTOR_LOOP void backward_of_kind(
    float *input_gradient, size_t input_gradient_stride, const float *output_gradient, size_t output_gradient_stride,
    const float *output, size_t output_stride, size_t rows, size_t columns, enum vector_activation kind, float slope) {
  for (size_t row = 0; row < rows; row++) {
    size_t c = 0;
    for (; c + 16 <= columns; c += 16)
      backward_part(input_gradient + c, output_gradient + c, output + c, 16, kind, slope);
    if (c < columns)
      backward_part(input_gradient + c, output_gradient + c, output + c, columns - c, kind, slope);
    input_gradient += input_gradient_stride;
    output_gradient += output_gradient_stride;
    output += output_stride;
  }
}

VECTOR_LOOP void backward(
    float *input_gradient, size_t input_gradient_stride, const float *output_gradient, size_t output_gradient_stride,
    const float *output, size_t output_stride, size_t rows, size_t columns, enum vector_activation kind, float slope) {
#define BACKWARD(kind)                                                                               \
  backward_of_kind(                                                                                  \
      input_gradient, input_gradient_stride, output_gradient, output_gradient_stride, output, output_stride, rows, \
      columns, kind, slope)
  switch (kind) {
    case vector_activation_none: BACKWARD(vector_activation_none); break;
    case vector_activation_leaky_relu: BACKWARD(vector_activation_leaky_relu); break;
    case vector_activation_tanh: BACKWARD(vector_activation_tanh); break;
    case vector_activation_sigmoid: BACKWARD(vector_activation_sigmoid); break;
  }
}

MULTIVERSION(
    vector_activation_backward, backward,
    (float *input_gradient, size_t input_gradient_stride, const float *output_gradient, size_t output_gradient_stride,
     const float *output, size_t output_stride, size_t rows, size_t columns, enum vector_activation kind, float slope),
    (input_gradient, input_gradient_stride, output_gradient, output_gradient_stride, output, output_stride, rows,
     columns, kind, slope))
