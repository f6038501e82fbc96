#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

/// An image of bytes: `rows` rows of `columns` pixels of three bytes, `stride` bytes apart, read as it is or flipped
/// horizontally.
struct vector_byte_image {
  const uint8_t *bytes;
  size_t stride, rows, columns;
  bool flipped;
};

/// color = byte · scale + shift, gray = the mean of a pixel's three colors. A row of `color` and `gray` is a pixel, of
/// three floats and of one.
void vector_batch_gather(
    struct vector_rows color, struct vector_rows gray, struct vector_byte_image image, float scale, float shift);

/// From sRGB to CIELAB (D65): color = (a*, b*) · color_scale, gray = L* · gray_scale + shift. A row of `color` and
/// `gray` is a pixel, of two floats and of one.
void vector_batch_gather_lab(
    struct vector_rows color, struct vector_rows gray, struct vector_byte_image image, float color_scale,
    float gray_scale, float shift);
