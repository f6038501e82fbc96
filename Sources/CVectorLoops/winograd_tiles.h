#pragma once

// The addresses of a tile's pixels.

#include "winograd.h"
#include "winograd_transform.h"

/// A pixel of the padding: zeros for the largest number of channels.
static const float winograd_zeros[WINOGRAD_MOST_CHANNELS];

/// First pixel of the tile's image, and the tile's place in it.
struct winograd_place {
  float *image;
  int32_t y, x;
};

/// Returns the place of a tile in an image of which each tile has `step` × `step` pixels of its own.
VECTOR_LOOP struct winograd_place find_place(const int32_t step, const struct winograd_image *image, size_t tile) {
  const uint32_t across = ((uint32_t)image->width + (uint32_t)step - 1) / (uint32_t)step;
  const uint32_t down = ((uint32_t)image->height + (uint32_t)step - 1) / (uint32_t)step;
  const uint32_t index = (uint32_t)(tile / (across * down)), inside = (uint32_t)(tile % (across * down));
  return (struct winograd_place){
      image->pixels + (ptrdiff_t)index * image->height * image->width * image->pixel_stride,
      (int32_t)(inside / across) * step, (int32_t)(inside % across) * step};
}

/// Returns the distance of the first pixels of neighboring tiles, along one side of the source.
VECTOR_LOOP int input_step(const enum winograd_kind kind) {
  switch (kind) {
    case winograd_tile_4x4:
    case winograd_stride_2_image:
    case winograd_kernel_4_image: return 4;
    case winograd_map_2x2: return 2;
    case winograd_stride_2_map:
    case winograd_kernel_4_map: return 8;
  }
}

/// Finds the pixels that a tile reads, row by row; those in the padding point at `winograd_zeros`.
VECTOR_LOOP void find_inputs(
    const enum winograd_kind kind, const struct winograd_image *image, size_t tile, const float **pixels) {
  const int side = input_side(kind);
  // The pixels of the padding that the first tile begins with.
  const int border = kind == winograd_map_2x2 || kind == winograd_stride_2_image ? 0 : 1;
  const struct winograd_place place = find_place(input_step(kind), image, tile);
#pragma clang loop unroll(full)
  for (int i = 0; i < side; i++) {
    const int32_t y = place.y + i - border;
    const bool inside = (uint32_t)y < (uint32_t)image->height;
    const float *row = place.image + (ptrdiff_t)y * image->width * image->pixel_stride;
#pragma clang loop unroll(full)
    for (int j = 0; j < side; j++) {
      const int32_t x = place.x + j - border;
      pixels[i * side + j] =
          inside && (uint32_t)x < (uint32_t)image->width ? row + (ptrdiff_t)x * image->pixel_stride : winograd_zeros;
    }
  }
}

/// Finds the pixels that a tile writes, row by row; NULL for those outside the image.
VECTOR_LOOP void find_outputs(
    const enum winograd_kind kind, const struct winograd_image *image, size_t tile, float **pixels) {
  const int side = output_side(kind);
  const struct winograd_place place = find_place(side, image, tile);
#pragma clang loop unroll(full)
  for (int i = 0; i < side; i++) {
    float *row = place.image + (ptrdiff_t)(place.y + i) * image->width * image->pixel_stride;
#pragma clang loop unroll(full)
    for (int j = 0; j < side; j++)
      pixels[i * side + j] = place.y + i < image->height && place.x + j < image->width
                                 ? row + (ptrdiff_t)(place.x + j) * image->pixel_stride
                                 : NULL;
  }
}

// Pixels lie apart, so that the processor does not prefetch them by itself. Prefetching those of the next tile while
// one is worked on makes the passes over 32 × 32 maps up to a third faster.

/// Prefetches 16 channels of a tile's pixels. A tile shares its first columns with the one before.
VECTOR_LOOP void prefetch_inputs(const enum winograd_kind kind, const float *const *pixels, size_t channel) {
  const int side = input_side(kind), shared = side - input_step(kind);
#pragma clang loop unroll(full)
  for (int i = 0; i < side; i++)
#pragma clang loop unroll(full)
    for (int j = shared; j < side; j++) __builtin_prefetch(pixels[i * side + j] + channel);
}

/// Prefetches 16 channels of a tile's pixels, to be read or written.
VECTOR_LOOP void prefetch_outputs(
    const enum winograd_kind kind, float *const *pixels, size_t channel, const bool to_write) {
  const int side = output_side(kind);
#pragma clang loop unroll(full)
  for (int i = 0; i < side * side; i++) {
    const float *pixel = pixels[i] ? pixels[i] + channel : winograd_zeros;
    if (to_write)
      __builtin_prefetch(pixel, 1);
    else
      __builtin_prefetch(pixel);
  }
}
