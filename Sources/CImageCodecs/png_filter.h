#ifndef RECOLOR_PNG_FILTER_H
#define RECOLOR_PNG_FILTER_H

#include <stddef.h>
#include <stdint.h>

/// Filters a row of `count` bytes as libpng does by default: by Sub, Up, Average or Paeth, whichever gives the least sum
/// of absolute values (PNG, 12.7). libpng's own loops are not vectorized, and take longer than the compression.
/// - `above`: the row above; zeros for the first.
/// - `pixel_size`: bytes of a pixel.
/// - `filtered`: 1 + `count` bytes, the filter's number before the row.
/// - `scratch`: `count` bytes.
void recolor_png_filter(
    const uint8_t *row, const uint8_t *above, size_t count, size_t pixel_size, uint8_t *filtered, uint8_t *scratch);

#endif
