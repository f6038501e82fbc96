// Takes the images of a batch out of a data set of bytes, flips some of them horizontally, and converts them to a
// network's input (gray) and target (color).
//
//   LAB 0: color = (red, green, blue), each byte * color_scale + shift; gray = their mean
//   LAB 1: color = (a*, b*) * color_scale; gray = L* * gray_scale + shift
//
// images: [count][height][width][3] bytes, image_pixels = height * width. indices: from `first` on, an image's number
// for each image of the batch, with the bit FLIPPED where it is to be flipped. color: [batch][image_pixels][3], or
// [...][2] with LAB; gray: [batch][image_pixels][1]. One work-item per pixel: direction 0 within the image, row_index()
// the image of the batch.

#include "color_space.h"
#include "common.h"

// 0: colors are sRGB; 1: CIELAB.
#ifndef LAB
#define LAB 0
#endif

// Highest bit of an entry of indices.
#define FLIPPED 0x80000000u

kernel void batch_gather(TENSOR(const uchar *, images), TENSOR(const uint *, indices), TENSOR(float *, color),
                         TENSOR(float *, gray), ulong image_pixels, ulong image_width, ulong batch, float color_scale,
                         float gray_scale, float shift, ulong first) {
  const size_t place = get_global_id(0), n = row_index();
  if (place >= image_pixels || n >= batch) return;
  const uint index = BASE(indices)[first + n];
  const size_t image = index & ~FLIPPED;
  const size_t from = index & FLIPPED ? place + image_width - 1 - 2 * (place % image_width) : place;
  global const uchar *source = AT(images, image * image_pixels + from);
  global float *colors = AT(color, n * image_pixels + place), *level = AT(gray, n * image_pixels + place);
#if LAB
  const float3 lab = lab_of_bytes(source[0], source[1], source[2]);
  colors[0] = lab.y * color_scale;
  colors[1] = lab.z * color_scale;
  *level = lab.x * gray_scale + shift;
#else
  const float red = source[0] * color_scale + shift;
  const float green = source[1] * color_scale + shift;
  const float blue = source[2] * color_scale + shift;
  colors[0] = red;
  colors[1] = green;
  colors[2] = blue;
  *level = (red + green + blue) * (1.0f / 3.0f);
#endif
}
