#ifndef RECOLOR_WEBP_WRITER_H
#define RECOLOR_WEBP_WRITER_H

#include "image_info.h"

typedef struct recolor_webp_writer recolor_webp_writer;

/// Begins a file of 8-bit RGB of the size and alpha in `info`, with its profile, EXIF data and XMP packet. It is lossless
/// at a quality of 100. Returns null, with `message` set, where that fails.
///
/// The picture is held in memory until it is finished, as the coding needs it: 1.5 bytes a pixel, 2.5 with alpha, and 4 of
/// a lossless one.
recolor_webp_writer *recolor_webp_create(
    const recolor_image_info *info, int quality, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]);

/// Takes the next `count` rows, contiguous in `pixels`. Returns false, with `message` set, where that fails.
bool recolor_webp_write(
    recolor_webp_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]);

/// Writes the file after all rows are given. Returns false, with `message` set, where that fails.
bool recolor_webp_finish(recolor_webp_writer *writer, char message[RECOLOR_MESSAGE_SIZE]);

/// Frees the writer; there is no file unless it was finished.
void recolor_webp_abandon(recolor_webp_writer *writer);

#endif
