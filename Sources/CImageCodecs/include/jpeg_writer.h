#ifndef RECOLOR_JPEG_WRITER_H
#define RECOLOR_JPEG_WRITER_H

#include "image_info.h"

typedef struct recolor_jpeg_writer recolor_jpeg_writer;

/// Begins a file of the size in `info`, 8-bit RGB, with its profile. Null, with `message` filled in, where that fails.
recolor_jpeg_writer *recolor_jpeg_create(
    const recolor_image_info *info, int quality, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]);

/// Writes the next `count` rows, one behind the other in `pixels`.
bool recolor_jpeg_write(
    recolor_jpeg_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]);

/// Ends the file once all its rows are written.
bool recolor_jpeg_finish(recolor_jpeg_writer *writer, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_jpeg_abandon(recolor_jpeg_writer *writer);

#endif
