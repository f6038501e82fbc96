// A TIFF file that libtiff writes into memory.
#ifndef RECOLOR_TIFF_MEMORY_H
#define RECOLOR_TIFF_MEMORY_H

#include <stdint.h>
#include <tiffio.h>

typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
  size_t position;
} tiff_memory;

/// Begins a file, which is written into `memory`. `mode` is one of libtiff's for writing.
TIFF *tiff_memory_create(tiff_memory *memory, const char *mode);

/// Writes bytes at the position. Returns their number, or -1 where there is no memory.
tmsize_t tiff_memory_write(thandle_t memory, void *bytes, tmsize_t count);

#endif
