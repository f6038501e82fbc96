// A pixelwise loss between a prediction x and a target t, and its gradient (loss.h has the frame, with the layouts and
// the work-group).
//
//   LOSS_L1            l(x, t) = |x - t|      l'(x, t) = sign(x - t), 0 where they are equal
//   LOSS_MEAN_SQUARED  l(x, t) = (x - t)^2    l'(x, t) = 2 (x - t)

#include "common.h"

#define LOSS_L1 0
#define LOSS_MEAN_SQUARED 1

// One of the two.
#ifndef KIND
#define KIND LOSS_L1
#endif

#define LOSS_BLOCKS pixelwise_loss_blocks
#define LOSS_SUM pixelwise_loss_sum
#define LOSS_TARGET_TENSOR 1
#if KIND == LOSS_L1
#define LOSS_TERM(T, x, t) fabs((x) - (t))
#define LOSS_DERIVATIVE(T, x, t) sign((x) - (t))
#else
#define LOSS_TERM(T, x, t) (((x) - (t)) * ((x) - (t)))
#define LOSS_DERIVATIVE(T, x, t) (2.0f * ((x) - (t)))
#endif

#include "loss.h"
