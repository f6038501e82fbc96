// The transport of messages by MPI, for librecolor-mpi.so: `make mpi` compiles it by the mpicc of the MPI that is to
// carry the messages.
#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi_library.h"

_Static_assert(sizeof(MPI_Request) <= sizeof(message_request), "a request of MPI fits into one of ours");

/// The support of threads that MPI must give: one thread of a process makes all its calls. Simulated processes have no
/// others.
#ifndef THREAD_LEVEL
#define THREAD_LEVEL MPI_THREAD_FUNNELED
#endif

/// At most this many requests are tested at a time.
#define REQUEST_LIMIT 4096

/// MPI has one state in a process.
static char reason[MPI_MAX_ERROR_STRING + 64];

/// Keeps the reason of a failed call. Returns `status`.
static int check(int status, const char *call) {
  if (status == MPI_SUCCESS) return 0;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  if (MPI_Error_string(status, text, &length) != MPI_SUCCESS) snprintf(text, sizeof text, "error %d", status);
  for (char *c = text; *c; c++)
    if (*c == '\n') *c = ' ';
  snprintf(reason, sizeof reason, "%s: %s", call, text);
  return status;
}

/// Keeps a reason of this file's own.
static int refuse(const char *text) {
  snprintf(reason, sizeof reason, "%s", text);
  return -1;
}

static const char *error(void *context) {
  (void)context;
  return reason;
}

static message_request packed(MPI_Request request) {
  message_request result = 0;
  memcpy(&result, &request, sizeof request);
  return result;
}

static MPI_Request unpacked(message_request request) {
  MPI_Request result;
  memcpy(&result, &request, sizeof result);
  return result;
}

static int send(void *context, const void *bytes, size_t size, int peer, int tag, message_request *request) {
  (void)context;
  if (size > INT_MAX) return refuse("MPI_Isend: a message has 2 GiB at most");
  MPI_Request started = MPI_REQUEST_NULL;
  const int status = MPI_Isend(bytes, (int)size, MPI_BYTE, peer, tag, MPI_COMM_WORLD, &started);
  *request = packed(started);
  return check(status, "MPI_Isend");
}

static int receive(void *context, void *bytes, size_t size, int peer, int tag, message_request *request) {
  (void)context;
  if (size > INT_MAX) return refuse("MPI_Irecv: a message has 2 GiB at most");
  MPI_Request started = MPI_REQUEST_NULL;
  const int status = MPI_Irecv(bytes, (int)size, MPI_BYTE, peer, tag, MPI_COMM_WORLD, &started);
  *request = packed(started);
  return check(status, "MPI_Irecv");
}

static int broadcast(void *context, void *bytes, size_t size, int root, message_request *request) {
  (void)context;
  if (size > INT_MAX) return refuse("MPI_Ibcast: a message has 2 GiB at most");
  MPI_Request started = MPI_REQUEST_NULL;
  const int status = MPI_Ibcast(bytes, (int)size, MPI_BYTE, root, MPI_COMM_WORLD, &started);
  *request = packed(started);
  return check(status, "MPI_Ibcast");
}

static int all_gather(void *context, const void *bytes, void *all, size_t size, message_request *request) {
  (void)context;
  if (size > INT_MAX) return refuse("MPI_Iallgather: a message has 2 GiB at most");
  MPI_Request started = MPI_REQUEST_NULL;
  const int status =
      MPI_Iallgather(bytes, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, MPI_COMM_WORLD, &started);
  *request = packed(started);
  return check(status, "MPI_Iallgather");
}

static int test(void *context, int count, message_request *requests, int *is_done) {
  (void)context;
  if (count > REQUEST_LIMIT) return refuse("MPI_Testall: too many messages at a time");
  MPI_Request started[REQUEST_LIMIT];
  // Nobody reads them, but compilers take MPICH's constant for "none" for an array that is too short.
  MPI_Status statuses[REQUEST_LIMIT];
  for (int i = 0; i < count; i++) started[i] = unpacked(requests[i]);
  const int status = MPI_Testall(count, started, is_done, statuses);
  for (int i = 0; i < count; i++) requests[i] = packed(started[i]);
  return check(status, "MPI_Testall");
}

static int leave(void *context) {
  (void)context;
  return check(MPI_Finalize(), "MPI_Finalize");
}

static void end_all(void *context, int exit_code) {
  (void)context;
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  abort();
}

/// Finds the lowest rank of those on this machine.
static int find_host(message_transport *transport) {
  MPI_Comm machine = MPI_COMM_NULL;
  transport->host = transport->rank;
  int status = check(
      MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, transport->rank, MPI_INFO_NULL, &machine),
      "MPI_Comm_split_type");
  if (!status) status = check(MPI_Bcast(&transport->host, 1, MPI_INT, 0, machine), "MPI_Bcast");
  if (!status) status = check(MPI_Comm_free(&machine), "MPI_Comm_free");
  return status;
}

static int join(message_transport *transport) {
  *transport = (message_transport){
      .send = send, .receive = receive, .broadcast = broadcast, .all_gather = all_gather, .test = test, .error = error,
      .leave = leave, .abort = end_all};
  int level = MPI_THREAD_SINGLE;
  int status = check(MPI_Init_thread(NULL, NULL, THREAD_LEVEL, &level), "MPI_Init_thread");
  if (status) return status;
  if (level < THREAD_LEVEL) return refuse("this MPI does not let a program have threads");
  // Failures are results, not the end of the process.
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  status = check(MPI_Comm_rank(MPI_COMM_WORLD, &transport->rank), "MPI_Comm_rank");
  if (!status) status = check(MPI_Comm_size(MPI_COMM_WORLD, &transport->count), "MPI_Comm_size");
  return status ? status : find_host(transport);
}

static const char *name(void) {
  static char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) return "an MPI without a name";
  return text;
}

const mpi_library *recolor_mpi_library(void) {
  static const mpi_library library = {MPI_LIBRARY_LAYOUT, name, join};
  return &library;
}
