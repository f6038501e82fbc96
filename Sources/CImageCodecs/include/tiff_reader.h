#ifndef RECOLOR_TIFF_READER_H
#define RECOLOR_TIFF_READER_H

#include "image_info.h"

typedef struct recolor_tiff_reader recolor_tiff_reader;

/// Reads the first directory. `bytes` must outlive the reader. Returns null, with `message` set, where that fails.
///
/// Gray, RGB and CMYK of 8 or 16 bits are delivered as stored; palettes, other depths and other color spaces are
/// converted to 8-bit RGB by libtiff, with alpha where there is one. The orientation is not applied.
recolor_tiff_reader *recolor_tiff_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]);

/// Decodes the rows into `pixels`; may be called once. A file that ends early is read as far as it goes. Returns false,
/// with `message` set, where no row can be read, or the file is damaged otherwise.
bool recolor_tiff_read(
    recolor_tiff_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_tiff_close(recolor_tiff_reader *reader);

#endif
