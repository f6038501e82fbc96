// Convolutions 3 x 3 of one channel.

#include "CVectorLoops.h"
#include "checks.h"
#include "convolution_reference.h"

static void check_data(struct convolution of, bool has_bias, size_t gap) {
  const size_t pixels = map_pixels(of), channels = (size_t)of.map_channels;
  const size_t image_stride = 1 + gap, map_stride = channels + gap, rows = (size_t)(of.batch * of.map_height);
  begin_case(
      "convolution of one channel, %d x %d x %d to %zu%s", of.batch, of.image_height, of.image_width, channels,
      has_bias ? ", bias" : "");
  const float *image = input_floats(pixels * image_stride, -1, 1), *weights = input_floats(9 * channels, -1, 1);
  const float *bias = input_floats(channels, -1, 1);
  float *map = output_floats(pixels * map_stride);
  double *expected = expected_doubles(pixels * map_stride);
  reference_data(of, false, image, image_stride, weights, false, has_bias ? bias : NULL, expected, map_stride);
  const struct one_channel convolution = {
      image, (ptrdiff_t)image_stride, map, (ptrdiff_t)map_stride, of.map_height, of.map_width, channels, weights,
      has_bias ? bias : NULL};
  void *scratch = scratch_bytes(one_channel_scratch_bytes(of.map_width));
  one_channel_data_run(&convolution, 0, rows / 2, scratch);
  one_channel_data_run(&convolution, rows / 2, rows, scratch);
  expect_floats("result", map, expected, pixels * map_stride, 1e-5);
  end_case();
}

static void check_filter(struct convolution of, bool accumulates, size_t gap) {
  const size_t pixels = map_pixels(of), channels = (size_t)of.map_channels, count = 9 * channels;
  const size_t image_stride = 1 + gap, map_stride = channels + gap, rows = (size_t)(of.batch * of.map_height);
  begin_case(
      "gradient of weights of one channel, %d x %d x %d to %zu%s", of.batch, of.image_height, of.image_width, channels,
      accumulates ? ", added" : "");
  const float *image = input_floats(pixels * image_stride, -1, 1), *map = input_floats(pixels * map_stride, -1, 1);
  float *gradient = accumulates ? changing_floats(count, -1, 1) : output_floats(count);
  double *expected = expected_doubles(count);
  for (size_t i = 0; i < count; i++) expected[i] = accumulates ? (double)gradient[i] : 0;
  reference_filter(of, image, image_stride, map, map_stride, false, expected);
  const struct one_channel convolution = {
      image, (ptrdiff_t)image_stride, (float *)map, (ptrdiff_t)map_stride, of.map_height, of.map_width, channels, NULL,
      NULL};
  void *scratch = scratch_bytes(one_channel_scratch_bytes(of.map_width));
  // The second part of the rows adds to the first.
  one_channel_filter_run(&convolution, 0, rows / 2, gradient, accumulates, scratch);
  one_channel_filter_run(&convolution, rows / 2, rows, gradient, true, scratch);
  expect_floats("gradient", gradient, expected, count, 1e-5);
  end_case();
}

void check_one_channel(void) {
  static const int shapes[][4] = {  // batch, height, width, channels
      {1, 1, 1, 1}, {2, 3, 2, 16}, {3, 5, 7, 17}, {1, 8, 8, 48}, {2, 9, 31, 33}, {3, 32, 32, 16}, {1, 2, 300, 5},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const struct convolution of = convolution_of(shapes[i][0], shapes[i][1], shapes[i][2], 1, shapes[i][3], 3, 1, 1);
    for (int bits = 0; bits < 4; bits++) {
      check_data(of, bits & 1, bits & 2 ? 3 : 0);
      check_filter(of, bits & 1, bits & 2 ? 3 : 0);
    }
  }
}
