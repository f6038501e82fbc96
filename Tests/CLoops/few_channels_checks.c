// Convolutions of an image of few channels.

#include "CVectorLoops.h"
#include "checks.h"
#include "convolution_reference.h"

static struct few_channels problem_of(struct convolution of, size_t gap) {
  return (struct few_channels){
      .image_pixel_stride = of.image_channels + (ptrdiff_t)gap,
      .image_height = of.image_height,
      .image_width = of.image_width,
      .image_channels = (size_t)of.image_channels,
      .map_pixel_stride = of.map_channels + (ptrdiff_t)gap,
      .map_height = of.map_height,
      .map_width = of.map_width,
      .map_channels = (size_t)of.map_channels,
  };
}

static size_t weight_count(struct convolution of) {
  return (size_t)(of.kernel * of.kernel * of.image_channels * of.map_channels);
}

static void *scratch_of(struct convolution of) {
  return scratch_bytes(few_channels_scratch_bytes((size_t)of.image_channels, (size_t)of.map_channels, of.map_width));
}

static void begin(const char *name, struct convolution of, const char *ending) {
  begin_case(
      "%s, %d x %d x %d x %d to %d%s", name, of.batch, of.image_height, of.image_width, of.image_channels,
      of.map_channels, ending);
}

static void check_map(struct convolution of, bool has_bias, size_t gap) {
  struct few_channels problem = problem_of(of, gap);
  const size_t image_stride = (size_t)problem.image_pixel_stride, map_stride = (size_t)problem.map_pixel_stride;
  const size_t rows = (size_t)(of.batch * of.map_height), count = map_pixels(of) * map_stride;
  begin("convolution of few channels", of, has_bias ? ", bias" : "");
  problem.image = (float *)input_floats(image_pixels(of) * image_stride, -1, 1);
  problem.weights = input_floats(weight_count(of), -1, 1);
  problem.bias = has_bias ? input_floats(problem.map_channels, -1, 1) : NULL;
  problem.map = output_floats(count);
  double *expected = expected_doubles(count);
  reference_data(
      of, false, problem.image, image_stride, problem.weights, false, problem.bias, expected, map_stride);
  void *scratch = scratch_of(of);
  few_channels_map_run(&problem, 0, rows / 2, scratch);
  few_channels_map_run(&problem, rows / 2, rows, scratch);
  expect_floats("result", problem.map, expected, count, 1e-5);
  end_case();
}

static void check_image(struct convolution of, size_t gap) {
  struct few_channels problem = problem_of(of, gap);
  const size_t image_stride = (size_t)problem.image_pixel_stride, map_stride = (size_t)problem.map_pixel_stride;
  const size_t rows = (size_t)(of.batch * of.image_height), count = image_pixels(of) * image_stride;
  begin("gradient of an image of few channels", of, "");
  problem.map = (float *)input_floats(map_pixels(of) * map_stride, -1, 1);
  problem.weights = input_floats(weight_count(of), -1, 1);
  problem.image = output_floats(count);
  double *expected = expected_doubles(count);
  reference_data(of, true, problem.map, map_stride, problem.weights, true, NULL, expected, image_stride);
  void *scratch = scratch_of(of);
  few_channels_image_run(&problem, 0, rows / 2, scratch);
  few_channels_image_run(&problem, rows / 2, rows, scratch);
  expect_floats("result", problem.image, expected, count, 1e-5);
  end_case();
}

static void check_filter(struct convolution of, bool accumulates, size_t gap) {
  struct few_channels problem = problem_of(of, gap);
  const size_t image_stride = (size_t)problem.image_pixel_stride, map_stride = (size_t)problem.map_pixel_stride;
  const size_t rows = (size_t)(of.batch * of.map_height), count = weight_count(of);
  begin("gradient of weights of few channels", of, accumulates ? ", added to" : "");
  problem.image = (float *)input_floats(image_pixels(of) * image_stride, -1, 1);
  problem.map = (float *)input_floats(map_pixels(of) * map_stride, -1, 1);
  float *gradient = accumulates ? changing_floats(count, -1, 1) : output_floats(count);
  double *expected = expected_doubles(count);
  for (size_t i = 0; i < count; i++) expected[i] = accumulates ? (double)gradient[i] : 0;
  reference_filter(of, problem.image, image_stride, problem.map, map_stride, false, expected);
  void *scratch = scratch_of(of);
  // The second part of the rows adds to the first.
  few_channels_filter_run(&problem, 0, rows / 2, gradient, accumulates, scratch);
  few_channels_filter_run(&problem, rows / 2, rows, gradient, true, scratch);
  expect_floats("gradient", gradient, expected, count, 1e-5);
  end_case();
}

static void check_shapes(struct convolution of) {
  for (int bits = 0; bits < 4; bits++) {
    const size_t gap = bits & 2 ? 3 : 0;
    check_map(of, bits & 1, gap);
    check_filter(of, bits & 1, gap);
    if (of.kernel == 4 && !(bits & 1)) check_image(of, gap);
  }
}

void check_few_channels(void) {
  static const int of_one_channel[][4] = {  // batch, height, width, map channels
      {1, 1, 1, 1}, {2, 3, 2, 16}, {3, 5, 7, 17}, {1, 8, 8, 48}, {2, 9, 31, 33}, {3, 32, 32, 16}, {1, 2, 300, 5},
  };
  for (size_t i = 0; i < sizeof of_one_channel / sizeof *of_one_channel; i++) {
    const int *shape = of_one_channel[i];
    check_shapes(convolution_of(shape[0], shape[1], shape[2], 1, shape[3], 3, 1, 1));
  }
  static const int of_more[][4] = {  // with stride 2, where odd sizes end without padding
      {1, 2, 2, 1}, {2, 2, 3, 16}, {3, 5, 7, 17}, {1, 8, 8, 48}, {2, 17, 33, 33}, {3, 32, 32, 16}, {1, 3, 300, 5},
      {2, 16, 18, 64},
  };
  for (size_t i = 0; i < sizeof of_more / sizeof *of_more; i++)
    for (int channels = 3; channels <= 4; channels++) {
      const int *shape = of_more[i];
      check_shapes(convolution_of(shape[0], shape[1], shape[2], channels, shape[3], 4, 2, 1));
    }
}
