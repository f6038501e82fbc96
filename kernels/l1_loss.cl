// L1 loss and its gradient: |x - t|, derivative its sign, 0 at 0. loss.h has the frame, with the layouts.

#include "common.h"

#define LOSS_BLOCKS l1_loss_blocks
#define LOSS_SUM l1_loss_sum
#define LOSS_TARGET_TENSOR 1
#define LOSS_TERM(T, x, t) fabs((x) - (t))
#define LOSS_DERIVATIVE(T, x, t) sign((x) - (t))

#include "loss.h"
