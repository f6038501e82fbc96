// Reading the pixels of a TIFF file, whose blocks are strips (as wide as the image) or tiles.
#ifndef RECOLOR_TIFF_BLOCKS_H
#define RECOLOR_TIFF_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tiffio.h>

typedef struct {
  uint32_t width;
  uint32_t height;
  /// Number of samples per pixel in the file, and of the first ones that are kept.
  uint32_t stored_samples;
  uint32_t kept_samples;
  /// Bytes of a sample.
  uint32_t sample_size;
  /// Each sample has blocks of its own.
  bool is_planar;
} tiff_layout;

/// Returns whether no block is far larger than the image, of `image_size` bytes, or the file: a tile of a small image
/// may claim any size, and memory would be allocated for it.
bool tiff_blocks_are_plausible(TIFF *tiff, size_t image_size, size_t file_size);

/// Reads the blocks into `pixels`, `[height, width, kept_samples]`, up to the first one that the end of the file cuts,
/// and sets the number of rows that are complete. Returns false where there is none, or a block is damaged or not
/// plausible. While `*fills_missing` is true, reading behind the end of the file is to give zeros.
bool tiff_blocks_read(
    TIFF *tiff, const tiff_layout *layout, size_t file_size, bool *fills_missing, uint8_t *pixels, uint32_t *row_count);

#endif
