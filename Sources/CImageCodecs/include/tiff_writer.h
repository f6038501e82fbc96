#ifndef RECOLOR_TIFF_WRITER_H
#define RECOLOR_TIFF_WRITER_H

#include "image_info.h"

typedef struct recolor_tiff_writer recolor_tiff_writer;

/// Begins a file of RGB of the size, alpha and sample size in `info`, with its profile and metadata. The first directory
/// of the EXIF data must begin at byte 8, and hold the descriptions and the directories of the exposure and the place,
/// since the offsets in the latter become those of the file. Returns null, with `message` set, where that fails, and
/// where the file could have more than 4 GiB.
///
/// The file is held in memory until it is finished: its beginning states where its end is.
recolor_tiff_writer *recolor_tiff_create(
    const recolor_image_info *info, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]);

/// Writes the next `count` rows, contiguous in `pixels`. Returns false, with `message` set, where that fails.
bool recolor_tiff_write(
    recolor_tiff_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]);

/// Ends the file after all rows are written. Returns false, with `message` set, where that fails.
bool recolor_tiff_finish(recolor_tiff_writer *writer, char message[RECOLOR_MESSAGE_SIZE]);

/// Frees the writer; the file is incomplete unless it was finished.
void recolor_tiff_abandon(recolor_tiff_writer *writer);

#endif
