#include "activation_functions.h"
#include "packing.h"

VECTOR_LOOP void forward_run(
    float *output, const float *input, size_t count, enum vector_activation_kind kind, float slope) {
  size_t c = 0;
  for (; c + 16 <= count; c += 16)
    vector_store(output + c, activation_value(vector_load(input + c, 16), kind, slope), 16);
  if (c < count)
    vector_store(output + c, activation_value(vector_load(input + c, count - c), kind, slope), count - c);
}

VECTOR_LOOP void forward_of_kind(
    struct vector_rows output, struct vector_rows input, struct vector_size size, enum vector_activation_kind kind,
    float slope) {
  size_t packed_rows = size.rows > 1 ? packing_rows(size.columns) : 0;
  size_t step = packed_rows > 0 ? packed_rows : 1;
  for (size_t row = 0; row < size.rows; row += step) {
    if (packed_rows > 0) {
      float x[packing_block];
      size_t here = size.rows - row < step ? size.rows - row : step;
      WITH_COLUMNS(size.columns, pack, x, input.start, input.stride, here);
      forward_run(x, x, here * size.columns, kind, slope);
      WITH_COLUMNS(size.columns, unpack, output.start, output.stride, x, here);
    } else {
      forward_run(output.start, input.start, size.columns, kind, slope);
    }
    output.start += step * output.stride;
    input.start += step * input.stride;
  }
}

VECTOR_LOOP void forward(
    struct vector_rows output, struct vector_rows input, struct vector_size size, struct vector_activation activation) {
  WITH_CONSTANT_KIND(activation, forward_of_kind, output, input, size)
}

MULTIVERSION(
    vector_activation_forward, forward,
    (struct vector_rows output, struct vector_rows input, struct vector_size size, struct vector_activation activation),
    (output, input, size, activation))

VECTOR_LOOP void backward_part(
    float *input_gradient, const float *output_gradient, const float *output, size_t count,
    enum vector_activation_kind kind, float slope) {
  vector_float16 gradient = vector_load(output_gradient, count);
  vector_store(input_gradient, activation_gradient(gradient, vector_load(output, count), kind, slope), count);
}

VECTOR_LOOP void backward_run(
    float *input_gradient, const float *output_gradient, const float *output, size_t count,
    enum vector_activation_kind kind, float slope) {
  size_t c = 0;
  for (; c + 16 <= count; c += 16)
    backward_part(input_gradient + c, output_gradient + c, output + c, 16, kind, slope);
  if (c < count) backward_part(input_gradient + c, output_gradient + c, output + c, count - c, kind, slope);
}

VECTOR_LOOP void backward_of_kind(
    struct vector_rows input_gradient, struct vector_rows output_gradient, struct vector_rows output,
    struct vector_size size, enum vector_activation_kind kind, float slope) {
  size_t packed_rows = size.rows > 1 ? packing_rows(size.columns) : 0;
  size_t step = packed_rows > 0 ? packed_rows : 1;
  for (size_t row = 0; row < size.rows; row += step) {
    if (packed_rows > 0) {
      float dy[packing_block], y[packing_block];
      size_t here = size.rows - row < step ? size.rows - row : step;
      WITH_COLUMNS(size.columns, pack, dy, output_gradient.start, output_gradient.stride, here);
      WITH_COLUMNS(size.columns, pack, y, output.start, output.stride, here);
      backward_run(dy, dy, y, here * size.columns, kind, slope);
      WITH_COLUMNS(size.columns, unpack, input_gradient.start, input_gradient.stride, dy, here);
    } else {
      backward_run(input_gradient.start, output_gradient.start, output.start, size.columns, kind, slope);
    }
    input_gradient.start += step * input_gradient.stride;
    output_gradient.start += step * output_gradient.stride;
    output.start += step * output.stride;
  }
}

VECTOR_LOOP void backward(
    struct vector_rows input_gradient, struct vector_rows output_gradient, struct vector_rows output,
    struct vector_size size, struct vector_activation activation) {
  WITH_CONSTANT_KIND(activation, backward_of_kind, input_gradient, output_gradient, output, size)
}

MULTIVERSION(
    vector_activation_backward, backward,
    (struct vector_rows input_gradient, struct vector_rows output_gradient, struct vector_rows output,
     struct vector_size size, struct vector_activation activation),
    (input_gradient, output_gradient, output, size, activation))
