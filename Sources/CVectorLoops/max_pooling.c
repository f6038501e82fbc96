#include "max_pooling.h"

#include "vector_math.h"

VECTOR_LOOP void forward_part(
    float *output, uint8_t *indices, const float *input, size_t pixel_stride, size_t row_stride, size_t window,
    size_t count) {
  vector_float16 best = vector_load(input, count);
  vector_int16 place = {0};
  for (size_t y = 0; y < window; y++) {
    for (size_t x = y == 0; x < window; x++) {
      vector_float16 value = vector_load(input + y * row_stride + x * pixel_stride, count);
      vector_int16 better = (value > best) | (value != value);
      best = vector_select(better, value, best);
      place = (better & (int32_t)(y * window + x)) | (~better & place);
    }
  }
  vector_store(output, best, count);
  if (!indices) return;
  vector_byte16 bytes = __builtin_convertvector(place, vector_byte16);
  if (count == 16) {
    __builtin_memcpy(indices, &bytes, sizeof bytes);
  } else {
    for (size_t i = 0; i < count; i++) indices[i] = bytes[i];
  }
}

VECTOR_LOOP void forward_window(
    float *output, size_t output_pixel_stride, uint8_t *indices, size_t indices_pixel_stride, const float *input,
    size_t input_pixel_stride, size_t input_row_stride, size_t output_width, size_t channels, size_t window) {
  for (size_t x = 0; x < output_width; x++) {
    size_t c = 0;
    for (; c + 16 <= channels; c += 16)
      forward_part(
          output + c, indices ? indices + c : 0, input + c, input_pixel_stride, input_row_stride, window, 16);
    if (c < channels)
      forward_part(
          output + c, indices ? indices + c : 0, input + c, input_pixel_stride, input_row_stride, window,
          channels - c);
    output += output_pixel_stride;
    if (indices) indices += indices_pixel_stride;
    input += window * input_pixel_stride;
  }
}

VECTOR_LOOP void forward(
    float *output, size_t output_pixel_stride, uint8_t *indices, size_t indices_pixel_stride, const float *input,
    size_t input_pixel_stride, size_t input_row_stride, size_t output_width, size_t channels, size_t window) {
  if (window == 2)  // known to the compiler, which unrolls it
    forward_window(
        output, output_pixel_stride, indices, indices_pixel_stride, input, input_pixel_stride, input_row_stride,
        output_width, channels, 2);
  else
    forward_window(
        output, output_pixel_stride, indices, indices_pixel_stride, input, input_pixel_stride, input_row_stride,
        output_width, channels, window);
}

MULTIVERSION(
    vector_max_pooling_forward, forward,
    (float *output, size_t output_pixel_stride, uint8_t *indices, size_t indices_pixel_stride, const float *input,
     size_t input_pixel_stride, size_t input_row_stride, size_t output_width, size_t channels, size_t window),
    (output, output_pixel_stride, indices, indices_pixel_stride, input, input_pixel_stride, input_row_stride,
     output_width, channels, window))

VECTOR_LOOP void backward_part(
    float *input_gradient, size_t pixel_stride, size_t row_stride, const float *addend, size_t addend_pixel_stride,
    size_t addend_row_stride, const float *output_gradient, const uint8_t *indices, size_t window, size_t count) {
  vector_float16 gradient = vector_load(output_gradient, count);
  vector_byte16 bytes = {0};
  if (count == 16) {
    __builtin_memcpy(&bytes, indices, sizeof bytes);
  } else {
    for (size_t i = 0; i < count; i++) bytes[i] = indices[i];
  }
  vector_int16 place = __builtin_convertvector(bytes, vector_int16);
  for (size_t y = 0; y < window; y++) {
    for (size_t x = 0; x < window; x++) {
      vector_float16 here = vector_select(place == (int32_t)(y * window + x), gradient, (vector_float16){0});
      if (addend) here += vector_load(addend + y * addend_row_stride + x * addend_pixel_stride, count);
      vector_store(input_gradient + y * row_stride + x * pixel_stride, here, count);
    }
  }
}

VECTOR_LOOP void backward_window(
    float *input_gradient, size_t input_pixel_stride, size_t input_row_stride, const float *addend,
    size_t addend_pixel_stride, size_t addend_row_stride, const float *output_gradient, size_t output_pixel_stride,
    const uint8_t *indices, size_t indices_pixel_stride, size_t output_width, size_t channels, size_t window) {
  for (size_t x = 0; x < output_width; x++) {
    size_t c = 0;
    for (; c + 16 <= channels; c += 16)
      backward_part(
          input_gradient + c, input_pixel_stride, input_row_stride, addend ? addend + c : 0, addend_pixel_stride,
          addend_row_stride, output_gradient + c, indices + c, window, 16);
    if (c < channels)
      backward_part(
          input_gradient + c, input_pixel_stride, input_row_stride, addend ? addend + c : 0, addend_pixel_stride,
          addend_row_stride, output_gradient + c, indices + c, window, channels - c);
    input_gradient += window * input_pixel_stride;
    if (addend) addend += window * addend_pixel_stride;
    output_gradient += output_pixel_stride;
    indices += indices_pixel_stride;
  }
}

VECTOR_LOOP void backward(
    float *input_gradient, size_t input_pixel_stride, size_t input_row_stride, const float *addend,
    size_t addend_pixel_stride, size_t addend_row_stride, const float *output_gradient, size_t output_pixel_stride,
    const uint8_t *indices, size_t indices_pixel_stride, size_t output_width, size_t channels, size_t window) {
#define BACKWARD(window)                                                                             \
  backward_window(                                                                                   \
      input_gradient, input_pixel_stride, input_row_stride, addend, addend_pixel_stride, addend_row_stride, \
      output_gradient, output_pixel_stride, indices, indices_pixel_stride, output_width, channels, window)
  if (window == 2)  // known to the compiler, which unrolls it
    BACKWARD(2);
  else
    BACKWARD(window);
}

MULTIVERSION(
    vector_max_pooling_backward, backward,
    (float *input_gradient, size_t input_pixel_stride, size_t input_row_stride, const float *addend,
     size_t addend_pixel_stride, size_t addend_row_stride, const float *output_gradient, size_t output_pixel_stride,
     const uint8_t *indices, size_t indices_pixel_stride, size_t output_width, size_t channels, size_t window),
    (input_gradient, input_pixel_stride, input_row_stride, addend, addend_pixel_stride, addend_row_stride,
     output_gradient, output_pixel_stride, indices, indices_pixel_stride, output_width, channels, window))
