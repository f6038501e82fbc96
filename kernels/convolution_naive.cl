// Convolution and transposed convolution as plain loops, one work-item per element of the result. Start reading here: the
// other files compute the same sums, only faster, and are checked against these.
//
// A convolution goes from an image, [batch][image_height][image_width][…], to a map, [batch][map_height][map_width][…]:
// the map's pixel (y, x) and the tap (i, j) of the kernel meet at the image's pixel
//
//   (v, u) = (y · stride + i − padding, x · stride + j − padding).
//
// All passes of a convolution, and of a transposed one, which goes from the map to the image, sum up the same products over
// these meetings:
//
//   convolution_naive_to_map     to the map: a convolution's output, a transposed convolution's input gradient
//   convolution_naive_to_image       to the image: a transposed convolution's output, a convolution's input gradient
//   convolution_naive_filter   to the weights: their gradient

#include "common.h"

// Element (tap, input channel c, output channel k) of the weights is at
// weights_offset + tap · tap_step + c · channel_step + k · column_step.

// map(n, y, x, k) = bias(k) + Σ image(n, v, u, c) · weights(i, j, c, k) over the taps and the image's channels c.
// bias may be null. One work-item per element, (k, pixel of the map).
kernel void convolution_naive_to_map(
    global const float *restrict image, ulong image_offset, ulong image_stride, int image_height, int image_width,
    int channels,
    global float *restrict map, ulong map_offset, ulong map_stride, int map_height, int map_width, int columns, int batch,
    global const float *restrict weights, ulong weights_offset, ulong tap_step, ulong channel_step, ulong column_step,
    global const float *restrict bias, ulong bias_offset,
    int kernel_height, int kernel_width, int stride, int padding) {
  const int k = get_global_id(0);
  const size_t pixel = row_index();
  if (k >= columns || pixel >= (size_t)batch * map_height * map_width) return;
  const int x = pixel % map_width;
  const int y = pixel / map_width % map_height;
  const size_t n = pixel / map_width / map_height;

  float sum = bias ? bias[bias_offset + k] : 0.0f;
  for (int i = 0; i < kernel_height; i++)
    for (int j = 0; j < kernel_width; j++) {
      const int v = y * stride + i - padding;
      const int u = x * stride + j - padding;
      if (v < 0 || v >= image_height || u < 0 || u >= image_width) continue;
      global const float *source = image + image_offset + ((n * image_height + v) * image_width + u) * image_stride;
      global const float *weight = weights + weights_offset + (i * kernel_width + j) * tap_step + k * column_step;
      for (int c = 0; c < channels; c++) sum += source[c] * weight[c * channel_step];
    }
  map[map_offset + pixel * map_stride + k] = sum;
}

// image(n, v, u, k) = bias(k) + Σ map(n, y, x, c) · weights(i, j, c, k) over the taps and the map's channels c.
// bias may be null. One work-item per element, (k, pixel of the image).
kernel void convolution_naive_to_image(
    global const float *restrict map, ulong map_offset, ulong map_stride, int map_height, int map_width, int channels,
    global float *restrict image, ulong image_offset, ulong image_stride, int image_height, int image_width,
    int columns, int batch,
    global const float *restrict weights, ulong weights_offset, ulong tap_step, ulong channel_step, ulong column_step,
    global const float *restrict bias, ulong bias_offset,
    int kernel_height, int kernel_width, int stride, int padding) {
  const int k = get_global_id(0);
  const size_t pixel = row_index();
  if (k >= columns || pixel >= (size_t)batch * image_height * image_width) return;
  const int u = pixel % image_width;
  const int v = pixel / image_width % image_height;
  const size_t n = pixel / image_width / image_height;

  float sum = bias ? bias[bias_offset + k] : 0.0f;
  for (int i = 0; i < kernel_height; i++)
    for (int j = 0; j < kernel_width; j++) {
      // Which of the map's pixels meets this one with this tap, if one does.
      const int y = (v + padding - i) / stride;
      const int x = (u + padding - j) / stride;
      if (v + padding - i != y * stride || y < 0 || y >= map_height) continue;
      if (u + padding - j != x * stride || x < 0 || x >= map_width) continue;
      global const float *source = map + map_offset + ((n * map_height + y) * map_width + x) * map_stride;
      global const float *weight = weights + weights_offset + (i * kernel_width + j) * tap_step + k * column_step;
      for (int c = 0; c < channels; c++) sum += source[c] * weight[c * channel_step];
    }
  image[image_offset + pixel * image_stride + k] = sum;
}

// gradient(i, j, c, k) = [accumulate] gradient(i, j, c, k) + Σ rows(·, c) · columns(·, k) over all meetings of the tap: one of the
// two tensors is the image (`rows` if rows_are_image), the other one the map.
// One work-item per element, (k, (tap, c)).
kernel void convolution_naive_filter(
    global const float *restrict rows, ulong rows_offset, ulong rows_stride, int channels,
    global const float *restrict columns, ulong columns_offset, ulong columns_stride, int column_count,
    global float *restrict gradient, ulong gradient_offset, ulong gradient_stride,
    int rows_are_image, int batch, int image_height, int image_width, int map_height, int map_width,
    int kernel_height, int kernel_width, int stride, int padding, int accumulate) {
  const int k = get_global_id(0);
  const size_t line = row_index();
  if (k >= column_count || line >= (size_t)kernel_height * kernel_width * channels) return;
  const int c = line % channels;
  const int j = line / channels % kernel_width;
  const int i = line / channels / kernel_width;

  global float *place = gradient + gradient_offset + line * gradient_stride + k;
  float sum = accumulate ? *place : 0.0f;
  for (size_t n = 0; n < batch; n++)
    for (int y = 0; y < map_height; y++)
      for (int x = 0; x < map_width; x++) {
        const int v = y * stride + i - padding;
        const int u = x * stride + j - padding;
        if (v < 0 || v >= image_height || u < 0 || u >= image_width) continue;
        const size_t in_image = (n * image_height + v) * image_width + u;
        const size_t in_map = (n * map_height + y) * map_width + x;
        sum += rows[rows_offset + (rows_are_image ? in_image : in_map) * rows_stride + c]
               * columns[columns_offset + (rows_are_image ? in_map : in_image) * columns_stride + k];
      }
  *place = sum;
}
