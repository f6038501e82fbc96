#ifndef RECOLOR_IMAGE_INFO_H
#define RECOLOR_IMAGE_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECOLOR_MESSAGE_SIZE = 256 };

typedef enum { recolor_color_gray, recolor_color_rgb, recolor_color_cmyk } recolor_color;

/// The transfer function of an image's samples.
typedef enum {
  /// A power, `gamma`; that of sRGB where it is 0.
  recolor_transfer_power,
  recolor_transfer_srgb,
  /// That of ITU-R BT.709, 601 and 2020.
  recolor_transfer_bt709,
  /// One of ITU-R BT.2100, for displays of a high dynamic range.
  recolor_transfer_hdr,
} recolor_transfer;

/// The metadata of an image file, and the format of the decoded pixels.
typedef struct {
  uint32_t width;
  uint32_t height;
  recolor_color color;
  /// An alpha sample follows the colors of each pixel.
  bool has_alpha;
  /// The colors were multiplied by alpha.
  bool is_premultiplied;
  /// 1, or 2 in the native byte order. Samples of CMYK are amounts of ink.
  uint8_t bytes_per_sample;
  /// The number by EXIF; 0 where the container itself states none.
  uint16_t orientation;
  /// The pixels are delivered as the container turns them, which the metadata may not say.
  bool is_turned;
  /// Number of pages, or of frames of an animation; only the first is read.
  uint32_t page_count;
  /// An ICC profile and EXIF data (a TIFF structure), null where there is none; valid as long as the reader.
  const uint8_t *profile;
  size_t profile_size;
  const uint8_t *exif;
  size_t exif_size;
  /// An XMP packet, IPTC records, and Photoshop's image resources, which may hold such records; as above.
  const uint8_t *xmp;
  size_t xmp_size;
  const uint8_t *iptc;
  size_t iptc_size;
  const uint8_t *photoshop;
  size_t photoshop_size;
  /// Pixels per inch from left to right and from top to bottom; 0 where the file does not state them.
  double resolution[2];
  /// Exponent of the encoding (about 1/2.2), and x and y of white, red, green and blue; 0 where the file does not state
  /// them.
  double gamma;
  double chromaticities[8];
  recolor_transfer transfer;
} recolor_image_info;

/// How much of a picture its file holds.
typedef struct {
  /// Number of first rows that were read; fewer than all where the file ends before them.
  uint32_t row_count;
  /// The rows that were read lack detail, because the file ends before the last pass over them.
  bool is_coarse;
  /// The end of the file is missing; it may be that of the pixels as well.
  bool lacks_end;
} recolor_extent;

/// Writes bytes of an image file. Returns false where that fails, which ends the encoding.
typedef bool (*recolor_sink)(void *context, const uint8_t *bytes, size_t count);

#endif
