#pragma once

// Where a tile's pixels are.

#include "winograd.h"
#include "winograd_transform.h"

/// What pixels in the padding point at, for as many channels as there may be.
static const float winograd_zeros[WINOGRAD_MOST_CHANNELS];

/// Pixels that a tile reads, row by row; those in the padding point at zeros.
VECTOR_LOOP void find_source(
    const enum winograd_kind kind, const struct winograd_image *image, size_t tile, const float **pixels) {
  const int side = source_side(kind);
  const int32_t across = kind == winograd_tile_4x4 ? (image->width + 3) / 4 : 1;
  const int32_t down = kind == winograd_tile_4x4 ? (image->height + 3) / 4 : 1;
  const int32_t inside = (int32_t)(tile % (size_t)(across * down));
  const int32_t top = kind == winograd_tile_4x4 ? inside / across * 4 - 1 : 0;
  const int32_t left = kind == winograd_tile_4x4 ? inside % across * 4 - 1 : 0;
  const ptrdiff_t first = (ptrdiff_t)(tile / (size_t)(across * down)) * image->height * image->width;
  for (int32_t i = 0; i < side; i++) {
    for (int32_t j = 0; j < side; j++) {
      const int32_t y = top + i, x = left + j;
      const bool in_image = (uint32_t)y < (uint32_t)image->height && (uint32_t)x < (uint32_t)image->width;
      pixels[i * side + j] =
          in_image ? image->pixels + (first + y * image->width + x) * image->pixel_stride : winograd_zeros;
    }
  }
}

/// Pixels that a tile writes, row by row; NULL for those outside the image.
VECTOR_LOOP void find_target(
    const enum winograd_kind kind, const struct winograd_image *image, size_t tile, float **pixels) {
  const int side = target_side(kind);
  const int32_t across = kind == winograd_tile_4x4 ? (image->width + 3) / 4 : 1;
  const int32_t down = kind == winograd_tile_4x4 ? (image->height + 3) / 4 : 1;
  const int32_t inside = (int32_t)(tile % (size_t)(across * down));
  const ptrdiff_t first = (ptrdiff_t)(tile / (size_t)(across * down)) * image->height * image->width;
  for (int32_t i = 0; i < side; i++) {
    for (int32_t j = 0; j < side; j++) {
      const int32_t y = inside / across * side + i, x = inside % across * side + j;
      pixels[i * side + j] = y < image->height && x < image->width
                                 ? image->pixels + (first + y * image->width + x) * image->pixel_stride
                                 : NULL;
    }
  }
}
