// The losses with their gradients.

#include <math.h>

#include "CVectorLoops.h"
#include "checks.h"

enum loss { mean_squared, absolute, cross_entropy };

static double loss_of(enum loss loss, double x, double t) {
  switch (loss) {
    case mean_squared: return (x - t) * (x - t);
    case absolute: return fabs(x - t);
    default: return (x > 0 ? x : 0) - x * t + log1p(exp(-fabs(x)));
  }
}

static double derivative_of(enum loss loss, double x, double t) {
  switch (loss) {
    case mean_squared: return 2 * (x - t);
    case absolute: return x > t ? 1 : x < t ? -1 : 0;
    default: return 1 / (1 + exp(-x)) - t;
  }
}

/// The results of a loss beside its sum.
struct variant {
  bool has_gradient, accumulates, has_weights;
  size_t gap;
};

static void check_loss(enum loss loss, size_t rows, size_t columns, struct variant variant) {
  const size_t stride = columns + variant.gap, count = rows * stride;
  begin_case(
      "loss %d, %zu x %zu + %zu%s%s%s", loss, rows, columns, variant.gap, variant.has_gradient ? ", gradient" : "",
      variant.accumulates ? " added" : "", variant.has_weights ? ", weights" : "");
  const float *prediction = input_floats(count, -4, 4), *target = input_floats(count, -4, 4);
  const float *weights = input_floats(2 * rows, 0, 3);
  const float constant = 0.9f, factor = 0.125f;
  float *gradient = variant.accumulates ? changing_floats(count, -1, 1) : output_floats(count);
  double *sum = output_doubles(1), *expected = expected_doubles(1), *expected_gradient = expected_doubles(count);
  expected[0] = 0;
  for (size_t row = 0; row < rows; row++)
    for (size_t i = row * stride; i < row * stride + stride; i++) {
      if (i - row * stride >= columns) {
        if (variant.accumulates) expected_gradient[i] = (double)gradient[i];
        continue;
      }
      const double weight = variant.has_weights ? (double)weights[2 * row] : 1;
      const double x = (double)prediction[i], t = (double)(loss == cross_entropy ? constant : target[i]);
      expected[0] += weight * loss_of(loss, x, t);
      if (variant.has_gradient)
        expected_gradient[i] = (variant.accumulates ? (double)gradient[i] : 0) +
                               weight * (double)factor * derivative_of(loss, x, t);
    }
  const struct vector_rows predictions = {(float *)prediction, stride}, targets = {(float *)target, stride};
  const struct vector_size size = {rows, columns};
  const struct vector_loss_gradient to = {
      {variant.has_gradient ? gradient : NULL, stride}, factor, variant.accumulates};
  const enum vector_pixelwise_loss_kind kind = loss == absolute ? vector_l1_loss : vector_mean_squared_error;
  if (loss == cross_entropy)
    vector_binary_cross_entropy(sum, predictions, constant, size, to);
  else if (variant.has_weights)
    vector_weighted_pixelwise_loss(
        kind, sum, predictions, targets, (struct vector_rows){(float *)weights, 2}, size, to);
  else
    vector_pixelwise_loss(kind, sum, predictions, targets, size, to);
  expect_doubles("sum", sum, expected, 1, 1e-6);
  expect_floats("gradient", gradient, expected_gradient, count, 1e-6);
  end_case();
}

void check_losses(void) {
  static const size_t columns[] = {1, 2, 3, 7, 16, 17, 40};
  for (enum loss loss = mean_squared; loss <= cross_entropy; loss++)
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
      for (size_t rows = 1; rows < 300; rows = 17 * rows + 2)
        for (size_t gap = 0; gap < 4; gap += 3)
          for (int bits = 0; bits < 8; bits++) {
            const struct variant variant = {bits & 1, bits & 2, bits & 4, gap};
            if (variant.accumulates && !variant.has_gradient) continue;
            if (variant.has_weights && loss == cross_entropy) continue;
            check_loss(loss, rows, columns[c], variant);
          }
}
