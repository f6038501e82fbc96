#include "spectral_normalization.h"

#include "vector_math.h"

VECTOR_LOOP double dot_product(const float *a, const float *b, size_t count) {
  vector_double16 sums = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    sums += __builtin_convertvector(vector_load(a + i, 16) * vector_load(b + i, 16), vector_double16);
  if (i < count)
    sums += __builtin_convertvector(
        vector_load(a + i, count - i) * vector_load(b + i, count - i), vector_double16);
  return vector_sum(sums);
}

VECTOR_LOOP void spectral_product(double *sum, const float *a, const float *b, size_t count) {
  *sum = dot_product(a, b, count);
}

VECTOR_LOOP void spectral_rows(
    float *product, const float *matrix, const float *vector, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
    product[row] = (float)dot_product(matrix + row * columns, vector, columns);
}

VECTOR_LOOP void spectral_columns(
    float *restrict sums, const float *restrict matrix, const float *restrict product, size_t rows, size_t columns) {
  for (size_t column = 0; column < columns; column++) sums[column] = 0;
  for (size_t row = 0; row < rows; row++, matrix += columns)
    for (size_t column = 0; column < columns; column++) sums[column] += matrix[column] * product[row];
}

VECTOR_LOOP void spectral_scale(float *restrict output, const float *restrict input, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) output[i] = input[i] * factor;
}

VECTOR_LOOP void spectral_gradient(
    float *restrict gradient, const float *restrict input_vector, const float *restrict output_vector, size_t rows,
    size_t columns, float total, float factor) {
  for (size_t row = 0; row < rows; row++, gradient += columns) {
    float weight = total * input_vector[row];
    for (size_t column = 0; column < columns; column++)
      gradient[column] = (gradient[column] - weight * output_vector[column]) * factor;
  }
}

MULTIVERSION(
    vector_spectral_product, spectral_product, (double *sum, const float *a, const float *b, size_t count),
    (sum, a, b, count))

MULTIVERSION(
    vector_spectral_rows, spectral_rows,
    (float *product, const float *matrix, const float *vector, size_t rows, size_t columns),
    (product, matrix, vector, rows, columns))

MULTIVERSION(
    vector_spectral_columns, spectral_columns,
    (float *sums, const float *matrix, const float *product, size_t rows, size_t columns),
    (sums, matrix, product, rows, columns))

MULTIVERSION(
    vector_spectral_scale, spectral_scale, (float *output, const float *input, size_t count, float factor),
    (output, input, count, factor))

MULTIVERSION(
    vector_spectral_gradient, spectral_gradient,
    (float *gradient, const float *input_vector, const float *output_vector, size_t rows, size_t columns, float total,
     float factor),
    (gradient, input_vector, output_vector, rows, columns, total, factor))
