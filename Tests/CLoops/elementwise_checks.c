// Loops over elements: activations, Adam, moving averages, sums, copies, constants, and the rate of multiply-adds.

#include <math.h>

#include "CVectorLoops.h"
#include "checks.h"

/// Numbers of columns below, at and above one, two and four vectors; gaps behind the rows.
static const size_t columns_of[] = {1, 2, 3, 5, 15, 16, 17, 31, 33, 64, 67};
static const size_t gaps[] = {0, 5};

#define FOR_EACH(name, array) for (size_t name##_i = 0; name##_i < sizeof array / sizeof *array; name##_i++)

static double activated(struct vector_activation activation, double x) {
  switch (activation.kind) {
    case vector_activation_leaky_relu: return x > 0 ? x : x * (double)activation.slope;
    case vector_activation_tanh: return tanh(x);
    case vector_activation_sigmoid: return 1 / (1 + exp(-x));
    default: return x;
  }
}

/// Returns the derivative from the activation's output.
static double derivative(struct vector_activation activation, double y) {
  switch (activation.kind) {
    case vector_activation_leaky_relu: return y > 0 ? 1 : (double)activation.slope;
    case vector_activation_tanh: return 1 - y * y;
    case vector_activation_sigmoid: return y * (1 - y);
    default: return 1;
  }
}

static void check_activation(struct vector_activation activation, size_t rows, size_t columns, size_t gap) {
  const size_t stride = columns + gap, count = rows * stride;
  const struct vector_size size = {rows, columns};
  begin_case("activation %d, %zu x %zu + %zu", activation.kind, rows, columns, gap);
  const float *input = input_floats(count, -9, 9);
  float *output = output_floats(count), *gradient = output_floats(count);
  const float *upstream = input_floats(count, -2, 2);
  vector_activation_forward(
      (struct vector_rows){output, stride}, (struct vector_rows){(float *)input, stride}, size, activation);
  double *expected = expected_doubles(count), *expected_gradient = expected_doubles(count);
  for (size_t row = 0; row < rows; row++)
    for (size_t c = 0; c < columns; c++)
      expected[row * stride + c] = activated(activation, (double)input[row * stride + c]);
  expect_floats("output", output, expected, count, 1e-6);
  vector_activation_backward(
      (struct vector_rows){gradient, stride}, (struct vector_rows){(float *)upstream, stride},
      (struct vector_rows){output, stride}, size, activation);
  for (size_t row = 0; row < rows; row++)
    for (size_t c = 0; c < columns; c++) {
      const size_t i = row * stride + c;
      expected_gradient[i] = (double)upstream[i] * derivative(activation, (double)output[i]);
    }
  expect_floats("gradient", gradient, expected_gradient, count, 1e-6);
  end_case();
}

static void check_copy(size_t rows, size_t columns, size_t gap) {
  const size_t stride = columns + gap, count = rows * stride;
  begin_case("copy and fill, %zu x %zu + %zu", rows, columns, gap);
  const float *input = input_floats(count, -1, 1);
  float *copied = output_floats(count), *filled = output_floats(count);
  vector_copy(
      (struct vector_rows){copied, stride}, (struct vector_rows){(float *)input, stride},
      (struct vector_size){rows, columns});
  vector_fill((struct vector_rows){filled, stride}, (struct vector_size){rows, columns}, 0.3f);
  double *expected = expected_doubles(count), *constant = expected_doubles(count);
  for (size_t row = 0; row < rows; row++)
    for (size_t c = 0; c < columns; c++) {
      expected[row * stride + c] = (double)input[row * stride + c];
      constant[row * stride + c] = (double)0.3f;
    }
  expect_floats("copy", copied, expected, count, 0);
  expect_floats("constant", filled, constant, count, 0);
  end_case();
}

static void check_adam(size_t count) {
  begin_case("Adam, %zu", count);
  const struct vector_adam_constants k = {0.9f, 0.1f, 0.999f, 0.001f, 0.3f, 1.7f, 1e-8f};
  float *p = changing_floats(count, -1, 1), *m = changing_floats(count, -1, 1), *v = changing_floats(count, 0, 1);
  const float *g = input_floats(count, -1, 1);
  double *new_p = expected_doubles(count), *new_m = expected_doubles(count), *new_v = expected_doubles(count);
  for (size_t i = 0; i < count; i++) {
    const double gradient = (double)g[i];
    new_m[i] = (double)k.beta1 * (double)m[i] + (double)k.one_minus_beta1 * gradient;
    new_v[i] = (double)k.beta2 * (double)v[i] + (double)k.one_minus_beta2 * gradient * gradient;
    new_p[i] =
        (double)p[i] - (double)k.rate * new_m[i] / (sqrt(new_v[i]) * (double)k.root_factor + (double)k.epsilon);
  }
  vector_adam(p, g, m, v, count, k);
  expect_floats("parameters", p, new_p, count, 1e-6);
  expect_floats("first moment", m, new_m, count, 1e-6);
  expect_floats("second moment", v, new_v, count, 1e-6);
  end_case();
}

static void check_average(size_t count) {
  begin_case("moving average, %zu", count);
  float *average = changing_floats(count, -1, 1);
  const float *values = input_floats(count, -1, 1);
  double *expected = expected_doubles(count);
  for (size_t i = 0; i < count; i++)
    expected[i] = (double)average[i] + 0.0625 * ((double)values[i] - (double)average[i]);
  vector_exponential_moving_average(average, values, count, 0.0625f);
  expect_floats("average", average, expected, count, 1e-6);
  end_case();
}

static void check_scaled_sum(size_t count) {
  begin_case("scaled sum, %zu", count);
  float *first = changing_floats(count, -1, 1);
  const float *second = input_floats(count, -2, 3);
  double *expected = expected_doubles(count);
  float *output = output_floats(count);
  for (size_t i = 0; i < count; i++) expected[i] = 0.25 * (double)first[i];
  vector_scaled(output, first, count, 0.25f);
  expect_floats("product", output, expected, count, 1e-6);
  for (size_t i = 0; i < count; i++) expected[i] = 0.25 * ((double)first[i] + (double)second[i]);
  vector_scaled_sum(first, first, second, count, 0.25f);
  expect_floats("sum", first, expected, count, 1e-6);
  end_case();
}

static void check_rate(size_t rounds, bool wide) {
  begin_case("multiply-adds, %zu rounds, %s", rounds, wide ? "wide" : "narrow");
  float *output = changing_floats(16, 0.1, 0.5);
  double *expected = expected_doubles(16);
  const int sums = (wide ? vector_multiply_adds_wide : vector_multiply_adds_narrow) / 16;
  for (int lane = 0; lane < 16; lane++) {
    const double factor = (double)output[lane];
    expected[lane] = 0;
    for (int i = 0; i < sums; i++) {
      double sum = factor * i;
      for (size_t round = 0; round < rounds; round++) sum = sum * factor + factor;
      expected[lane] += sum;
    }
  }
  vector_multiply_add(output, rounds, wide);
  expect_floats("sums", output, expected, 16, 1e-5);
  end_case();
}

void check_elementwise(void) {
  FOR_EACH(column, columns_of) {
    const size_t columns = columns_of[column_i];
    FOR_EACH(gap, gaps) {
      for (enum vector_activation_kind kind = vector_activation_none; kind <= vector_activation_sigmoid; kind++) {
        const struct vector_activation activation = {kind, 0.2f};
        check_activation(activation, 1, columns, gaps[gap_i]);
        check_activation(activation, 9, columns, gaps[gap_i]);
      }
      check_copy(7, columns, gaps[gap_i]);
    }
    check_adam(columns);
    check_average(columns);
    check_scaled_sum(columns);
  }
  for (size_t rounds = 0; rounds < 20; rounds += 7) {
    check_rate(rounds, false);
    check_rate(rounds, true);
  }
}
