// A training step on simulated hosts: computing is time that passes, and the sums of gradients are those of
// Sources/CMessagePassing over the MPI of SimGrid, message by message. Scripts/simulate_scale compiles and runs it.
// usage: smpirun … step SCHEDULE STEP_SECONDS overlap|after ADDED_BYTES_PER_SECOND
//   SCHEDULE   a file of lines `SECONDS FLOATS`: when backward has filled a bucket, and its size
// Rank 0 writes the seconds that the step takes until every sum is there.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "add_floats.h"
#include "mpi_library.h"
#include "tree_sum.h"

const mpi_library *recolor_mpi_library(void);

#define BUCKET_LIMIT 1024

/// How long the thread of messages pauses between two looks at those that are under way, in seconds: while the host
/// computes, and while it waits for them.
static const double computing_pause = 200e-6;
static const double waiting_pause = 20e-6;

/// Bytes a second that additions read and write.
static double added_bytes_per_second = 1;

/// The simulated hosts compute so many operations a second.
static const double host_speed = 1e9;

/// Lets time pass on a host.
static void compute(double seconds) { smpi_execute_flops(seconds * host_speed); }

/// In place of the real additions: their time, which the host cannot compute in meanwhile.
void add_floats(float *restrict sum, const float *restrict term, size_t count) {
  (void)sum;
  (void)term;
  compute((double)count * 3 * sizeof(float) / added_bytes_per_second);
}

/// A part of the gradient.
typedef struct bucket {
  double ready_seconds;
  size_t count;
  float *values;
  float *received;
  tree_sum sum;
  int is_ended;
} bucket;

static int read_schedule(const char *path, bucket *buckets) {
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  int count = 0;
  while (count < BUCKET_LIMIT && fscanf(file, "%lf %zu", &buckets[count].ready_seconds, &buckets[count].count) == 2)
    count++;
  fclose(file);
  return count;
}

/// Moves the sums that were started on. Returns how many have ended.
static int advance(const message_transport *transport, bucket *buckets, int started) {
  int ended = 0;
  for (int i = 0; i < started; i++) {
    const int result = buckets[i].is_ended ? 1 : tree_sum_advance(&buckets[i].sum);
    if (result < 0) {
      fprintf(stderr, "step: %s\n", transport->error(transport->context));
      transport->abort(transport->context, 1);
    }
    buckets[i].is_ended = result > 0;
    ended += result > 0;
  }
  return ended;
}

/// Waits until a message of a sum has ended, as a look after each pause would, without simulating the looks.
static void wait_for_message(bucket *buckets, int started) {
  MPI_Request requests[2 * BUCKET_LIMIT];
  message_request *places[2 * BUCKET_LIMIT];
  int count = 0;
  for (int i = 0; i < started; i++) {
    for (int k = 0; !buckets[i].is_ended && k < buckets[i].sum.request_count; k++) {
      places[count] = &buckets[i].sum.requests[k];
      memcpy(&requests[count++], &buckets[i].sum.requests[k], sizeof(MPI_Request));
    }
  }
  int index = MPI_UNDEFINED;
  MPI_Waitany(count, requests, &index, MPI_STATUS_IGNORE);
  // The one that has ended is null now.
  if (index != MPI_UNDEFINED) memcpy(places[index], &requests[index], sizeof(MPI_Request));
  compute(waiting_pause / 2);
}

/// Returns the seconds of a step.
static double run_step(const message_transport *transport, bucket *buckets, int count, double step_seconds,
                       int is_overlapped) {
  const double start = MPI_Wtime();
  double computed = 0;
  int started = 0, ended = 0;
  while (computed < step_seconds || ended < count) {
    // Rounding must not leave a last bit of time to compute.
    while (started < count &&
           (computed >= step_seconds - 1e-9 || (is_overlapped && computed >= buckets[started].ready_seconds - 1e-9))) {
      bucket *next = &buckets[started];
      next->is_ended = 0;
      tree_sum_start(&next->sum, transport, next->values, next->count, next->received, started);
      started++;
    }
    ended = advance(transport, buckets, started);
    if (computed < step_seconds) {
      const double next = is_overlapped && started < count ? buckets[started].ready_seconds : step_seconds;
      const double slice = started == ended || next - computed < computing_pause ? next - computed : computing_pause;
      compute(slice);
      computed += slice;
    } else if (ended < count) {
      wait_for_message(buckets, started);
    }
  }
  return MPI_Wtime() - start;
}

int main(int argument_count, char **arguments) {
  if (argument_count != 5) {
    fprintf(stderr, "usage: step SCHEDULE STEP_SECONDS overlap|after ADDED_BYTES_PER_SECOND\n");
    return 64;
  }
  message_transport transport;
  if (recolor_mpi_library()->join(&transport)) {
    fprintf(stderr, "step: %s\n", transport.error(transport.context));
    return 1;
  }
  const double step_seconds = atof(arguments[2]);
  const int is_overlapped = strcmp(arguments[3], "overlap") == 0;
  added_bytes_per_second = atof(arguments[4]);
  bucket *buckets = calloc(BUCKET_LIMIT, sizeof(bucket));
  const int count = read_schedule(arguments[1], buckets);
  if (count < 0) {
    fprintf(stderr, "step: %s cannot be read\n", arguments[1]);
    return 1;
  }
  // The same memory for all hosts: nobody looks at the numbers.
  for (int i = 0; i < count; i++) {
    buckets[i].values = SMPI_SHARED_MALLOC(buckets[i].count * sizeof(float));
    buckets[i].received = SMPI_SHARED_MALLOC(tree_sum_room(buckets[i].count) * sizeof(float));
  }
  const double seconds = run_step(&transport, buckets, count, step_seconds, is_overlapped);
  if (transport.rank == 0) printf("%.9f\n", seconds);
  for (int i = 0; i < count; i++) {
    SMPI_SHARED_FREE(buckets[i].values);
    SMPI_SHARED_FREE(buckets[i].received);
  }
  free(buckets);
  return transport.leave(transport.context) ? 1 : 0;
}
