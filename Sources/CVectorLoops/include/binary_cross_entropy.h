#pragma once

#include "pixelwise_loss.h"

/// *sum = the sum of max(z, 0) − z t + ln(1 + exp(−|z|)) over the logits z of a block, with one target t. The
/// derivative is sigmoid(z) − t.
void vector_binary_cross_entropy(
    double *sum, struct vector_rows logits, float target, struct vector_size size,
    struct vector_loss_gradient gradient);
