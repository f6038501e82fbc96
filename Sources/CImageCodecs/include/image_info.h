#ifndef RECOLOR_IMAGE_INFO_H
#define RECOLOR_IMAGE_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECOLOR_MESSAGE_SIZE = 256 };

typedef enum { recolor_color_gray, recolor_color_rgb, recolor_color_cmyk } recolor_color;

/// What a file says about its picture before any pixel is decoded, and how its pixels will be delivered.
typedef struct {
  uint32_t width;
  uint32_t height;
  recolor_color color;
  /// An alpha sample follows the colors of each pixel.
  bool has_alpha;
  /// The colors were multiplied by alpha.
  bool is_premultiplied;
  /// 1, or 2 in the machine's byte order. Cyan, magenta, yellow and black are amounts of ink.
  uint8_t bytes_per_sample;
  /// As EXIF numbers it; 0 where the container itself states none.
  uint16_t orientation;
  /// Pages, or frames of an animation; only the first is read.
  uint32_t page_count;
  /// An ICC profile, EXIF data (a TIFF structure): null where there is none. They live as long as the reader.
  const uint8_t *profile;
  size_t profile_size;
  const uint8_t *exif;
  size_t exif_size;
  /// Exponent of the encoding (about 1/2.2), and x, y of white, red, green and blue; 0 where the file does not state them.
  double gamma;
  double chromaticities[8];
} recolor_image_info;

/// Takes bytes of a file that is being written; false where they cannot be written, which ends the writing.
typedef bool (*recolor_sink)(void *context, const uint8_t *bytes, size_t count);

#endif
