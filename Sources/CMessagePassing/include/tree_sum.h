#pragma once

#include "message_transport.h"

/// A vector's sum over all ranks by a binary tree, as a state that moves on with `tree_sum_advance`.
///
/// Rank r exchanges with r ^ 1 first, then with r ^ 2, r ^ 4, …, so that level k adds the sums of neighboring groups of
/// 2ᵏ ranks: ((x₀ + x₁) + (x₂ + x₃)) + …. In long vectors each exchange halves the part that a rank adds up, and the
/// parts are put together in the opposite order; in short ones both partners add up the whole vector. x + y and y + x
/// have the same bits, so neither the length of the parts nor the place where they are added matters.
typedef struct tree_sum {
  const message_transport *transport;
  float *values;
  /// Room for `tree_sum_room` floats.
  float *received;
  size_t count;
  int tag;
  /// The round of exchanges that is under way, or the next one.
  int round;
  int request_count;
  message_request requests[2];
} tree_sum;

/// Returns how many floats a sum of `count` floats receives at a time.
size_t tree_sum_room(size_t count);

/// Starts a sum. The number of ranks is a power of two; on every rank `count` and `tag` are the same, and no other sum
/// of that tag is under way.
void tree_sum_start(tree_sum *sum, const message_transport *transport, float *values, size_t count, float *received,
                    int tag);

/// Does what can be done now. Returns 1 where `values` are the sum, 0 where messages are still under way, and −1 where
/// the transport failed.
int tree_sum_advance(tree_sum *sum);

/// Returns the rank whose message a sum waits for.
int tree_sum_peer(const tree_sum *sum);
