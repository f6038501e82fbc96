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
    float *output, size_t output_pixel_stride, const float *top, const float *bottom, float top_weight,
    float bottom_weight, size_t input_pixel_stride, const uint32_t *columns, const float *column_weights,
    size_t output_width, size_t channels) {
  for (size_t x = 0; x < output_width; x++, output += output_pixel_stride, column_weights += 2) {
    size_t left = columns[2 * x] * input_pixel_stride, right = columns[2 * x + 1] * input_pixel_stride;
    size_t c = 0;
    for (; c + 16 <= channels; c += 16)
      bilinear_part(output + c, top, bottom, top_weight, bottom_weight, left + c, right + c, column_weights, 16);
    if (c < channels)
      bilinear_part(
          output + c, top, bottom, top_weight, bottom_weight, left + c, right + c, column_weights, channels - c);
  }
}

MULTIVERSION(
    vector_upsampling_bilinear_forward, bilinear_forward,
    (float *output, size_t output_pixel_stride, const float *top, const float *bottom, float top_weight,
     float bottom_weight, size_t input_pixel_stride, const uint32_t *columns, const float *column_weights,
     size_t output_width, size_t channels),
    (output, output_pixel_stride, top, bottom, top_weight, bottom_weight, input_pixel_stride, columns, column_weights,
     output_width, channels))

VECTOR_LOOP void nearest_part(float *output, size_t output_pixel_stride, const float *input, size_t factor, size_t count) {
  vector_float16 value = vector_load(input, count);
  for (size_t i = 0; i < factor; i++) vector_store(output + i * output_pixel_stride, value, count);
}

VECTOR_LOOP void nearest_forward(
    float *output, size_t output_pixel_stride, const float *input, size_t input_pixel_stride, size_t input_width,
    size_t factor, size_t channels) {
  for (size_t x = 0; x < input_width; x++) {
    size_t c = 0;
    for (; c + 16 <= channels; c += 16) nearest_part(output + c, output_pixel_stride, input + c, factor, 16);
    if (c < channels) nearest_part(output + c, output_pixel_stride, input + c, factor, channels - c);
    output += factor * output_pixel_stride;
    input += input_pixel_stride;
  }
}

MULTIVERSION(
    vector_upsampling_nearest_forward, nearest_forward,
    (float *output, size_t output_pixel_stride, const float *input, size_t input_pixel_stride, size_t input_width,
     size_t factor, size_t channels),
    (output, output_pixel_stride, input, input_pixel_stride, input_width, factor, channels))

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
    float *input_gradient, size_t input_pixel_stride, const float *output_gradient, size_t output_pixel_stride,
    size_t output_row_stride, const float *row_weights, size_t row_count, const uint32_t *first_columns,
    const float *column_weights, size_t taps, size_t input_width, size_t channels) {
  for (size_t x = 0; x < input_width; x++, input_gradient += input_pixel_stride) {
    const float *from = output_gradient + first_columns[x] * output_pixel_stride;
    const float *weights = column_weights + x * taps;
    size_t c = 0;
    for (; c + 16 <= channels; c += 16)
      backward_part(
          input_gradient + c, from + c, output_pixel_stride, output_row_stride, row_weights, row_count, weights, taps,
          16);
    if (c < channels)
      backward_part(
          input_gradient + c, from + c, output_pixel_stride, output_row_stride, row_weights, row_count, weights, taps,
          channels - c);
  }
}

MULTIVERSION(
    vector_upsampling_backward, backward,
    (float *input_gradient, size_t input_pixel_stride, const float *output_gradient, size_t output_pixel_stride,
     size_t output_row_stride, const float *row_weights, size_t row_count, const uint32_t *first_columns,
     const float *column_weights, size_t taps, size_t input_width, size_t channels),
    (input_gradient, input_pixel_stride, output_gradient, output_pixel_stride, output_row_stride, row_weights,
     row_count, first_columns, column_weights, taps, input_width, channels))
