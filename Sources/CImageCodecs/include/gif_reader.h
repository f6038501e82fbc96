#ifndef RECOLOR_GIF_READER_H
#define RECOLOR_GIF_READER_H

#include "image_info.h"

typedef struct recolor_gif_reader recolor_gif_reader;

/// Reads the structure of the file. `bytes` must outlive the reader. Returns null, with `message` set, where that fails.
///
/// The image is the first one on the logical screen, as RGB, with alpha where it has a transparent color or leaves a part
/// of the screen free. The screen is enlarged where the image reaches beyond it.
recolor_gif_reader *recolor_gif_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]);

/// Decodes the rows into `pixels`; may be called once. A file that ends early is read as far as it goes. Returns false,
/// with `message` set, where no row can be read, or the file is damaged otherwise.
bool recolor_gif_read(
    recolor_gif_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_gif_close(recolor_gif_reader *reader);

#endif
