#include <math.h>

#include "batch_gather.h"
#include "vector_math.h"

// sRGB (IEC 61966-2-1) to CIELAB (CIE 15:2004), white point D65, 2° observer. The matrix and the white point are those
// of Imaging/CIELAB.swift. The curve has CIE's exact constants of 2004, where CIELAB.swift follows scikit-image in the
// rounded ones of 1976; they differ by less than 1e-4 of L*.

/// Linear light of each byte, filled at load time, when there is one thread.
static float linear_of_byte[256];

__attribute__((constructor)) static void fill_linear_of_byte(void) {
  for (int byte = 0; byte < 256; byte++) {
    double encoded = byte / 255.0;
    linear_of_byte[byte] = (float)(encoded > 0.04045 ? pow((encoded + 0.055) / 1.055, 2.4) : encoded / 12.92);
  }
}

/// The cube root of numbers from 0.008 on. Division of the exponent by 3 gives it to 4 %; each of Newton's steps
/// squares the error.
VECTOR_LOOP vector_float16 cube_root(vector_float16 x) {
  vector_int16 bits = (vector_int16)x;
  vector_float16 y = (vector_float16)(__builtin_convertvector(
      __builtin_convertvector(bits, vector_float16) * (1.0f / 3.0f), vector_int16) + 709921077);
  for (int step = 0; step < 3; step++) y = y - (y - x / (y * y)) * (1.0f / 3.0f);
  return y;
}

/// The cube root, and a straight line below (6/29)³.
VECTOR_LOOP vector_float16 lab_curve(vector_float16 x) {
  vector_float16 threshold = vector_broadcast(216.0f / 24389.0f);
  vector_float16 root = cube_root(vector_maximum(x, threshold));
  return vector_select(x > threshold, root, x * (24389.0f / 27.0f / 116.0f) + 16.0f / 116.0f);
}

VECTOR_LOOP void gather_lab(
    struct vector_rows color_pixels, struct vector_rows gray_pixels, struct vector_byte_image image, float color_scale,
    float gray_scale, float shift) {
  float *restrict color = color_pixels.start, *restrict gray = gray_pixels.start;
  ptrdiff_t step = image.flipped ? -(ptrdiff_t)image.stride : (ptrdiff_t)image.stride;
  for (size_t row = 0; row < image.rows; row++) {
    const uint8_t *from =
        image.bytes + (row * image.columns + (image.flipped ? image.columns - 1 : 0)) * image.stride;
    for (size_t column = 0; column < image.columns; column += 16) {
      size_t count = image.columns - column < 16 ? image.columns - column : 16;
      float channels[3][16] = {{0}};
      for (size_t i = 0; i < count; i++, from += step)
        for (int c = 0; c < 3; c++) channels[c][i] = linear_of_byte[from[c]];
      vector_float16 red = vector_load(channels[0], 16);
      vector_float16 green = vector_load(channels[1], 16);
      vector_float16 blue = vector_load(channels[2], 16);
      vector_float16 fx = lab_curve((red * 0.412453f + green * 0.357580f + blue * 0.180423f) * (1.0f / 0.95047f));
      vector_float16 fy = lab_curve(red * 0.212671f + green * 0.715160f + blue * 0.072169f);
      vector_float16 fz = lab_curve((red * 0.019334f + green * 0.119193f + blue * 0.950227f) * (1.0f / 1.08883f));
      vector_store(channels[0], (fy * 116.0f - 16.0f) * gray_scale + shift, 16);
      vector_store(channels[1], (fx - fy) * (500.0f * color_scale), 16);
      vector_store(channels[2], (fy - fz) * (200.0f * color_scale), 16);
      for (size_t i = 0; i < count; i++, color += color_pixels.stride, gray += gray_pixels.stride) {
        gray[0] = channels[0][i];
        color[0] = channels[1][i];
        color[1] = channels[2][i];
      }
    }
  }
}

MULTIVERSION(
    vector_batch_gather_lab, gather_lab,
    (struct vector_rows color, struct vector_rows gray, struct vector_byte_image image, float color_scale,
     float gray_scale, float shift),
    (color, gray, image, color_scale, gray_scale, shift))
