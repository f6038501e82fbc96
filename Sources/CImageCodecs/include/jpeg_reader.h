#ifndef RECOLOR_JPEG_READER_H
#define RECOLOR_JPEG_READER_H

#include "image_info.h"

typedef struct recolor_jpeg_reader recolor_jpeg_reader;

/// Reads the segments before the pixels. `bytes` must outlive the reader. Returns null, with `message` set, where that
/// fails.
recolor_jpeg_reader *recolor_jpeg_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]);

/// Decodes all rows into `pixels`; may be called once. Returns false, with `message` set, where that fails.
bool recolor_jpeg_read(recolor_jpeg_reader *reader, uint8_t *pixels, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_jpeg_close(recolor_jpeg_reader *reader);

#endif
