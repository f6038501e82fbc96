#include "upsampling.h"

#include "vector_math.h"

VECTOR_LOOP void bilinear_part(
    float *output, const float *top, const float *bottom, float top_weight, float bottom_weight, size_t left,
    size_t right, const float column_weights[2], size_t count) {
  vector_float16 upper =
      vector_load(top + left, count) * column_weights[0] + vector_load(top + right, count) * column_weights[1];
  vector_float16 lower =
      vector_load(bottom + left, count) * column_weights[0] + vector_load(bottom + right, count) * column_weights[1];
  vector_store(output, upper * top_weight + lower * bottom_weight, count);
}

VECTOR_LOOP void bilinear_forward(
    struct vector_rows output, struct vector_rows top, const float *bottom, float top_weight, float bottom_weight,
    struct vector_row_taps columns, struct vector_size size) {
  for (size_t x = 0; x < size.rows; x++, output.start += output.stride, columns.weights += 2) {
    size_t left = columns.places[2 * x] * top.stride, right = columns.places[2 * x + 1] * top.stride;
    size_t c = 0;
    for (; c + 16 <= size.columns; c += 16)
      bilinear_part(
          output.start + c, top.start, bottom, top_weight, bottom_weight, left + c, right + c, columns.weights, 16);
    if (c < size.columns)
      bilinear_part(
          output.start + c, top.start, bottom, top_weight, bottom_weight, left + c, right + c, columns.weights,
          size.columns - c);
  }
}

MULTIVERSION(
    vector_upsampling_bilinear_forward, bilinear_forward,
    (struct vector_rows output, struct vector_rows top, const float *bottom, float top_weight, float bottom_weight,
     struct vector_row_taps columns, struct vector_size size),
    (output, top, bottom, top_weight, bottom_weight, columns, size))

VECTOR_LOOP void nearest_part(
    float *output, size_t output_pixel_stride, const float *input, size_t factor, size_t count) {
  vector_float16 value = vector_load(input, count);
  for (size_t i = 0; i < factor; i++) vector_store(output + i * output_pixel_stride, value, count);
}

VECTOR_LOOP void nearest_forward(
    struct vector_rows output, struct vector_rows input, size_t factor, struct vector_size size) {
  for (size_t x = 0; x < size.rows; x++) {
    size_t c = 0;
    for (; c + 16 <= size.columns; c += 16)
      nearest_part(output.start + c, output.stride, input.start + c, factor, 16);
    if (c < size.columns) nearest_part(output.start + c, output.stride, input.start + c, factor, size.columns - c);
    output.start += factor * output.stride;
    input.start += input.stride;
  }
}

MULTIVERSION(
    vector_upsampling_nearest_forward, nearest_forward,
    (struct vector_rows output, struct vector_rows input, size_t factor, struct vector_size size),
    (output, input, factor, size))

VECTOR_LOOP void backward_part(
    float *input_gradient, const float *output_gradient, size_t pixel_stride, size_t row_stride,
    const float *row_weights, size_t row_count, const float *column_weights, size_t taps, size_t count) {
  vector_float16 sum = {0};
  for (size_t row = 0; row < row_count; row++) {
    vector_float16 row_sum = {0};
    for (size_t tap = 0; tap < taps; tap++)
      row_sum += vector_load(output_gradient + row * row_stride + tap * pixel_stride, count) * column_weights[tap];
    sum += row_sum * row_weights[row];
  }
  vector_store(input_gradient, sum, count);
}

VECTOR_LOOP void backward(
    struct vector_rows input_gradient, struct vector_pixels output_gradient, const float *row_weights,
    size_t row_count, struct vector_row_taps columns, struct vector_size size) {
  const size_t pixel_stride = output_gradient.pixel_stride, row_stride = output_gradient.row_stride;
  for (size_t x = 0; x < size.rows; x++, input_gradient.start += input_gradient.stride) {
    const float *from = output_gradient.start + columns.places[x] * pixel_stride;
    const float *weights = columns.weights + x * columns.count;
    size_t c = 0;
    for (; c + 16 <= size.columns; c += 16)
      backward_part(
          input_gradient.start + c, from + c, pixel_stride, row_stride, row_weights, row_count, weights, columns.count,
          16);
    if (c < size.columns)
      backward_part(
          input_gradient.start + c, from + c, pixel_stride, row_stride, row_weights, row_count, weights, columns.count,
          size.columns - c);
  }
}

MULTIVERSION(
    vector_upsampling_backward, backward,
    (struct vector_rows input_gradient, struct vector_pixels output_gradient, const float *row_weights,
     size_t row_count, struct vector_row_taps columns, struct vector_size size),
    (input_gradient, output_gradient, row_weights, row_count, columns, size))
