#pragma once

#include <stdbool.h>
#include <stddef.h>

/// |prediction − target|, summed over a part of a tensor into `sum`. With
/// `gradient`, also gradient = factor · derivative, added to what is there with `accumulate`.
///
/// Layout: `rows` runs of `columns` floats; a stride is the distance between two runs of a tensor, in floats. A dense
/// tensor may be given as one row.
void vector_l1_loss(
    double *sum, const float *prediction, size_t prediction_stride, const float *target, size_t target_stride,
    float *gradient, size_t gradient_stride, size_t rows, size_t columns, float factor, bool accumulate);
