#pragma once

#include "message_transport.h"

/// The layout of `mpi_library` and `message_transport`. A change of them is another number.
#define MPI_LIBRARY_LAYOUT 1

/// The functions that librecolor-mpi.so offers. It is compiled from `Sources/MPITransport` against one MPI, whose types have sizes and
/// values of its own, and loaded at run time; the program itself knows no MPI.
typedef struct mpi_library {
  int layout;
  /// The name and version of MPI, as it reports them; may have several lines. Needs no `join`.
  const char *(*name)(void);
  /// Initializes MPI and fills in `transport`. The calling thread is the one that calls all its functions. Returns 0, or
  /// another number where it fails; then only the transport's `error` may be called.
  int (*join)(message_transport *transport);
} mpi_library;

/// The type of `recolor_mpi_library`, which librecolor-mpi.so exports.
typedef const mpi_library *(*mpi_library_function)(void);
