// A pixelwise loss between a prediction x and a target t, and its gradient (loss.h has the frame, with the layouts and
// the work-group).
//
//   LOSS_L1            l(x, t) = |x - t|      l'(x, t) = sign(x - t), 0 where they are equal
//   LOSS_MEAN_SQUARED  l(x, t) = (x - t)^2    l'(x, t) = 2 (x - t)

#include "common.h"

// The values of KIND. No value is 0, as an undefined name would be.
#define LOSS_L1 1
#define LOSS_MEAN_SQUARED 2

#ifndef KIND
#define KIND LOSS_L1
#endif

#define LOSS_BLOCKS pixelwise_loss_blocks
#define LOSS_SUM pixelwise_loss_sum
#define LOSS_TARGET_TENSOR 1
#if KIND == LOSS_L1
#define LOSS_TERM(T, x, t) fabs((x) - (t))
#define LOSS_DERIVATIVE(T, x, t) sign((x) - (t))
#elif KIND == LOSS_MEAN_SQUARED
#define LOSS_TERM(T, x, t) (((x) - (t)) * ((x) - (t)))
#define LOSS_DERIVATIVE(T, x, t) (2.0f * ((x) - (t)))
#else
#error "KIND must be one of the LOSS_* above"
#endif

#include "loss.h"
