// Batch normalization: moments and their joins, and the affine map with its gradients.

#include <math.h>

#include "CVectorLoops.h"
#include "checks.h"

/// Sets the mean and the sum of squared deviations of `count` numbers, `stride` apart.
static void find_moments(const float *values, size_t count, size_t stride, double *mean, double *squares) {
  *mean = *squares = 0;
  for (size_t i = 0; i < count; i++) *mean += (double)values[i * stride] / (double)count;
  for (size_t i = 0; i < count; i++) {
    const double d = (double)values[i * stride] - *mean;
    *squares += d * d;
  }
}

static void check_moments(size_t rows, size_t columns, size_t gap, double center) {
  begin_case("moments around %g, %zu x %zu + %zu", center, rows, columns, gap);
  const size_t stride = columns + gap;
  const float *input = input_floats(rows * stride, center - 1, center + 1);
  const struct vector_rows of = {(float *)input, stride};
  double *mean = output_doubles(columns), *squares = output_doubles(columns);
  double *pixel_mean = output_doubles(columns), *pixel_squares = output_doubles(columns);
  double *expected = expected_doubles(columns), *expected_squares = expected_doubles(columns);
  for (size_t c = 0; c < columns; c++)
    find_moments(input + c, rows, stride, &expected[c], &expected_squares[c]);
  vector_batch_normalization_moments((struct vector_moments){mean, squares}, of, (struct vector_size){rows, columns});
  vector_batch_normalization_pixel_moments(
      (struct vector_moments){pixel_mean, pixel_squares}, of, (struct vector_size){rows, columns});
  // However large the mean, errors are those of numbers around it.
  expect_doubles("mean", mean, expected, columns, 1e-6 / (1 + center));
  expect_doubles("squares", squares, expected_squares, columns, 1e-5);
  expect_doubles("mean by pixels", pixel_mean, expected, columns, 1e-6 / (1 + center));
  expect_doubles("squares by pixels", pixel_squares, expected_squares, columns, 1e-5);
  end_case();
}

/// Joins the moments of parts of one list, of `rows` rows and, the last ones, `last_rows` rows.
static void check_join(size_t channels, size_t count, size_t rows, size_t last_count, size_t last_rows) {
  begin_case("join %zu of %zu and %zu of %zu, %zu channels", count, rows, last_count, last_rows, channels);
  const size_t sets = count + last_count, total = count * rows + last_count * last_rows;
  const float *input = input_floats(total * channels, 99, 101);
  double means[2][sets * channels], squares[2][sets * channels], counts[sets];
  double *expected = expected_doubles(channels), *expected_squares = expected_doubles(channels);
  for (size_t set = 0, first = 0; set < sets; set++) {
    const size_t here = set < count ? rows : last_rows;
    counts[set] = (double)here;
    for (size_t c = 0; c < channels; c++) {
      const size_t i = set * channels + c;
      find_moments(input + first * channels + c, here, channels, &means[0][i], &squares[0][i]);
      means[1][i] = means[0][i], squares[1][i] = squares[0][i];
    }
    first += here;
  }
  for (size_t c = 0; c < channels; c++)
    find_moments(input + c, total, channels, &expected[c], &expected_squares[c]);
  vector_batch_normalization_join(
      (struct vector_moments){means[0], squares[0]}, count, rows, last_count, last_rows, channels);
  vector_batch_normalization_join_parts((struct vector_moments){means[1], squares[1]}, counts, sets, channels);
  for (int i = 0; i < 2; i++) {
    expect_doubles("mean", means[i], expected, channels, 1e-12);
    expect_doubles("squares", squares[i], expected_squares, channels, 1e-9);
  }
  end_case();
}

/// Returns the activation of z, and sets its derivative.
static double activated(struct vector_activation activation, double z, double *slope) {
  double y = z;
  *slope = 1;
  switch (activation.kind) {
    case vector_activation_leaky_relu:
      *slope = z > 0 ? 1 : (double)activation.slope;
      y = z * *slope;
      break;
    case vector_activation_tanh:
      y = tanh(z);
      *slope = 1 - y * y;
      break;
    case vector_activation_sigmoid:
      y = 1 / (1 + exp(-z));
      *slope = y * (1 - y);
      break;
    default: break;
  }
  return y;
}

static void check_map(enum vector_activation_kind kind, size_t rows, size_t columns, size_t gap) {
  begin_case("normalization, activation %d, %zu x %zu + %zu", kind, rows, columns, gap);
  const size_t stride = columns + gap, count = rows * stride;
  const float *input = input_floats(count, 9, 11), *upstream = input_floats(count, -1, 1);
  const struct vector_normalization map = {
      input_floats(columns, 9.5, 10.5), input_floats(columns, 0.5, 2), input_floats(columns, -1, 1), {kind, 0.2f}};
  const float *slope_term = input_floats(columns, -1, 1), *constant_term = input_floats(columns, -1, 1);
  const struct vector_size size = {rows, columns};
  const struct vector_rows inputs = {(float *)input, stride}, upstreams = {(float *)upstream, stride};
  float *output = output_floats(count), *gradient = output_floats(count);
  double *sum = output_doubles(columns), *products = output_doubles(columns);
  double *of_output = expected_doubles(count), *of_gradient = expected_doubles(count);
  double *of_sum = expected_doubles(columns), *of_products = expected_doubles(columns);
  for (size_t c = 0; c < columns; c++) {
    of_sum[c] = of_products[c] = 0;
    for (size_t i = c; i < count; i += stride) {
      const double distance = (double)input[i] - (double)map.center[c];
      double slope;
      of_output[i] =
          activated(map.activation, distance * (double)map.factor[c] + (double)map.offset[c], &slope);
      const double g = (double)upstream[i] * slope;
      of_sum[c] += g;
      of_products[c] += g * distance;
      of_gradient[i] =
          (double)map.factor[c] * g + (double)slope_term[c] * distance + (double)constant_term[c];
    }
  }
  vector_batch_normalization_apply((struct vector_rows){output, stride}, inputs, size, map);
  vector_batch_normalization_backward_sums(sum, products, inputs, upstreams, size, map);
  vector_batch_normalization_backward_apply(
      (struct vector_rows){gradient, stride}, inputs, upstreams, size, map, slope_term, constant_term);
  expect_floats("output", output, of_output, count, 2e-6);
  expect_doubles("sum", sum, of_sum, columns, 1e-5);
  expect_doubles("sum of products", products, of_products, columns, 1e-5);
  expect_floats("gradient", gradient, of_gradient, count, 2e-6);
  end_case();
}

void check_normalization(void) {
  static const size_t columns[] = {1, 2, 3, 8, 16, 17, 32, 64, 67, 130};
  static const size_t rows[] = {1, 2, 32, 63, 64, 65, 200};
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
      for (size_t gap = 0; gap < 4; gap += 3) {
        check_moments(rows[r], columns[c], gap, 0);
        check_moments(rows[r], columns[c], gap, 1000);
        for (enum vector_activation_kind kind = vector_activation_none; kind <= vector_activation_sigmoid; kind++)
          check_map(kind, rows[r], columns[c], gap);
      }
  for (size_t channels = 1; channels < 40; channels += 19) {
    check_join(channels, 1, 5, 0, 0);
    check_join(channels, 4, 3, 0, 0);
    check_join(channels, 3, 8, 2, 1);
  }
}
