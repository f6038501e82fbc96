#include "batch_gather.h"

#include "multiversion.h"

VECTOR_LOOP void gather_strided(
    float *restrict color, size_t color_stride, float *restrict gray, size_t gray_stride,
    const uint8_t *restrict bytes, size_t byte_stride, size_t pixels, float scale, float shift) {
  float gray_scale = scale / 3.0f;
  for (size_t i = 0; i < pixels; i++) {
    int red = bytes[i * byte_stride], green = bytes[i * byte_stride + 1], blue = bytes[i * byte_stride + 2];
    color[i * color_stride] = (float)red * scale + shift;
    color[i * color_stride + 1] = (float)green * scale + shift;
    color[i * color_stride + 2] = (float)blue * scale + shift;
    gray[i * gray_stride] = (float)(red + green + blue) * gray_scale + shift;
  }
}

// Strides that the compiler knows let it use vectors: apart, or beside each other as a discriminator's input.
VECTOR_LOOP void gather(
    float *color, size_t color_stride, float *gray, size_t gray_stride, const uint8_t *bytes, size_t byte_stride,
    size_t pixels, float scale, float shift) {
  if (color_stride == 3 && gray_stride == 1 && byte_stride == 3)
    gather_strided(color, 3, gray, 1, bytes, 3, pixels, scale, shift);
  else if (color_stride == 4 && gray_stride == 4 && byte_stride == 3)
    gather_strided(color, 4, gray, 4, bytes, 3, pixels, scale, shift);
  else
    gather_strided(color, color_stride, gray, gray_stride, bytes, byte_stride, pixels, scale, shift);
}

MULTIVERSION(
    vector_batch_gather, gather,
    (float *color, size_t color_stride, float *gray, size_t gray_stride, const uint8_t *bytes, size_t byte_stride,
     size_t pixels, float scale, float shift),
    (color, color_stride, gray, gray_stride, bytes, byte_stride, pixels, scale, shift))
