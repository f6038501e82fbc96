#include "activation_functions.h"
#include "packing.h"

VECTOR_LOOP void forward_run(
    float *output, const float *input, size_t count, enum vector_activation kind, float slope) {
  size_t c = 0;
  for (; c + 16 <= count; c += 16)
    vector_store(output + c, activation_value(vector_load(input + c, 16), kind, slope), 16);
  if (c < count)
    vector_store(output + c, activation_value(vector_load(input + c, count - c), kind, slope), count - c);
}

VECTOR_LOOP void forward_of_kind(
    float *output, size_t output_stride, const float *input, size_t input_stride, size_t rows, size_t columns,
    enum vector_activation kind, float slope) {
  size_t packed_rows = rows > 1 ? packing_rows(columns) : 0;
  size_t step = packed_rows > 0 ? packed_rows : 1;
  for (size_t row = 0; row < rows; row += step) {
    if (packed_rows > 0) {
      float x[packing_block];
      size_t here = rows - row < step ? rows - row : step;
      WITH_COLUMNS(columns, pack, x, input, input_stride, here);
      forward_run(x, x, here * columns, kind, slope);
      WITH_COLUMNS(columns, unpack, output, output_stride, x, here);
    } else {
      forward_run(output, input, columns, kind, slope);
    }
    output += step * output_stride;
    input += step * input_stride;
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

VECTOR_LOOP void backward_run(
    float *input_gradient, const float *output_gradient, const float *output, size_t count,
    enum vector_activation kind, float slope) {
  size_t c = 0;
  for (; c + 16 <= count; c += 16)
    backward_part(input_gradient + c, output_gradient + c, output + c, 16, kind, slope);
  if (c < count) backward_part(input_gradient + c, output_gradient + c, output + c, count - c, kind, slope);
}

VECTOR_LOOP void backward_of_kind(
    float *input_gradient, size_t input_gradient_stride, const float *output_gradient, size_t output_gradient_stride,
    const float *output, size_t output_stride, size_t rows, size_t columns, enum vector_activation kind, float slope) {
  size_t packed_rows = rows > 1 ? packing_rows(columns) : 0;
  size_t step = packed_rows > 0 ? packed_rows : 1;
  for (size_t row = 0; row < rows; row += step) {
    if (packed_rows > 0) {
      float dy[packing_block], y[packing_block];
      size_t here = rows - row < step ? rows - row : step;
      WITH_COLUMNS(columns, pack, dy, output_gradient, output_gradient_stride, here);
      WITH_COLUMNS(columns, pack, y, output, output_stride, here);
      backward_run(dy, dy, y, here * columns, kind, slope);
      WITH_COLUMNS(columns, unpack, input_gradient, input_gradient_stride, dy, here);
    } else {
      backward_run(input_gradient, output_gradient, output, columns, kind, slope);
    }
    input_gradient += step * input_gradient_stride;
    output_gradient += step * output_gradient_stride;
    output += step * output_stride;
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
