#include "tree_sum.h"

#include "add_floats.h"

/// Up to this many floats, one exchange of the whole vector takes no longer than one of half of it.
#define WHOLE_COUNT 1024

/// A part of a vector.
typedef struct range {
  size_t start;
  size_t end;
} range;

static int is_whole(const tree_sum *sum) { return sum->count <= WHOLE_COUNT; }

/// Returns log₂ of the number of ranks.
static int level_count(const tree_sum *sum) {
  int levels = 0;
  while (1 << levels < sum->transport->count) levels++;
  return levels;
}

/// Returns the level of the tree that a round is about: they go up, and for the parts down again.
static int level(const tree_sum *sum) {
  const int levels = level_count(sum);
  return sum->round < levels ? sum->round : 2 * levels - 1 - sum->round;
}

/// Returns the part of the vector that a rank and its partner of `level` have in common before they share it out.
static range common_part(const tree_sum *sum, int level) {
  range part = {0, sum->count};
  for (int k = 0; k < level; k++) {
    const size_t middle = part.start + (part.end - part.start) / 2;
    if (sum->transport->rank >> k & 1) part.start = middle;
    else part.end = middle;
  }
  return part;
}

/// Returns the half of the common part of `level` that a rank adds up: the upper one where `is_upper`.
static range half(range common, int is_upper) {
  const size_t middle = common.start + (common.end - common.start) / 2;
  return is_upper ? (range){middle, common.end} : (range){common.start, middle};
}

/// The parts of a round: what goes to the partner, and where what comes from it belongs.
static void round_parts(const tree_sum *sum, range *sent, range *received) {
  const int k = level(sum), is_upper = sum->transport->rank >> k & 1;
  const range common = common_part(sum, is_whole(sum) ? 0 : k);
  const int is_up = sum->round < level_count(sum);
  *sent = is_whole(sum) ? common : half(common, is_up ? !is_upper : is_upper);
  *received = is_whole(sum) ? common : half(common, is_up ? is_upper : !is_upper);
}

static int round_count(const tree_sum *sum) { return (is_whole(sum) ? 1 : 2) * level_count(sum); }

/// Starts the messages of the round; none where parts are empty, which both partners know.
static int start_round(tree_sum *sum) {
  range sent, received;
  round_parts(sum, &sent, &received);
  const message_transport *transport = sum->transport;
  const int peer = tree_sum_peer(sum);
  sum->request_count = 0;
  if (received.end > received.start) {
    // Terms come into their own room, sums into their places.
    float *place = sum->round < level_count(sum) ? sum->received : sum->values + received.start;
    if (transport->receive(transport->context, place, (received.end - received.start) * sizeof(float), peer, sum->tag,
                           &sum->requests[sum->request_count++]))
      return -1;
  }
  if (sent.end > sent.start) {
    if (transport->send(transport->context, sum->values + sent.start, (sent.end - sent.start) * sizeof(float), peer,
                        sum->tag, &sum->requests[sum->request_count++]))
      return -1;
  }
  return 0;
}

/// Adds the terms that came.
static void end_round(tree_sum *sum) {
  range sent, received;
  round_parts(sum, &sent, &received);
  if (sum->round < level_count(sum))
    add_floats(sum->values + received.start, sum->received, received.end - received.start);
}

// The longest part that comes at a time: half of the vector, rounded up.
size_t tree_sum_room(size_t count) { return count <= WHOLE_COUNT ? count : count - count / 2; }

void tree_sum_start(tree_sum *sum, const message_transport *transport, float *values, size_t count, float *received,
                    int tag) {
  *sum = (tree_sum){
      .transport = transport, .values = values, .received = received, .count = count, .tag = tag, .round = -1};
}

int tree_sum_advance(tree_sum *sum) {
  while (sum->round < round_count(sum)) {
    if (sum->round >= 0) {
      int is_done = 1;
      if (sum->request_count > 0 &&
          sum->transport->test(sum->transport->context, sum->request_count, sum->requests, &is_done))
        return -1;
      if (!is_done) return 0;
      end_round(sum);
    }
    sum->round++;
    if (sum->round < round_count(sum) && start_round(sum)) return -1;
  }
  return 1;
}

int tree_sum_peer(const tree_sum *sum) {
  // Before its first round a sum waits for nobody.
  return sum->round < 0 ? sum->transport->rank : sum->transport->rank ^ 1 << level(sum);
}
