#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// An image of bytes: `rows` rows of `columns` pixels of three bytes, `stride` bytes apart, to be read as it is or with left
/// and right exchanged.
struct vector_image {
  const uint8_t *bytes;
  size_t stride, rows, columns;
  bool flipped;
};

/// One image of bytes to floats and to gray: color = byte · scale + shift, gray = the mean of a pixel's three colors.
///
/// Layout: `color` has three floats and `gray` one float per pixel, `color_stride` and `gray_stride` floats apart.
void vector_batch_gather(
    float *color, size_t color_stride, float *gray, size_t gray_stride, struct vector_image image, float scale,
    float shift);

/// One image of bytes in sRGB to CIELAB (D65): color = (a*, b*) · color_scale, gray = L* · gray_scale + shift.
///
/// Layout: `color` has two floats and `gray` one float per pixel, `color_stride` and `gray_stride` floats apart.
void vector_batch_gather_lab(
    float *color, size_t color_stride, float *gray, size_t gray_stride, struct vector_image image, float color_scale,
    float gray_scale, float shift);
