#pragma once

// Extents of the kinds of minimal filtering, and how the elements of their domains are multiplied. `kind` is known to the
// compiler wherever these are inlined into a transform.

#include "multiversion.h"
#include "winograd.h"

VECTOR_LOOP size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Extents along one side: pixels that a tile reads and writes, weights, and elements of each in the transform domain.

VECTOR_LOOP int input_side(const enum winograd_kind kind) {
  switch (kind) {
    case winograd_tile_4x4:
    case winograd_kernel_4_image: return 6;
    case winograd_map_2x2: return 2;
    case winograd_stride_2_image: return 5;
    case winograd_stride_2_map: return 9;
    case winograd_kernel_4_map: return 10;
  }
}
VECTOR_LOOP int output_side(const enum winograd_kind kind) {
  switch (kind) {
    case winograd_tile_4x4:
    case winograd_stride_2_map:
    case winograd_kernel_4_map: return 4;
    case winograd_map_2x2: return 2;
    case winograd_stride_2_image:
    case winograd_kernel_4_image: return 8;
  }
}
VECTOR_LOOP int kernel_side(const enum winograd_kind kind) {
  return kind == winograd_kernel_4_image || kind == winograd_kernel_4_map ? 4 : 3;
}
VECTOR_LOOP int domain_side(const enum winograd_kind kind) {
  switch (kind) {
    case winograd_tile_4x4: return 6;
    case winograd_map_2x2: return 3;
    case winograd_stride_2_image:
    case winograd_stride_2_map: return 9;
    case winograd_kernel_4_image:
    case winograd_kernel_4_map: return 10;
  }
}
VECTOR_LOOP int weights_side(const enum winograd_kind kind) {
  const bool is_stride_2 = kind == winograd_stride_2_image || kind == winograd_stride_2_map;
  return is_stride_2 ? 6 : domain_side(kind);
}
VECTOR_LOOP int sums_side(const enum winograd_kind kind) {
  return kind == winograd_kernel_4_map ? 5 : domain_side(kind);
}

enum {
  WINOGRAD_MOST_SIDE = 10,
  WINOGRAD_MOST_ELEMENTS = 100,
  WINOGRAD_MOST_OUTPUTS = 64,
  WINOGRAD_MOST_TAPS = 16,
};

/// Returns the place of element (y, x) of the domain in memory. Elements that have the same weights are neighbors: with
/// 3 × 3 and stride 2, 16 of even rows and columns, 4 of even rows and each odd column, and so on.
VECTOR_LOOP int element_place(const enum winograd_kind kind, const int y, const int x) {
  if (weights_side(kind) == domain_side(kind)) return y * domain_side(kind) + x;
  if (y >= 4) return 36 + (y - 4) * 9 + x;
  return x < 4 ? y * 4 + x : 16 + (x - 4) * 4 + y;
}

/// Returns the place of sum `index`, counted by rows, in memory.
VECTOR_LOOP int sum_place(const enum winograd_kind kind, const int index) {
  const int side = sums_side(kind);
  return side == domain_side(kind) ? element_place(kind, index / side, index % side) : index;
}

/// The factor and the sum of an element of the domain, by its place in memory.
struct winograd_product {
  size_t weights, sum;
  /// Whether it is the first one with these weights, and the first one of this sum.
  bool begins_weights, begins_sum;
};

VECTOR_LOOP struct winograd_product product_of(const enum winograd_kind kind, const size_t place) {
  if (kind == winograd_kernel_4_map) {
    const size_t y = place / 10, x = place % 10;
    return (struct winograd_product){place, y % 5 * 5 + x % 5, true, y < 5 && x < 5};
  }
  if (weights_side(kind) == domain_side(kind)) return (struct winograd_product){place, place, true, true};
  if (place < 16) return (struct winograd_product){0, place, place == 0, true};
  if (place < 36) return (struct winograd_product){1 + (place - 16) / 4, place, place % 4 == 0, true};
  const size_t row = (place - 36) / 9, column = (place - 36) % 9;
  const size_t weights = (1 + row) * 6 + (column < 4 ? 0 : column - 3);
  return (struct winograd_product){weights, place, column == 0 || column >= 4, true};
}
