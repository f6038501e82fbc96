// Convolution and transposed convolution as plain loops, one work-item per element of the result. Start reading here:
// the other files compute the same sums, only faster, and are checked against these.
//
// A convolution goes from an image, [batch][image_height][image_width][…], to a map, [batch][map_height][map_width][…]:
// the map's pixel (y, x) and the tap (i, j) of the kernel meet at the image's pixel
//
//   (v, u) = (y · stride + i − padding, x · stride + j − padding).
//
// All passes of a convolution, and of a transposed one, which goes from the map to the image, sum up the same products
// over these meetings:
//
//   convolution_naive_to_map     map(n, y, x, k) = bias(k) + Σ image(n, v, u, c) · weights(i, j, c, k): a convolution's
//                                output, a transposed convolution's input gradient
//   convolution_naive_to_image   image(n, v, u, k) = bias(k) + Σ map(n, y, x, c) · weights(i, j, c, k): a transposed
//                                convolution's output, a convolution's input gradient
//   convolution_naive_filter     gradient(i, j, c, k) = Σ rows(·, c) · columns(·, k), [accumulate] added to it: the
//                                gradient of the weights; `rows` is the image or, unless rows_are_image, the map, and
//                                `columns` the other one
//
// Element (tap, c, k) of the weights is at weights_offset + tap · tap_step + c · channel_step + k · column_step; bias:
// [k], may be null. Work-items: direction 0 is k, row_index() the pixel of the result, or of the gradient (tap, c).

#include "common.h"

kernel void convolution_naive_to_map(
    TENSOR(const float *restrict, image), int image_height, int image_width, int channels, TENSOR(float *restrict, map),
    int map_height, int map_width, int columns, int batch, ARRAY(const float *restrict, weights), ulong tap_step,
    ulong channel_step, ulong column_step, ARRAY(const float *restrict, bias), int kernel_height, int kernel_width,
    int stride, int padding) {
  const int k = get_global_id(0);
  const size_t pixel = row_index();
  if (k >= columns || pixel >= (size_t)batch * map_height * map_width) return;
  const int x = pixel % map_width;
  const int y = pixel / map_width % map_height;
  const size_t n = pixel / map_width / map_height;

  float sum = bias ? BASE(bias)[k] : 0.0f;
  for (int i = 0; i < kernel_height; i++)
    for (int j = 0; j < kernel_width; j++) {
      const int v = y * stride + i - padding;
      const int u = x * stride + j - padding;
      if (v < 0 || v >= image_height || u < 0 || u >= image_width) continue;
      global const float *source = AT(image, pixel_index(n, v, u, image_height, image_width));
      global const float *weight = BASE(weights) + (i * kernel_width + j) * tap_step + k * column_step;
      for (int c = 0; c < channels; c++) sum += source[c] * weight[c * channel_step];
    }
  AT(map, pixel)[k] = sum;
}

kernel void convolution_naive_to_image(
    TENSOR(const float *restrict, map), int map_height, int map_width, int channels, TENSOR(float *restrict, image),
    int image_height, int image_width, int columns, int batch, ARRAY(const float *restrict, weights), ulong tap_step,
    ulong channel_step, ulong column_step, ARRAY(const float *restrict, bias), int kernel_height, int kernel_width,
    int stride, int padding) {
  const int k = get_global_id(0);
  const size_t pixel = row_index();
  if (k >= columns || pixel >= (size_t)batch * image_height * image_width) return;
  const int u = pixel % image_width;
  const int v = pixel / image_width % image_height;
  const size_t n = pixel / image_width / image_height;

  float sum = bias ? BASE(bias)[k] : 0.0f;
  for (int i = 0; i < kernel_height; i++)
    for (int j = 0; j < kernel_width; j++) {
      // The pixel of the map that meets this one with this tap, if one does.
      const int y = (v + padding - i) / stride;
      const int x = (u + padding - j) / stride;
      if (v + padding - i != y * stride || y < 0 || y >= map_height) continue;
      if (u + padding - j != x * stride || x < 0 || x >= map_width) continue;
      global const float *source = AT(map, pixel_index(n, y, x, map_height, map_width));
      global const float *weight = BASE(weights) + (i * kernel_width + j) * tap_step + k * column_step;
      for (int c = 0; c < channels; c++) sum += source[c] * weight[c * channel_step];
    }
  AT(image, pixel)[k] = sum;
}

kernel void convolution_naive_filter(
    TENSOR(const float *restrict, rows), int channels, TENSOR(const float *restrict, columns), int column_count,
    TENSOR(float *restrict, gradient), int rows_are_image, int batch, int image_height, int image_width, int map_height,
    int map_width, int kernel_height, int kernel_width, int stride, int padding, int accumulate) {
  const int k = get_global_id(0);
  const size_t line = row_index();
  if (k >= column_count || line >= (size_t)kernel_height * kernel_width * channels) return;
  const int c = line % channels;
  const int j = line / channels % kernel_width;
  const int i = line / channels / kernel_width;

  global float *place = AT(gradient, line) + k;
  float sum = accumulate ? *place : 0.0f;
  for (size_t n = 0; n < batch; n++)
    for (int y = 0; y < map_height; y++)
      for (int x = 0; x < map_width; x++) {
        const int v = y * stride + i - padding;
        const int u = x * stride + j - padding;
        if (v < 0 || v >= image_height || u < 0 || u >= image_width) continue;
        const size_t in_image = pixel_index(n, v, u, image_height, image_width);
        const size_t in_map = pixel_index(n, y, x, map_height, map_width);
        sum += AT(rows, rows_are_image ? in_image : in_map)[c] * AT(columns, rows_are_image ? in_map : in_image)[k];
      }
  *place = sum;
}
