// Mean squared error and its gradient: (x - t)^2, derivative 2 (x - t). loss.h has the frame, with the layouts.

#include "common.h"

#define LOSS_BLOCKS mean_squared_error_blocks
#define LOSS_SUM mean_squared_error_sum
#define LOSS_TARGET_TENSOR 1
#define LOSS_TERM(T, x, t) (((x) - (t)) * ((x) - (t)))
#define LOSS_DERIVATIVE(T, x, t) (2.0f * ((x) - (t)))

#include "loss.h"
