#ifndef RECOLOR_PNG_WRITER_H
#define RECOLOR_PNG_WRITER_H

#include "image_info.h"

typedef struct recolor_png_writer recolor_png_writer;

/// Begins a file of the size, color (gray or RGB), alpha and sample size in `info`, with its profile; without one the
/// file says that it is sRGB. Null, with `message` filled in, where that fails.
recolor_png_writer *recolor_png_create(
    const recolor_image_info *info, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]);

/// Writes the next `count` rows, one behind the other in `pixels`.
bool recolor_png_write(
    recolor_png_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]);

/// Ends the file once all its rows are written.
bool recolor_png_finish(recolor_png_writer *writer, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_png_abandon(recolor_png_writer *writer);

#endif
