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
    struct vector_rows output, struct vector_places places, struct vector_pixels input, struct vector_size size,
    size_t window) {
  const size_t channels = size.columns;
  uint8_t *indices = places.start;
  for (size_t x = 0; x < size.rows; x++) {
    size_t c = 0;
    for (; c + 16 <= channels; c += 16)
      forward_part(
          output.start + c, indices ? indices + c : 0, input.start + c, input.pixel_stride, input.row_stride, window,
          16);
    if (c < channels)
      forward_part(
          output.start + c, indices ? indices + c : 0, input.start + c, input.pixel_stride, input.row_stride, window,
          channels - c);
    output.start += output.stride;
    if (indices) indices += places.stride;
    input.start += window * input.pixel_stride;
  }
}

VECTOR_LOOP void forward(
    struct vector_rows output, struct vector_places places, struct vector_pixels input, struct vector_size size,
    size_t window) {
  if (window == 2)  // a constant, so that the compiler unrolls it
    forward_window(output, places, input, size, 2);
  else
    forward_window(output, places, input, size, window);
}

MULTIVERSION(
    vector_max_pooling_forward, forward,
    (struct vector_rows output, struct vector_places places, struct vector_pixels input, struct vector_size size,
     size_t window),
    (output, places, input, size, window))

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
    struct vector_pixels input_gradient, struct vector_pixels addend, struct vector_rows output_gradient,
    struct vector_places places, struct vector_size size, size_t window) {
  const size_t channels = size.columns;
  for (size_t x = 0; x < size.rows; x++) {
    size_t c = 0;
    for (; c + 16 <= channels; c += 16)
      backward_part(
          input_gradient.start + c, input_gradient.pixel_stride, input_gradient.row_stride,
          addend.start ? addend.start + c : 0, addend.pixel_stride, addend.row_stride, output_gradient.start + c,
          places.start + c, window, 16);
    if (c < channels)
      backward_part(
          input_gradient.start + c, input_gradient.pixel_stride, input_gradient.row_stride,
          addend.start ? addend.start + c : 0, addend.pixel_stride, addend.row_stride, output_gradient.start + c,
          places.start + c, window, channels - c);
    input_gradient.start += window * input_gradient.pixel_stride;
    if (addend.start) addend.start += window * addend.pixel_stride;
    output_gradient.start += output_gradient.stride;
    places.start += places.stride;
  }
}

VECTOR_LOOP void backward(
    struct vector_pixels input_gradient, struct vector_pixels addend, struct vector_rows output_gradient,
    struct vector_places places, struct vector_size size, size_t window) {
  if (window == 2)  // a constant, so that the compiler unrolls it
    backward_window(input_gradient, addend, output_gradient, places, size, 2);
  else
    backward_window(input_gradient, addend, output_gradient, places, size, window);
}

MULTIVERSION(
    vector_max_pooling_backward, backward,
    (struct vector_pixels input_gradient, struct vector_pixels addend, struct vector_rows output_gradient,
     struct vector_places places, struct vector_size size, size_t window),
    (input_gradient, addend, output_gradient, places, size, window))
