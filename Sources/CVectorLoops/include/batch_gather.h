#pragma once

#include <stddef.h>
#include <stdint.h>

/// One image of bytes to floats and to gray: color = byte · scale + shift, gray = the mean of a pixel's three colors.
///
/// Layout: `bytes` has `pixels` pixels of three bytes, `byte_stride` bytes apart; `color` three floats and `gray` one
/// float per pixel, `color_stride` and `gray_stride` floats apart.
void vector_batch_gather(
    float *color, size_t color_stride, float *gray, size_t gray_stride, const uint8_t *bytes, size_t byte_stride,
    size_t pixels, float scale, float shift);
