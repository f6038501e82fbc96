#ifndef RECOLOR_JPEG_WRITER_H
#define RECOLOR_JPEG_WRITER_H

#include "image_info.h"

typedef struct recolor_jpeg_writer recolor_jpeg_writer;

/// Begins a file of 8-bit RGB of the size in `info`, with its profile and metadata, of which IPTC records
/// are those in Photoshop's resources. Returns null, with `message` set, where that fails.
recolor_jpeg_writer *recolor_jpeg_create(
    const recolor_image_info *info, int quality, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]);

/// Writes the next `count` rows, contiguous in `pixels`. Returns false, with `message` set, where that fails.
bool recolor_jpeg_write(
    recolor_jpeg_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]);

/// Ends the file after all rows are written. Returns false, with `message` set, where that fails.
bool recolor_jpeg_finish(recolor_jpeg_writer *writer, char message[RECOLOR_MESSAGE_SIZE]);

/// Frees the writer; the file is incomplete unless it was finished.
void recolor_jpeg_abandon(recolor_jpeg_writer *writer);

#endif
