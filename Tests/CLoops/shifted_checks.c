// Convolutions of any kernel, stride and padding.

#include "CVectorLoops.h"
#include "checks.h"
#include "convolution_reference.h"

enum { MOST_TAPS = 49 };

/// Sets the taps of one phase of a sum onto the image, and returns their number.
static size_t find_taps(
    struct convolution of, int phase_y, int phase_x, size_t matrix, struct convolution_tap *taps) {
  size_t count = 0;
  for (int tap = 0; tap < of.kernel * of.kernel; tap++) {
    const int y = phase_y + of.padding - tap / of.kernel, x = phase_x + of.padding - tap % of.kernel;
    if (y % of.stride != 0 || x % of.stride != 0) continue;
    taps[count++] = (struct convolution_tap){y / of.stride, x / of.stride, (ptrdiff_t)((size_t)tap * matrix)};
  }
  return count;
}

static void check_data(
    struct convolution of, blas_sgemm sgemm, bool onto_image, bool transposed, bool has_bias, size_t gap) {
  const size_t from_channels = (size_t)(onto_image ? of.map_channels : of.image_channels);
  const size_t to_channels = (size_t)(onto_image ? of.image_channels : of.map_channels);
  const size_t from_pixels = onto_image ? map_pixels(of) : image_pixels(of);
  const size_t to_pixels = onto_image ? image_pixels(of) : map_pixels(of);
  begin_case(
      "sum onto the %s, %d x %d x %d x %zu to %zu, kernel %d stride %d padding %d%s%s%s",
      onto_image ? "image" : "map",
      of.batch, of.image_height, of.image_width, from_channels, to_channels, of.kernel, of.stride, of.padding,
      has_bias ? ", bias" : "", transposed ? ", weights transposed" : "", sgemm ? ", by a library" : "");
  const size_t from_stride = from_channels + gap, to_stride = to_channels + gap, matrix = from_channels * to_channels;
  const size_t weight_count = (size_t)(of.kernel * of.kernel) * matrix;
  const float *from = input_floats(from_pixels * from_stride, -1, 1), *weights = input_floats(weight_count, -1, 1);
  const float *bias = input_floats(to_channels, -1, 1);
  float *to = output_floats(to_pixels * to_stride);
  double *expected = expected_doubles(to_pixels * to_stride);
  reference_data(of, onto_image, from, from_stride, weights, transposed, has_bias ? bias : NULL, expected, to_stride);
  void *scratch = scratch_bytes(shifted_data_scratch_bytes(sgemm));
  // Moments are of all positions: only where the result has one phase.
  const bool has_moments = !onto_image || of.stride == 1;
  const size_t parts = (to_pixels + SHIFTED_PART_POSITIONS - 1) / SHIFTED_PART_POSITIONS;
  double *mean = output_doubles(parts * to_channels), *squares = output_doubles(parts * to_channels);
  const int phases = onto_image ? of.stride : 1;
  for (int phase = 0; phase < phases * phases; phase++) {
    struct convolution_tap taps[MOST_TAPS];
    size_t tap_count = (size_t)(of.kernel * of.kernel);
    const int y = phase / phases, x = phase % phases;
    if (onto_image)
      tap_count = find_taps(of, y, x, matrix, taps);
    else
      for (size_t tap = 0; tap < tap_count; tap++)
        taps[tap] = (struct convolution_tap){
            (int)tap / of.kernel - of.padding, (int)tap % of.kernel - of.padding, (ptrdiff_t)(tap * matrix)};
    const struct shifted_data data = {
        .source = from, .source_pixel_stride = (ptrdiff_t)from_stride,
        .source_height = onto_image ? of.map_height : of.image_height,
        .source_width = onto_image ? of.map_width : of.image_width,
        .result = to, .result_pixel_stride = (ptrdiff_t)to_stride,
        .result_height = onto_image ? of.image_height : of.map_height,
        .result_width = onto_image ? of.image_width : of.map_width,
        .source_step = onto_image ? 1 : of.stride, .result_step = phases, .result_y = y, .result_x = x,
        .height = onto_image ? (of.image_height - y + phases - 1) / phases : of.map_height,
        .width = onto_image ? (of.image_width - x + phases - 1) / phases : of.map_width,
        .source_channels = from_channels, .result_channels = to_channels, .weights = weights,
        .weight_source_stride = transposed ? 1 : (ptrdiff_t)to_channels,
        .weight_result_stride = transposed ? (ptrdiff_t)from_channels : 1,
        .bias = has_bias ? bias : NULL, .taps = taps, .tap_count = tap_count,
        .moments = {has_moments ? mean : NULL, has_moments ? squares : NULL}, .sgemm = sgemm};
    if (data.height <= 0 || data.width <= 0) continue;
    // In two parts of the positions, and of the channels where there are enough.
    const size_t positions = (size_t)(of.batch * data.height * data.width);
    const size_t part_positions = sgemm ? SHIFTED_BLAS_POSITIONS : SHIFTED_PART_POSITIONS;
    const size_t part_channels = sgemm ? SHIFTED_BLAS_CHANNELS : PANEL_WIDTH;
    const size_t middle = positions > part_positions ? part_positions : 0;
    const size_t channels = to_channels > part_channels ? part_channels : to_channels;
    for (int part = 0; part < 2; part++) {
      const size_t first = part ? middle : 0, end = part ? positions : middle;
      shifted_data_run(&data, first, end, 0, channels, scratch);
      if (channels < to_channels) shifted_data_run(&data, first, end, channels, to_channels, scratch);
    }
  }
  expect_floats("result", to, expected, to_pixels * to_stride, 1e-5);
  for (size_t part = 0; has_moments && part < parts; part++)
    for (size_t k = 0; k < to_channels; k++) {
      const size_t first = part * SHIFTED_PART_POSITIONS;
      const size_t end = to_pixels - first < SHIFTED_PART_POSITIONS ? to_pixels : first + SHIFTED_PART_POSITIONS;
      double sum = 0, sum_of_squares = 0;
      for (size_t pixel = first; pixel < end; pixel++) sum += (double)to[pixel * to_stride + k];
      sum /= (double)(end - first);
      for (size_t pixel = first; pixel < end; pixel++) {
        const double d = (double)to[pixel * to_stride + k] - sum;
        sum_of_squares += d * d;
      }
      const double found = mean[part * to_channels + k], found_squares = squares[part * to_channels + k];
      if (!(found - sum < 1e-5 && sum - found < 1e-5)) fail("mean %zu is %g, not %g", k, found, sum);
      const double difference = found_squares - sum_of_squares, allowed = 1e-5 * (1 + sum_of_squares);
      if (!(difference < allowed && -difference < allowed))
        fail("squares %zu are %g, not %g", k, found_squares, sum_of_squares);
    }
  end_case();
}

/// The gradient of the weights of a convolution, or, `transposed`, of a transposed one, whose input is the map.
static void check_filter(
    struct convolution of, blas_sgemm sgemm, bool transposed, bool accumulates, size_t gap) {
  begin_case(
      "gradient of weights, %d x %d x %d x %d to %d, kernel %d stride %d padding %d%s%s%s", of.batch, of.image_height,
      of.image_width, of.image_channels, of.map_channels, of.kernel, of.stride, of.padding,
      transposed ? ", transposed" : "", accumulates ? ", added" : "", sgemm ? ", by a library" : "");
  const size_t image_stride = (size_t)of.image_channels + gap, map_stride = (size_t)of.map_channels + gap;
  const size_t tap_count = (size_t)(of.kernel * of.kernel);
  const size_t count = tap_count * (size_t)(of.image_channels * of.map_channels);
  const float *image = input_floats(image_pixels(of) * image_stride, -1, 1);
  const float *map = input_floats(map_pixels(of) * map_stride, -1, 1);
  float *gradient = accumulates ? changing_floats(count, -1, 1) : output_floats(count);
  double *expected = expected_doubles(count);
  for (size_t i = 0; i < count; i++) expected[i] = accumulates ? (double)gradient[i] : 0;
  reference_filter(of, image, image_stride, map, map_stride, transposed, expected);
  struct convolution_tap taps[MOST_TAPS];
  for (size_t tap = 0; tap < tap_count; tap++)
    taps[tap] =
        (struct convolution_tap){(int)tap / of.kernel - of.padding, (int)tap % of.kernel - of.padding, 0};
  const struct convolution_side of_image = {
      image, (ptrdiff_t)image_stride, of.image_height, of.image_width, (size_t)of.image_channels, of.stride, true};
  const struct convolution_side of_map = {
      map, (ptrdiff_t)map_stride, of.map_height, of.map_width, (size_t)of.map_channels, 1, false};
  const struct shifted_filter filter = {
      transposed ? of_map : of_image, transposed ? of_image : of_map, of.map_height, of.map_width, taps, tap_count,
      sgemm};
  void *scratch = scratch_bytes(shifted_filter_scratch_bytes(sgemm));
  const size_t positions = map_pixels(of), channels = filter.input.channels;
  for (size_t first = 0; first < channels; first += SHIFTED_FILTER_CHANNELS) {
    const size_t end = channels - first < SHIFTED_FILTER_CHANNELS ? channels : first + SHIFTED_FILTER_CHANNELS;
    // The second part of the positions adds to the first.
    shifted_filter_run(&filter, 0, positions / 2, first, end, gradient, accumulates, scratch);
    shifted_filter_run(&filter, positions / 2, positions, first, end, gradient, true, scratch);
  }
  expect_floats("gradient", gradient, expected, count, 1e-5);
  end_case();
}

void check_shifted(void) {
  const struct convolution all[] = {
      convolution_of(2, 5, 7, 3, 17, 3, 1, 1),    convolution_of(1, 9, 6, 17, 3, 4, 2, 1),
      convolution_of(3, 2, 2, 40, 33, 3, 1, 1),   convolution_of(2, 1, 1, 16, 16, 1, 1, 0),
      convolution_of(1, 8, 8, 1, 1, 5, 3, 2),     convolution_of(2, 12, 13, 8, 40, 4, 1, 2),
      convolution_of(1, 4, 5, 130, 20, 2, 2, 0),  convolution_of(1, 7, 7, 2, 300, 3, 2, 0),
      convolution_of(1, 19, 23, 24, 5, 3, 1, 1),  convolution_of(2, 6, 6, 5, 6, 1, 2, 0),
      convolution_of(1, 20, 20, 300, 9, 1, 1, 0), convolution_of(3, 17, 19, 16, 3, 1, 1, 0),
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (int bits = 0; bits < 8; bits++)
      for (size_t p = 0; p < PRODUCTS; p++) {
        check_data(all[i], products[p], bits & 1, bits & 2, bits & 4, bits == 5 ? 4 : 0);
        if (bits < 4) check_filter(all[i], products[p], bits & 1, bits & 2, bits == 2 ? 3 : 0);
      }
}
