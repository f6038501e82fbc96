#pragma once

// The pixels of a tile: their addresses, and the transforms of 16 channels from and to them.

#include <string.h>

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

enum {
  /// Addresses that are computed together.
  ADDRESSES = 8,
  /// Addresses of the pixels that a tile reads or writes, at most, with rows of whole vectors.
  WINOGRAD_INPUT_ADDRESSES = WINOGRAD_MOST_SIDE * 2 * ADDRESSES,
  WINOGRAD_OUTPUT_ADDRESSES = 8 * ADDRESSES,
};

typedef intptr_t addresses __attribute__((vector_size(ADDRESSES * sizeof(intptr_t))));

/// Returns the place of pixel (y, x) among the addresses of side × side pixels.
VECTOR_LOOP int address_place(const int side, const int y, const int x) {
  return y * ((side + ADDRESSES - 1) / ADDRESSES * ADDRESSES) + x;
}

/// Finds side × side pixels from (y, x) of an image on; those outside it are at `outside`. Computing addresses in vectors
/// takes 40 cycles for 36 pixels, one by one 105.
VECTOR_LOOP void find_pixels(
    const int side, const struct winograd_image *image, float *pixels, int32_t y, int32_t x, const float *outside,
    const float **found) {
  const intptr_t pixel = image->pixel_stride * (intptr_t)sizeof(float), row = image->width * pixel;
  intptr_t first = (intptr_t)pixels + y * row + x * pixel;
#pragma clang loop unroll(full)
  for (int i = 0; i < side; i++, first += row) {
    const intptr_t in_row = (uint32_t)(y + i) < (uint32_t)image->height ? -1 : 0;
#pragma clang loop unroll(full)
    for (int j = 0; j < side; j += ADDRESSES) {
      const addresses column = (addresses){0, 1, 2, 3, 4, 5, 6, 7} + j;
      const addresses inside = (column >= -(intptr_t)x) & (column < image->width - (intptr_t)x) & in_row;
      const addresses at = ((first + column * pixel) & inside) | ((intptr_t)outside & ~inside);
      memcpy(found + address_place(side, i, j), &at, sizeof at);
    }
  }
}

/// Finds the pixels that a tile reads; those in the padding point at `winograd_zeros`.
VECTOR_LOOP void find_inputs(
    const enum winograd_kind kind, const struct winograd_image *image, size_t tile, const float **pixels) {
  // The pixels of the padding that the first tile begins with.
  const int border = kind == winograd_map_2x2 || kind == winograd_stride_2_image ? 0 : 1;
  const struct winograd_place place = find_place(input_step(kind), image, tile);
  find_pixels(input_side(kind), image, place.image, place.y - border, place.x - border, winograd_zeros, pixels);
}

/// Finds the pixels of the result that belong to a tile; those outside the image are at `outside`.
VECTOR_LOOP void find_results(
    const enum winograd_kind kind, const struct winograd_image *image, size_t tile, const float *outside,
    const float **pixels) {
  const int side = output_side(kind);
  const struct winograd_place place = find_place(side, image, tile);
  find_pixels(side, image, place.image, place.y, place.x, outside, pixels);
}

/// Finds the pixels that a tile writes; NULL for those outside the image.
VECTOR_LOOP void find_outputs(
    const enum winograd_kind kind, const struct winograd_image *image, size_t tile, float **pixels) {
  find_results(kind, image, tile, NULL, (const float **)pixels);
}

/// Finds the pixels of the result's gradient; those outside the image point at `winograd_zeros`.
VECTOR_LOOP void find_gradients(
    const enum winograd_kind kind, const struct winograd_image *image, size_t tile, const float **pixels) {
  find_results(kind, image, tile, winograd_zeros, pixels);
}

/// Returns the place among the addresses of a pixel of the result, counted row by row.
VECTOR_LOOP int output_place(const enum winograd_kind kind, const int index) {
  const int side = output_side(kind);
  return address_place(side, index / side, index % side);
}

// From and to the pixels of a tile. Pixels lie apart, so that the processor does not prefetch them by itself: prefetching
// those of the next tile while one is transformed makes the passes over 32 × 32 maps up to a third faster.

/// Hides a variable's value from the compiler. Otherwise it advances the address of each element from tile to tile, in
/// memory, as there are more of them than registers: a gradient's tile of 16 channels took 360 cycles instead of 110.
#define HIDE(variable) __asm__("" : "+r"(variable))

/// Transforms 16 channels of a tile's pixels to elements that are `element_stride` floats apart, and prefetches the next
/// tile's but for its first columns, which both tiles share.
///
/// Pixels are loaded where they are needed, and elements stored where they are computed: with all loads first and all
/// stores last, more values live at a time than there are registers, and the transform alone, at stride 1, took 180
/// cycles instead of 97.
VECTOR_LOOP void transform_input_tile(
    const enum winograd_kind kind, const float *const *pixels, const float *const *next, size_t channel, float *to,
    size_t element_stride) {
  const int side = input_side(kind), domain = domain_side(kind), shared = side - input_step(kind);
  HIDE(to);
  HIDE(element_stride);
  float16 half[WINOGRAD_MOST_ELEMENTS];
#pragma clang loop unroll(full)
  for (int x = 0; x < side; x++) {
    float16 column[WINOGRAD_MOST_SIDE];
#pragma clang loop unroll(full)
    for (int y = 0; y < side; y++) {
      column[y] = load16(pixels[address_place(side, y, x)] + channel);
      if (x >= shared) __builtin_prefetch(next[address_place(side, y, x)] + channel);
    }
    input_1d(kind, column, 1, half + x, side);
  }
#pragma clang loop unroll(full)
  for (int y = 0; y < domain; y++) {
    float16 row[WINOGRAD_MOST_SIDE];
    input_1d(kind, half + y * side, 1, row, 1);
#pragma clang loop unroll(full)
    for (int x = 0; x < domain; x++) store16(to + (size_t)element_place(kind, y, x) * element_stride, row[x]);
  }
}

/// Returns the sum of a power of two of vectors.
VECTOR_LOOP float16 sum_of(const float16 *y, const int count) {
  float16 sum[WINOGRAD_MOST_OUTPUTS];
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++) sum[i] = y[i];
#pragma clang loop unroll(full)
  for (int half = count / 2; half > 0; half /= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i < half; i++) sum[i] += sum[i + half];
  return sum[0];
}

/// Transforms 16 channels of a tile of the result's gradient to elements that are `element_stride` floats apart,
/// prefetches the next tile, and returns the sum of the pixels.
VECTOR_LOOP float16 transform_gradient_tile(
    const enum winograd_kind kind, const float *const *pixels, const float *const *next, size_t channel, float *to,
    size_t element_stride) {
  const int side = output_side(kind), domain = sums_side(kind);
  HIDE(to);
  HIDE(element_stride);
  float16 all[WINOGRAD_MOST_OUTPUTS], half[WINOGRAD_MOST_ELEMENTS];
#pragma clang loop unroll(full)
  for (int x = 0; x < side; x++) {
    float16 column[WINOGRAD_MOST_SIDE];
#pragma clang loop unroll(full)
    for (int y = 0; y < side; y++) {
      const int place = address_place(side, y, x);
      column[y] = all[y * side + x] = load16(pixels[place] + channel);
      __builtin_prefetch(next[place] + channel);
    }
    output_gradient_1d(kind, column, 1, half + x, side);
  }
#pragma clang loop unroll(full)
  for (int y = 0; y < domain; y++) {
    float16 row[WINOGRAD_MOST_SIDE];
    output_gradient_1d(kind, half + y * side, 1, row, 1);
#pragma clang loop unroll(full)
    for (int x = 0; x < domain; x++) store16(to + (size_t)sum_place(kind, y * domain + x) * element_stride, row[x]);
  }
  return sum_of(all, side * side);
}

/// Transforms 16 channels of a tile's sums, `element_stride` floats apart, to its pixels: adds `start`, returns them in
/// `y`, writes the first `count` channels of those inside the image, and prefetches the next tile's.
VECTOR_LOOP void transform_output_tile(
    const enum winograd_kind kind, const float *from, size_t element_stride, float16 start, float *const *pixels,
    float *const *next, size_t channel, size_t count, float16 *y) {
  const int side = output_side(kind), domain = sums_side(kind);
  HIDE(from);
  HIDE(element_stride);
  float16 half[WINOGRAD_MOST_ELEMENTS];
#pragma clang loop unroll(full)
  for (int x = 0; x < domain; x++) {
    float16 column[WINOGRAD_MOST_SIDE];
#pragma clang loop unroll(full)
    for (int i = 0; i < domain; i++)
      column[i] = load16(from + (size_t)sum_place(kind, i * domain + x) * element_stride);
    output_1d(kind, column, 1, half + x, domain);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < side; i++) {
    float16 row[WINOGRAD_MOST_SIDE];
    output_1d(kind, half + i * domain, 1, row, 1);
#pragma clang loop unroll(full)
    for (int x = 0; x < side; x++) {
      const int place = address_place(side, i, x);
      const float *ahead = next[place];
      __builtin_prefetch(ahead ? ahead + channel : winograd_zeros, 1);
      y[i * side + x] = row[x] + start;
      float *to = pixels[place];
      if (!to) continue;
      to += channel;
      if (count == 16)
        store16(to, y[i * side + x]);
      else
        for (size_t k = 0; k < count; k++) to[k] = y[i * side + x][k];
    }
  }
}
