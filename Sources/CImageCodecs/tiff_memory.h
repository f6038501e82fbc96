// A TIFF file in memory, which libtiff reads or writes.
#ifndef RECOLOR_TIFF_MEMORY_H
#define RECOLOR_TIFF_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <tiffio.h>

typedef struct {
  /// Not changed where the file is read.
  uint8_t *bytes;
  size_t count;
  size_t position;
  /// Bytes that there is room for; of a file that is written.
  size_t capacity;
  /// Reading behind the end of the file gives zeros.
  bool fills_missing;
} tiff_memory;

/// Opens the file in `memory` for reading.
TIFF *tiff_memory_open(tiff_memory *memory);

/// Begins a file, which is written into `memory`. `mode` is one of libtiff's for writing.
TIFF *tiff_memory_create(tiff_memory *memory, const char *mode);

/// Writes bytes at the position. Returns their number, or -1 where there is no memory.
tmsize_t tiff_memory_write(thandle_t memory, void *bytes, tmsize_t count);

#endif
