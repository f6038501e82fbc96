// Convolutions of one channel. Three rows of the image are copied with zeros around them, so that no pixel has to be
// checked; then a tap of a pixel is a load that fills a vector with one number, and its product with 16 channels.

#include "one_channel.h"

#include <string.h>

#include "vector_math.h"

enum {
  /// Pixels of the map whose sums are in registers at a time.
  TILE_PIXELS = 8,
  /// Pixels summed in registers before the sums go to memory, at least: a larger number rounds more.
  SUMMED_PIXELS = 256,
};

static size_t row_floats(int32_t width) { return (size_t)width + 2; }

size_t one_channel_scratch_bytes(int32_t width) { return 3 * row_floats(width) * sizeof(float); }

/// Copies row `y` of image `index` to its place among the three, with zeros around it; zeros alone outside the image.
static void copy_row(const struct one_channel *convolution, size_t index, int32_t y, float *rows) {
  const size_t width = (size_t)convolution->width;
  float *row = rows + (size_t)((y + 3) % 3) * row_floats(convolution->width);
  if (y < 0 || y >= convolution->height) {
    memset(row, 0, row_floats(convolution->width) * sizeof(float));
    return;
  }
  const float *from = convolution->image +
                      (ptrdiff_t)((index * (size_t)convolution->height + (size_t)y) * width) *
                          convolution->image_pixel_stride;
  row[0] = row[width + 1] = 0;
  if (convolution->image_pixel_stride == 1)
    memcpy(row + 1, from, width * sizeof(float));
  else
    for (size_t x = 0; x < width; x++) row[x + 1] = from[(ptrdiff_t)x * convolution->image_pixel_stride];
}

/// Makes `taken` the three rows around row `row` of the map, counted over all images. The calls of a sum go from row to
/// row, so that all but the last one are there already.
static void take_rows(
    const struct one_channel *convolution, size_t row, bool is_first, float *rows, const float *taken[3]) {
  const size_t index = row / (size_t)convolution->height;
  const int32_t y = (int32_t)(row % (size_t)convolution->height);
  if (is_first || y == 0) {
    copy_row(convolution, index, y - 1, rows);
    copy_row(convolution, index, y, rows);
  }
  copy_row(convolution, index, y + 1, rows);
  for (int32_t i = 0; i < 3; i++) taken[i] = rows + (size_t)((y - 1 + i + 3) % 3) * row_floats(convolution->width);
}

/// Computes `pixels` pixels of the map from x on, of `count` channels.
VECTOR_LOOP void data_tile(
    const int pixels, const float *const rows[3], const vector_float16 *weights, vector_float16 bias, float *to,
    ptrdiff_t stride, size_t x, size_t count) {
  vector_float16 sum[TILE_PIXELS];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels; i++) sum[i] = bias;
#pragma clang loop unroll(full)
  for (int tap = 0; tap < 9; tap++)
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels; i++) sum[i] += rows[tap / 3][x + (size_t)(i + tap % 3)] * weights[tap];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels; i++) vector_store(to + (ptrdiff_t)(x + (size_t)i) * stride, sum[i], count);
}

VECTOR_LOOP void data_columns(
    const struct one_channel *convolution, size_t first, size_t end, size_t channel, size_t count, float *copies) {
  const size_t width = (size_t)convolution->width;
  vector_float16 weights[9];
#pragma clang loop unroll(full)
  for (size_t tap = 0; tap < 9; tap++)
    weights[tap] = vector_load(convolution->weights + tap * convolution->channels + channel, count);
  const vector_float16 bias =
      convolution->bias ? vector_load(convolution->bias + channel, count) : (vector_float16){0};
  for (size_t row = first; row < end; row++) {
    const float *rows[3];
    take_rows(convolution, row, row == first, copies, rows);
    float *to = convolution->map + (ptrdiff_t)(row * width) * convolution->map_pixel_stride + channel;
    size_t x = 0;
    for (; x + TILE_PIXELS <= width; x += TILE_PIXELS)
      data_tile(TILE_PIXELS, rows, weights, bias, to, convolution->map_pixel_stride, x, count);
    for (; x < width; x++) data_tile(1, rows, weights, bias, to, convolution->map_pixel_stride, x, count);
  }
}

VECTOR_LOOP void data_body(const struct one_channel *convolution, size_t first, size_t end, float *copies) {
  size_t channel = 0;
  for (; channel + 16 <= convolution->channels; channel += 16)
    data_columns(convolution, first, end, channel, 16, copies);
  if (channel < convolution->channels)
    data_columns(convolution, first, end, channel, convolution->channels - channel, copies);
}
MULTIVERSION(
    one_channel_data_loop, data_body,
    (const struct one_channel *convolution, size_t first, size_t end, float *copies),
    (convolution, first, end, copies))

void one_channel_data_run(const struct one_channel *convolution, size_t first, size_t end, void *scratch) {
  one_channel_data_loop(convolution, first, end, scratch);
}

/// Adds the sums of a row's pixels to nine vectors.
VECTOR_LOOP void add_row(
    const float *const rows[3], const float *from, ptrdiff_t stride, size_t width, size_t count,
    vector_float16 *sums) {
  vector_float16 sum[9];
#pragma clang loop unroll(full)
  for (int tap = 0; tap < 9; tap++) sum[tap] = sums[tap];
  for (size_t x = 0; x < width; x++, from += stride) {
    const vector_float16 pixel = vector_load(from, count);
#pragma clang loop unroll(full)
    for (int tap = 0; tap < 9; tap++) sum[tap] += rows[tap / 3][x + (size_t)(tap % 3)] * pixel;
  }
#pragma clang loop unroll(full)
  for (int tap = 0; tap < 9; tap++) sums[tap] = sum[tap];
}

VECTOR_LOOP void filter_columns(
    const struct one_channel *convolution, size_t first, size_t end, size_t channel, size_t count, float *gradient,
    float *copies) {
  const size_t width = (size_t)convolution->width;
  vector_float16 sums[9] = {0};
  size_t summed = 0;
  for (size_t row = first; row < end; row++) {
    const float *rows[3];
    take_rows(convolution, row, row == first, copies, rows);
    const float *from = convolution->map + (ptrdiff_t)(row * width) * convolution->map_pixel_stride + channel;
    add_row(rows, from, convolution->map_pixel_stride, width, count, sums);
    summed += width;
    if (summed < SUMMED_PIXELS && row + 1 < end) continue;
#pragma clang loop unroll(full)
    for (size_t tap = 0; tap < 9; tap++) {
      float *to = gradient + tap * convolution->channels + channel;
      vector_store(to, vector_load(to, count) + sums[tap], count);
      sums[tap] = (vector_float16){0};
    }
    summed = 0;
  }
}

VECTOR_LOOP void filter_body(
    const struct one_channel *convolution, size_t first, size_t end, float *gradient, float *copies) {
  size_t channel = 0;
  for (; channel + 16 <= convolution->channels; channel += 16)
    filter_columns(convolution, first, end, channel, 16, gradient, copies);
  if (channel < convolution->channels)
    filter_columns(convolution, first, end, channel, convolution->channels - channel, gradient, copies);
}
MULTIVERSION(
    one_channel_filter_loop, filter_body,
    (const struct one_channel *convolution, size_t first, size_t end, float *gradient, float *copies),
    (convolution, first, end, gradient, copies))

void one_channel_filter_run(
    const struct one_channel *convolution, size_t first, size_t end, float *gradient, bool accumulate, void *scratch) {
  if (!accumulate) memset(gradient, 0, 9 * convolution->channels * sizeof(float));
  one_channel_filter_loop(convolution, first, end, gradient, scratch);
}
