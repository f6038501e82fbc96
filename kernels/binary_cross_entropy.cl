// Binary cross-entropy on logits x against one target t for all elements, and its gradient (loss.h has the frame, with
// the layouts and the work-group).
//
//   l(x, t) = max(x, 0) - x t + log(1 + exp(-|x|))
//   l'(x, t) = sigmoid(x) - t, written as (1 - t) sigmoid(x) - t sigmoid(-x), to keep its digits where both are close

#include "common.h"

#define LOSS_BLOCKS binary_cross_entropy_blocks
#define LOSS_SUM binary_cross_entropy_sum
#define LOSS_TARGET_TENSOR 0
#define LOSS_TERM(T, x, t) (fmax((x), (T)(0.0f)) - (x) * (t) + log1p(exp(-fabs(x))))
#define LOSS_DERIVATIVE(T, x, t) ((1.0f - (t)) / (1.0f + exp(-(x))) - (t) / (1.0f + exp(x)))

#include "loss.h"
