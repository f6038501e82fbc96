// Picks a batch out of a data set of bytes, scales it, and makes the gray input.
//
// images: [count][image_pixels][3] bytes; indices: vector of uint; color: [batch][image_pixels][3]; gray:
// [batch][image_pixels][1], the latter two with offsets and pixel strides. One work-item per pixel: direction 0 within
// the image, row_index() the image of the batch.

#include "common.h"

kernel void batch_gather(const global uchar *images, const ulong images_offset, const ulong images_stride,
                         const global uint *indices, const ulong indices_offset, const ulong indices_stride,
                         global float *color, const ulong color_offset, const ulong color_stride, global float *gray,
                         const ulong gray_offset, const ulong gray_stride, const ulong image_pixels, const ulong batch,
                         const float scale, const float shift, const ulong first) {
  const size_t place = get_global_id(0);
  const size_t n = row_index();
  if (place >= image_pixels || n >= batch) return;
  const size_t image = indices[indices_offset + first + n];
  const global uchar *source = images + images_offset + (image * image_pixels + place) * images_stride;
  const size_t pixel = n * image_pixels + place;
  const float red = source[0] * scale + shift;
  const float green = source[1] * scale + shift;
  const float blue = source[2] * scale + shift;
  global float *target = color + color_offset + pixel * color_stride;
  target[0] = red;
  target[1] = green;
  target[2] = blue;
  gray[gray_offset + pixel * gray_stride] = (red + green + blue) * (1.0f / 3.0f);
}
