// Picks a batch out of a data set of bytes, mirrors the images that are to be, and makes the colors and the gray input.
//
// images: [count][height][width][3] bytes, image_pixels = height * width; indices: vector of uint, an image's number with
// its highest bit set where left and right are to be exchanged; color: [batch][image_pixels][3], in CIELAB [...][2]; gray:
// [batch][image_pixels][1], the latter two with offsets and pixel strides. One work-item per pixel: direction 0 within the
// image, row_index() the image of the batch.

#include "color_space.h"
#include "common.h"

#ifndef LAB
// 0: color is red, green, blue, each byte * color_scale + shift, gray their mean, and gray_scale unused. 1: color is a*, b* of CIELAB, each
// * color_scale, and gray is L* * gray_scale + shift.
#define LAB 0
#endif

// Of an entry of indices.
#define MIRRORED 0x80000000u

kernel void batch_gather(const global uchar *images, const ulong images_offset, const ulong images_stride,
                         const global uint *indices, const ulong indices_offset, const ulong indices_stride,
                         global float *color, const ulong color_offset, const ulong color_stride, global float *gray,
                         const ulong gray_offset, const ulong gray_stride, const ulong image_pixels,
                         const ulong image_width, const ulong batch, const float color_scale, const float gray_scale,
                         const float shift, const ulong first) {
  const size_t place = get_global_id(0);
  const size_t n = row_index();
  if (place >= image_pixels || n >= batch) return;
  const uint index = indices[indices_offset + first + n];
  const size_t x = place % image_width;
  const size_t taken = index & MIRRORED ? place + image_width - 1 - 2 * x : place;
  const size_t image = index & ~MIRRORED;
  const global uchar *source = images + images_offset + (image * image_pixels + taken) * images_stride;
  const size_t pixel = n * image_pixels + place;
  global float *target = color + color_offset + pixel * color_stride;
  global float *level = gray + gray_offset + pixel * gray_stride;
#if LAB
  const float3 lab = lab_of_bytes(source[0], source[1], source[2]);
  target[0] = lab.y * color_scale;
  target[1] = lab.z * color_scale;
  *level = lab.x * gray_scale + shift;
#else
  const float red = source[0] * color_scale + shift;
  const float green = source[1] * color_scale + shift;
  const float blue = source[2] * color_scale + shift;
  target[0] = red;
  target[1] = green;
  target[2] = blue;
  *level = (red + green + blue) * (1.0f / 3.0f);
#endif
}
