// Spectral normalization's loops.

#include "CVectorLoops.h"
#include "checks.h"

static void check_matrix(size_t rows, size_t columns) {
  begin_case("spectral, %zu x %zu", rows, columns);
  const size_t count = rows * columns;
  const float *matrix = input_floats(count, -1, 1), *u = input_floats(columns, -1, 1), *v = input_floats(rows, -1, 1);
  float *product = output_floats(rows), *sums = output_floats(columns), *scaled = output_floats(count);
  float *gradient = changing_floats(count, -1, 1);
  double *total = output_doubles(1);
  double *of_rows = expected_doubles(rows), *of_columns = expected_doubles(columns);
  double *of_scale = expected_doubles(count), *of_gradient = expected_doubles(count);
  double *of_total = expected_doubles(1);
  *of_total = 0;
  for (size_t row = 0; row < rows; row++) of_rows[row] = 0;
  for (size_t column = 0; column < columns; column++) of_columns[column] = 0;
  for (size_t row = 0; row < rows; row++)
    for (size_t column = 0; column < columns; column++) {
      const size_t i = row * columns + column;
      of_rows[row] += (double)matrix[i] * (double)u[column];
      of_columns[column] += (double)matrix[i] * (double)v[row];
      of_scale[i] = (double)matrix[i] * 0.75;
      *of_total += (double)matrix[i] * (double)gradient[i];
    }
  vector_spectral_product(total, matrix, gradient, count);
  for (size_t i = 0; i < count; i++)
    of_gradient[i] = ((double)gradient[i] - 0.3 * (double)v[i / columns] * (double)u[i % columns]) * 1.5;
  vector_spectral_rows(product, matrix, u, rows, columns);
  vector_spectral_columns(sums, matrix, v, rows, columns);
  vector_spectral_scale(scaled, matrix, count, 0.75f);
  vector_spectral_gradient(gradient, v, u, rows, columns, 0.3f, 1.5f);
  // Products are rounded before they are added up in double precision.
  expect_doubles("total", total, of_total, 1, 1e-6);
  expect_floats("rows", product, of_rows, rows, 1e-5);
  expect_floats("columns", sums, of_columns, columns, 1e-5);
  expect_floats("scaled", scaled, of_scale, count, 1e-6);
  expect_floats("gradient", gradient, of_gradient, count, 1e-6);
  end_case();
}

void check_spectral(void) {
  static const size_t sides[] = {1, 3, 15, 16, 17, 50};
  for (size_t row = 0; row < sizeof sides / sizeof *sides; row++)
    for (size_t column = 0; column < sizeof sides / sizeof *sides; column++) check_matrix(sides[row], sides[column]);
}
