#pragma once

#include <stdbool.h>
#include <stddef.h>

/// max(z, 0) − z t + ln(1 + exp(−|z|)) for logits z and one target t, summed over a part of a tensor into `sum`. With
/// `gradient`, also gradient = factor · (sigmoid(z) − t), added to what is there with `accumulate`.
///
/// Layout: `rows` runs of `columns` floats; a stride is the distance between two runs of a tensor, in floats. A dense
/// tensor may be given as one row.
void vector_binary_cross_entropy(
    double *sum, const float *logits, size_t logits_stride, float target, float *gradient, size_t gradient_stride,
    size_t rows, size_t columns, float factor, bool accumulate);
