#ifndef RECOLOR_HEIF_READER_H
#define RECOLOR_HEIF_READER_H

#include "image_info.h"

typedef struct recolor_heif_reader recolor_heif_reader;

/// The coding of the pixels in a file of the High Efficiency Image File Format.
typedef enum { recolor_heif_hevc, recolor_heif_av1 } recolor_heif_coding;

/// Returns whether libheif can be loaded, which the first call does.
bool recolor_heif_is_loaded(void);

/// Returns whether libheif can be loaded and has a decoder of the coding; sets `message` where not.
bool recolor_heif_is_available(recolor_heif_coding coding, char message[RECOLOR_MESSAGE_SIZE]);

/// Reads the structure of the file and the metadata of its main image. `bytes` must outlive the reader. Returns null,
/// with `message` set, where that fails, and where libheif is missing.
///
/// The image is delivered as RGB, upright; as gray where its profile is of gray. Samples of 10 and 12 bits are delivered
/// as 16 bits.
recolor_heif_reader *recolor_heif_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]);

/// Decodes the rows into `pixels`; may be called once. Returns false, with `message` set, where that fails.
bool recolor_heif_read(
    recolor_heif_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]);

void recolor_heif_close(recolor_heif_reader *reader);

#endif
