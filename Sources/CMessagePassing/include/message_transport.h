#pragma once

#include <stddef.h>
#include <stdint.h>

/// A message that is under way, as its transport knows it.
typedef uint64_t message_request;

/// Moves bytes between the ranks of a run. One thread calls the functions; each starts something and returns at once,
/// but for `leave` and `abort`. Memory stays as it is until the request has ended. A result other than 0 is a failure,
/// whose reason `error` returns.
typedef struct message_transport {
  void *context;
  int rank;
  int count;
  /// The lowest rank of those on the same machine.
  int host;

  /// Messages from one rank to another of one tag arrive in the order in which they were sent.
  int (*send)(void *context, const void *bytes, size_t size, int peer, int tag, message_request *request);
  int (*receive)(void *context, void *bytes, size_t size, int peer, int tag, message_request *request);
  /// Every rank starts the following two in the same order.
  int (*broadcast)(void *context, void *bytes, size_t size, int root, message_request *request);
  /// Writes the `size` bytes of every rank to `all`, in the order of the ranks.
  int (*all_gather)(void *context, const void *bytes, void *all, size_t size, message_request *request);
  /// Sets `is_done` to whether all of the requests have ended; as long as not all have, each may be asked for again.
  int (*test)(void *context, int count, message_request *requests, int *is_done);
  /// The reason of the last failure, in one line.
  const char *(*error)(void *context);

  /// Waits for all ranks to call it; no other function is called after it.
  int (*leave)(void *context);
  /// Ends the processes of all ranks. Does not return.
  void (*abort)(void *context, int exit_code);
} message_transport;
