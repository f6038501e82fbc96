#ifndef RECOLOR_PNG_WRITER_H
#define RECOLOR_PNG_WRITER_H

#include "image_info.h"

typedef struct recolor_png_writer recolor_png_writer;

/// How the pixels of a file are compressed.
typedef struct {
  /// libdeflate's, 1 to 12: a higher level takes more time for a smaller file.
  int level;
  /// Most bytes of memory for the filtered and the compressed rows. A picture that needs more is compressed row by row,
  /// by zlib, which takes about twice the time.
  size_t memory_limit;
} recolor_png_compression;

/// Begins a file of the size, color (gray or RGB), alpha and sample size in `info`, with its profile and
/// metadata, except IPTC records; without a profile, the file is marked as sRGB. Returns null, with `message` set, where
/// that fails.
recolor_png_writer *recolor_png_create(
    const recolor_image_info *info, recolor_png_compression compression, recolor_sink sink, void *context,
    char message[RECOLOR_MESSAGE_SIZE]);

/// Writes the next `count` rows, contiguous in `pixels`. Returns false, with `message` set, where that fails.
bool recolor_png_write(
    recolor_png_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]);

/// Ends the file after all rows are written. Returns false, with `message` set, where that fails.
bool recolor_png_finish(recolor_png_writer *writer, char message[RECOLOR_MESSAGE_SIZE]);

/// Frees the writer; the file is incomplete unless it was finished.
void recolor_png_abandon(recolor_png_writer *writer);

#endif
