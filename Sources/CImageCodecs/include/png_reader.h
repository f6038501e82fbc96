#ifndef RECOLOR_PNG_READER_H
#define RECOLOR_PNG_READER_H

#include "image_info.h"

typedef struct recolor_png_reader recolor_png_reader;

/// Reads the chunks before the pixels. `bytes` must outlive the reader. Returns null, with `message` set, where that
/// fails.
recolor_png_reader *recolor_png_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]);

/// Decodes the rows into `pixels`; may be called once. A file that ends early is read as far as it goes. Returns false,
/// with `message` set, where no row can be read, or the file is damaged otherwise.
bool recolor_png_read(
    recolor_png_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_png_close(recolor_png_reader *reader);

#endif
