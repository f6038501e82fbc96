#ifndef RECOLOR_TIFF_READER_H
#define RECOLOR_TIFF_READER_H

#include "image_info.h"

typedef struct recolor_tiff_reader recolor_tiff_reader;

/// Reads the first directory. `bytes` must outlive the reader. Returns null, with `message` set, where that fails.
///
/// Gray, RGB and CMYK of 8 or 16 bits are delivered as stored; palettes, other depths and other color spaces are
/// converted to 8-bit RGB with alpha by libtiff. The orientation is not applied.
recolor_tiff_reader *recolor_tiff_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]);

/// Decodes all rows into `pixels`; may be called once. Returns false, with `message` set, where that fails.
bool recolor_tiff_read(recolor_tiff_reader *reader, uint8_t *pixels, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_tiff_close(recolor_tiff_reader *reader);

#endif
