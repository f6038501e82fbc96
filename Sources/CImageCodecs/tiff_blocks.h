// Reading the pixels of a TIFF file, whose blocks are strips (as wide as the picture) or tiles.
#ifndef RECOLOR_TIFF_BLOCKS_H
#define RECOLOR_TIFF_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tiffio.h>

typedef struct {
  uint32_t width;
  uint32_t height;
  /// Samples of a pixel in the file, and how many of them, the first ones, are kept.
  uint32_t stored_samples;
  uint32_t kept_samples;
  /// Bytes of a sample.
  uint32_t sample_size;
  /// Each sample of all pixels has blocks of its own.
  bool is_planar;
} tiff_layout;

/// Whether no block is far larger than the picture, of `picture_size` bytes, or the file: a tile of a small picture may
/// claim any size, and memory would be taken for it.
bool tiff_blocks_are_plausible(TIFF *tiff, size_t picture_size, size_t file_size);

/// Reads all blocks into `pixels`, `[height, width, kept_samples]`. False where one cannot be read whole or is not plausible.
bool tiff_blocks_read(TIFF *tiff, const tiff_layout *layout, size_t file_size, uint8_t *pixels);

#endif
