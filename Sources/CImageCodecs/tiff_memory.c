#include "tiff_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tmsize_t take(thandle_t handle, void *bytes, tmsize_t count) {
  tiff_memory *memory = handle;
  size_t rest = memory->position < memory->count ? memory->count - memory->position : 0;
  size_t taken = (size_t)count < rest ? (size_t)count : rest;
  if (taken > 0) memcpy(bytes, memory->bytes + memory->position, taken);
  if (memory->fills_missing) {
    memset((uint8_t *)bytes + taken, 0, (size_t)count - taken);
    taken = (size_t)count;
  }
  memory->position += taken;
  return (tmsize_t)taken;
}

tmsize_t tiff_memory_write(thandle_t handle, void *bytes, tmsize_t count) {
  tiff_memory *memory = handle;
  size_t end = memory->position + (size_t)count;
  if (end > memory->capacity) {
    size_t capacity = end + end / 2 + (1 << 16);
    uint8_t *larger = realloc(memory->bytes, capacity);
    if (!larger) return -1;
    memory->bytes = larger;
    memory->capacity = capacity;
  }
  // The library may go beyond the end before it writes, to an even place.
  if (memory->position > memory->count) {
    memset(memory->bytes + memory->count, 0, memory->position - memory->count);
  }
  memcpy(memory->bytes + memory->position, bytes, (size_t)count);
  memory->position = end;
  if (end > memory->count) memory->count = end;
  return count;
}

static tmsize_t refuse(thandle_t handle, void *bytes, tmsize_t count) {
  (void)handle, (void)bytes, (void)count;
  return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int origin) {
  tiff_memory *memory = handle;
  size_t base = origin == SEEK_CUR ? memory->position : origin == SEEK_END ? memory->count : 0;
  memory->position = base + (size_t)offset;
  return memory->position;
}

static int leave(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size(thandle_t handle) { return ((tiff_memory *)handle)->count; }

TIFF *tiff_memory_open(tiff_memory *memory) {
  // m: no memory mapping, because the file is in memory.
  return TIFFClientOpen("TIFF", "rm", memory, take, refuse, seek, leave, size, NULL, NULL);
}

TIFF *tiff_memory_create(tiff_memory *memory, const char *mode) {
  return TIFFClientOpen("TIFF", mode, memory, take, tiff_memory_write, seek, leave, size, NULL, NULL);
}
