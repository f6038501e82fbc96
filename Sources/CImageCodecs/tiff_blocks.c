#include "tiff_blocks.h"

#include <stdlib.h>
#include <string.h>

/// The position of a block in the image.
typedef struct {
  uint32_t x, y, width, height;
  /// Pixels from one row of the block to the next.
  uint32_t stride;
  /// The sample of a planar block.
  uint32_t sample;
} placement;

/// Copies a block to its position.
static void place(const tiff_layout *layout, const placement *at, const uint8_t *block, uint8_t *pixels) {
  size_t size = layout->sample_size, stored = layout->is_planar ? 1 : layout->stored_samples;
  size_t kept = layout->is_planar ? 1 : layout->kept_samples;
  for (uint32_t row = 0; row < at->height; row++) {
    const uint8_t *from = block + (size_t)row * at->stride * stored * size;
    size_t pixel = (size_t)(at->y + row) * layout->width + at->x;
    uint8_t *to = pixels + (pixel * layout->kept_samples + at->sample) * size;
    if (stored == kept && kept == layout->kept_samples) {
      memcpy(to, from, at->width * kept * size);
      continue;
    }
    for (uint32_t column = 0; column < at->width; column++) {
      memcpy(to + column * layout->kept_samples * size, from + column * stored * size, kept * size);
    }
  }
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/// The reading of a file's blocks.
typedef struct {
  TIFF *tiff;
  const tiff_layout *layout;
  size_t file_size;
  bool *fills_missing;
  /// Memory for one block.
  uint8_t *block;
  uint8_t *pixels;
  /// Number of complete rows, of all samples.
  uint32_t row_count;
} reading;

/// Sets the number of complete rows where rows end before `y` in the blocks of a sample. Returns whether there are any.
static bool end_rows(reading *reading, uint32_t sample, uint32_t samples, uint32_t y) {
  reading->row_count = sample + 1 == samples ? y : 0;
  return reading->row_count > 0;
}

/// Returns whether the end of the file cuts a block.
static bool is_cut(const reading *reading, uint32_t block) {
  uint64_t offset = TIFFGetStrileOffset(reading->tiff, block), size = TIFFGetStrileByteCount(reading->tiff, block);
  return offset > reading->file_size || size > reading->file_size - offset;
}

/// Reads the first rows of a strip, of `size` bytes, that the end of the file cuts, and returns their number: 0 for
/// compressed strips.
static uint32_t read_cut_strip(reading *reading, uint32_t strip, tmsize_t size) {
  uint16_t compression = COMPRESSION_NONE;
  TIFFGetFieldDefaulted(reading->tiff, TIFFTAG_COMPRESSION, &compression);
  uint64_t offset = TIFFGetStrileOffset(reading->tiff, strip);
  if (compression != COMPRESSION_NONE || offset >= reading->file_size) return 0;
  *reading->fills_missing = true;
  bool is_read = TIFFReadEncodedStrip(reading->tiff, strip, reading->block, size) == size;
  *reading->fills_missing = false;
  return is_read ? (uint32_t)((reading->file_size - offset) / (uint64_t)TIFFScanlineSize(reading->tiff)) : 0;
}

static bool read_tiles(reading *reading, uint32_t samples) {
  const tiff_layout *layout = reading->layout;
  uint32_t width = 0, height = 0;
  TIFFGetField(reading->tiff, TIFFTAG_TILEWIDTH, &width);
  TIFFGetField(reading->tiff, TIFFTAG_TILELENGTH, &height);
  if (width == 0 || height == 0) return false;
  for (uint32_t sample = 0; sample < samples; sample++) {
    for (uint64_t y = 0; y < layout->height; y += height) {
      for (uint64_t x = 0; x < layout->width; x += width) {
        uint32_t tile = TIFFComputeTile(reading->tiff, (uint32_t)x, (uint32_t)y, 0, (uint16_t)sample);
        if (TIFFReadTile(reading->tiff, reading->block, (uint32_t)x, (uint32_t)y, 0, (uint16_t)sample) < 0) {
          return is_cut(reading, tile) && end_rows(reading, sample, samples, (uint32_t)y);
        }
        placement at = {
            (uint32_t)x, (uint32_t)y, smaller(width, layout->width - (uint32_t)x),
            smaller(height, layout->height - (uint32_t)y), width, sample};
        place(layout, &at, reading->block, reading->pixels);
      }
    }
  }
  return true;
}

static bool read_strips(reading *reading, uint32_t samples) {
  const tiff_layout *layout = reading->layout;
  uint32_t height = 0;
  TIFFGetFieldDefaulted(reading->tiff, TIFFTAG_ROWSPERSTRIP, &height);
  if (height == 0) return false;
  for (uint32_t sample = 0; sample < samples; sample++) {
    for (uint64_t y = 0; y < layout->height; y += height) {
      uint32_t rows = smaller(height, layout->height - (uint32_t)y);
      uint32_t strip = TIFFComputeStrip(reading->tiff, (uint32_t)y, (uint16_t)sample);
      tmsize_t expected = TIFFVStripSize(reading->tiff, rows);
      bool is_read = TIFFReadEncodedStrip(reading->tiff, strip, reading->block, expected) == expected;
      if (!is_read) {
        if (!is_cut(reading, strip)) return false;
        rows = smaller(rows, read_cut_strip(reading, strip, expected));
      }
      placement at = {0, (uint32_t)y, layout->width, rows, layout->width, sample};
      place(layout, &at, reading->block, reading->pixels);
      if (!is_read) return end_rows(reading, sample, samples, (uint32_t)y + rows);
    }
  }
  return true;
}

bool tiff_blocks_are_plausible(TIFF *tiff, size_t image_size, size_t file_size) {
  tmsize_t size = TIFFIsTiled(tiff) ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  return size > 0 && (size_t)size <= (image_size > file_size ? image_size : file_size) + (64u << 20);
}

bool tiff_blocks_read(
    TIFF *tiff, const tiff_layout *layout, size_t file_size, bool *fills_missing, uint8_t *pixels,
    uint32_t *row_count) {
  bool is_tiled = TIFFIsTiled(tiff);
  tmsize_t size = is_tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  // The row size must be that of the layout, or copying would read beyond the block.
  uint32_t block_width = layout->width;
  if (is_tiled) TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &block_width);
  size_t row_size = (size_t)block_width * (layout->is_planar ? 1 : layout->stored_samples) * layout->sample_size;
  if ((size_t)(is_tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff)) != row_size) return false;
  size_t image_size = (size_t)layout->width * layout->height * layout->stored_samples * layout->sample_size;
  if (!tiff_blocks_are_plausible(tiff, image_size, file_size)) return false;
  uint8_t *block = malloc((size_t)size);
  if (!block) return false;
  uint32_t samples = layout->is_planar ? layout->kept_samples : 1;
  reading reading = {tiff, layout, file_size, fills_missing, block, pixels, layout->height};
  bool is_read = (is_tiled ? read_tiles : read_strips)(&reading, samples);
  *row_count = reading.row_count;
  free(block);
  return is_read;
}
