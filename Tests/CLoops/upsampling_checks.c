// Upsampling of one row of pixels.

#include "CVectorLoops.h"
#include "checks.h"

static void check_nearest(size_t pixels, size_t channels, size_t factor, size_t gap) {
  begin_case("nearest %zu, %zu x %zu + %zu", factor, pixels, channels, gap);
  const size_t stride = channels + gap, count = pixels * factor * stride;
  const float *input = input_floats(pixels * stride, -1, 1);
  float *output = output_floats(count);
  double *expected = expected_doubles(count);
  for (size_t x = 0; x < pixels * factor; x++)
    for (size_t c = 0; c < channels; c++) expected[x * stride + c] = (double)input[x / factor * stride + c];
  vector_upsampling_nearest_forward(
      (struct vector_rows){output, stride}, (struct vector_rows){(float *)input, stride}, factor,
      (struct vector_size){pixels, channels});
  expect_floats("output", output, expected, count, 0);
  end_case();
}

static void check_bilinear(size_t pixels, size_t channels, size_t gap) {
  begin_case("bilinear, %zu x %zu + %zu", pixels, channels, gap);
  const size_t stride = channels + gap, sources = 9;
  const float *top = input_floats(sources * stride, -1, 1), *bottom = input_floats(sources * stride, -1, 1);
  const float *weights = input_floats(2 * pixels, 0, 1);
  uint32_t places[2 * pixels];
  for (size_t i = 0; i < 2 * pixels; i++) places[i] = (uint32_t)random_index(sources);
  float *output = output_floats(pixels * stride);
  double *expected = expected_doubles(pixels * stride);
  for (size_t x = 0; x < pixels; x++)
    for (size_t c = 0; c < channels; c++) {
      double sum = 0;
      for (size_t k = 0; k < 2; k++) {
        const size_t from = places[2 * x + k] * stride + c;
        sum += (double)weights[2 * x + k] * (0.25 * (double)top[from] + 0.75 * (double)bottom[from]);
      }
      expected[x * stride + c] = sum;
    }
  vector_upsampling_bilinear_forward(
      (struct vector_rows){output, stride}, (struct vector_rows){(float *)top, stride}, bottom, 0.25f, 0.75f,
      (struct vector_row_taps){places, weights, 2}, (struct vector_size){pixels, channels});
  expect_floats("output", output, expected, pixels * stride, 1e-6);
  end_case();
}

static void check_gradient(size_t pixels, size_t channels, size_t taps, size_t rows, size_t gap) {
  begin_case("upsampling's gradient, %zu x %zu + %zu, %zu x %zu taps", pixels, channels, gap, rows, taps);
  const size_t stride = channels + gap, outputs = 13, row_stride = outputs * stride;
  const float *upstream = input_floats(rows * row_stride, -1, 1), *row_weights = input_floats(rows, 0, 1);
  const float *weights = input_floats(pixels * taps, 0, 1);
  uint32_t places[pixels];
  for (size_t x = 0; x < pixels; x++) places[x] = (uint32_t)random_index(outputs - taps + 1);
  float *gradient = output_floats(pixels * stride);
  double *expected = expected_doubles(pixels * stride);
  for (size_t x = 0; x < pixels; x++)
    for (size_t c = 0; c < channels; c++) {
      double sum = 0;
      for (size_t row = 0; row < rows; row++)
        for (size_t k = 0; k < taps; k++)
          sum += (double)row_weights[row] * (double)weights[x * taps + k] *
                 (double)upstream[row * row_stride + (places[x] + k) * stride + c];
      expected[x * stride + c] = sum;
    }
  vector_upsampling_backward(
      (struct vector_rows){gradient, stride}, (struct vector_pixels){(float *)upstream, stride, row_stride},
      row_weights, rows, (struct vector_row_taps){places, weights, taps}, (struct vector_size){pixels, channels});
  expect_floats("gradient", gradient, expected, pixels * stride, 1e-6);
  end_case();
}

void check_upsampling(void) {
  static const size_t channels[] = {1, 3, 16, 17, 40};
  for (size_t c = 0; c < sizeof channels / sizeof *channels; c++)
    for (size_t gap = 0; gap < 5; gap += 4)
      for (size_t pixels = 1; pixels < 9; pixels += 7) {
        check_nearest(pixels, channels[c], 2, gap);
        check_nearest(pixels, channels[c], 3, gap);
        check_bilinear(pixels, channels[c], gap);
        check_gradient(pixels, channels[c], 4, 4, gap);
        check_gradient(pixels, channels[c], 2, 3, gap);
      }
}
