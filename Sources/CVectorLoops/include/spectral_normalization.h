#pragma once

#include <stddef.h>

// Loops over neighbouring rows of a dense matrix of `columns` columns.

/// product[row] = the row times `vector`.
void vector_spectral_rows(
    float *product, const float *matrix, const float *vector, size_t rows, size_t columns);

/// sums[column] = the sum over the rows of matrix[row][column] · product[row].
void vector_spectral_columns(
    float *sums, const float *matrix, const float *product, size_t rows, size_t columns);

/// *sum = the sum of a[i] · b[i], added up in double precision.
void vector_spectral_product(double *sum, const float *a, const float *b, size_t count);

/// output = input · factor.
void vector_spectral_scale(float *output, const float *input, size_t count, float factor);

/// gradient[row][column] = (gradient[row][column] − total · input_vector[row] · output_vector[column]) · factor.
void vector_spectral_gradient(
    float *gradient, const float *input_vector, const float *output_vector, size_t rows, size_t columns, float total,
    float factor);
