#ifndef RECOLOR_JPEG_READER_H
#define RECOLOR_JPEG_READER_H

#include "image_info.h"

typedef struct recolor_jpeg_reader recolor_jpeg_reader;

/// Reads the segments before the pixels. `bytes` must outlive the reader. Returns null, with `message` set, where that
/// fails.
recolor_jpeg_reader *recolor_jpeg_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]);

/// Decodes the rows into `pixels`; may be called once. A file that ends early is read as far as it goes. Returns false,
/// with `message` set, where no row can be read, or the file is damaged otherwise.
bool recolor_jpeg_read(
    recolor_jpeg_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_jpeg_close(recolor_jpeg_reader *reader);

#endif
