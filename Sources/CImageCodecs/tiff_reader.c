#include "include/tiff_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "tiff_blocks.h"
#include "tiff_errors.h"
#include "tiff_memory.h"

/// Largest number of samples per pixel: four of CMYK and the extra ones that are common. A small file may claim a
/// thousand, and memory would be allocated for a strip of them.
enum { SAMPLE_LIMIT = 12 };

struct recolor_tiff_reader {
  TIFF *tiff;
  tiff_memory file;
  /// The image is converted to 8-bit RGB by libtiff because its format is not supported directly.
  bool is_converted;
  /// A converted image has alpha.
  bool has_alpha;
  /// Gray of which 0 is white.
  bool is_inverted;
  tiff_layout layout;
};

/// Returns the number of directories in the file, at most 1,000: those of a damaged file may form a cycle.
static uint32_t page_count(TIFF *tiff) {
  uint32_t pages = 1;
  while (pages < 1000 && TIFFReadDirectory(tiff)) pages++;
  TIFFSetDirectory(tiff, 0);
  return pages;
}

/// Returns whether the pixels are of a format that is supported directly, and sets their layout.
static bool describe_layout(recolor_tiff_reader *reader, recolor_image_info *info) {
  TIFF *tiff = reader->tiff;
  uint16_t bits, samples, format, planar, compression, photometric = PHOTOMETRIC_MINISBLACK, extra_count = 0, *extra;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra);
  // JPEG data in TIFF files is YCbCr, which libtiff's codec can convert to RGB.
  if (compression == COMPRESSION_JPEG && photometric == PHOTOMETRIC_YCBCR && planar == PLANARCONFIG_CONTIG) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric = PHOTOMETRIC_RGB;
  }
  unsigned colors;
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      info->color = recolor_color_gray;
      colors = 1;
      break;
    case PHOTOMETRIC_RGB:
      info->color = recolor_color_rgb;
      colors = 3;
      break;
    case PHOTOMETRIC_SEPARATED:
      info->color = recolor_color_cmyk;
      colors = 4;
      break;
    default:
      return false;
  }
  bool is_whole = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID;
  if ((bits != 8 && bits != 16) || !is_whole || samples < colors || samples - colors != extra_count) return false;
  info->bytes_per_sample = bits / 8;
  // Of the extra samples only an alpha is kept, and none with CMYK.
  bool is_alpha = extra_count > 0 && extra[0] != EXTRASAMPLE_UNSPECIFIED;
  info->has_alpha = is_alpha && info->color != recolor_color_cmyk;
  info->is_premultiplied = info->has_alpha && extra[0] == EXTRASAMPLE_ASSOCALPHA;
  reader->is_inverted = photometric == PHOTOMETRIC_MINISWHITE;
  reader->layout = (tiff_layout){
      .width = info->width,
      .height = info->height,
      .stored_samples = samples,
      .kept_samples = colors + info->has_alpha,
      .sample_size = info->bytes_per_sample,
      .is_planar = planar == PLANARCONFIG_SEPARATE && samples > 1,
  };
  return true;
}

/// Returns whether libtiff's conversion gives the alpha of the file, and not 255 for every pixel.
static bool conversion_has_alpha(TIFF *tiff) {
  uint16_t samples = 1, photometric = PHOTOMETRIC_MINISBLACK, extra_count = 0, *extra = NULL;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra);
  switch (photometric) {
    case PHOTOMETRIC_RGB:
      // libtiff takes a fourth sample for alpha whatever the file says.
      return samples > 3;
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      return extra_count > 0 && extra && extra[0] != EXTRASAMPLE_UNSPECIFIED;
    default:
      return false;
  }
}

/// Sets the XMP packet, the IPTC records, Photoshop's resources and the resolution.
static void describe_metadata(TIFF *tiff, recolor_image_info *info) {
  uint32_t count;
  const void *data;
  if (TIFFGetField(tiff, TIFFTAG_XMLPACKET, &count, &data)) {
    info->xmp = data;
    info->xmp_size = count;
  }
  if (TIFFGetField(tiff, TIFFTAG_PHOTOSHOP, &count, &data)) {
    info->photoshop = data;
    info->photoshop_size = count;
  }
  // Before version 4.5, libtiff counts the bytes as 32-bit numbers.
  const TIFFField *records = TIFFFieldWithTag(tiff, TIFFTAG_RICHTIFFIPTC);
  bool are_bytes = records && TIFFDataWidth(TIFFFieldDataType(records)) == 1;
  if (are_bytes && TIFFGetField(tiff, TIFFTAG_RICHTIFFIPTC, &count, &data)) {
    info->iptc = data;
    info->iptc_size = count;
  }
  uint16_t unit = RESUNIT_INCH;
  float x, y;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  bool is_stated = TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) && TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y);
  if (is_stated && unit != RESUNIT_NONE && x > 0 && y > 0) {
    double scale = unit == RESUNIT_CENTIMETER ? 2.54 : 1;
    info->resolution[0] = x * scale;
    info->resolution[1] = y * scale;
  }
}

recolor_tiff_reader *recolor_tiff_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]) {
  tiff_errors_begin();
  recolor_tiff_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    strcpy(message, "no memory");
    return NULL;
  }
  reader->file = (tiff_memory){.bytes = (uint8_t *)bytes, .count = count};
  reader->tiff = tiff_memory_open(&reader->file);
  memset(info, 0, sizeof *info);
  if (!reader->tiff || !TIFFGetField(reader->tiff, TIFFTAG_IMAGEWIDTH, &info->width)
      || !TIFFGetField(reader->tiff, TIFFTAG_IMAGELENGTH, &info->height)) {
    tiff_errors_explain(message, "it does not state a size");
    recolor_tiff_close(reader);
    return NULL;
  }
  uint16_t samples = 1;
  TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  if (samples > SAMPLE_LIMIT) {
    snprintf(
        message, RECOLOR_MESSAGE_SIZE, "it has %u samples a pixel, and at most %u are read", samples, SAMPLE_LIMIT);
    recolor_tiff_close(reader);
    return NULL;
  }
  info->page_count = page_count(reader->tiff);
  if (!describe_layout(reader, info)) {
    char reason[1024];
    if (!TIFFRGBAImageOK(reader->tiff, reason)) {
      snprintf(message, RECOLOR_MESSAGE_SIZE, "%s", reason);
      recolor_tiff_close(reader);
      return NULL;
    }
    reader->is_converted = true;
    info->color = recolor_color_rgb;
    info->has_alpha = info->is_premultiplied = reader->has_alpha = conversion_has_alpha(reader->tiff);
    info->bytes_per_sample = 1;
  }
  TIFFGetField(reader->tiff, TIFFTAG_ORIENTATION, &info->orientation);
  describe_metadata(reader->tiff, info);
  uint32_t profile_size;
  const void *profile;
  // After libtiff's conversion, the profile does not apply.
  if (!reader->is_converted && TIFFGetField(reader->tiff, TIFFTAG_ICCPROFILE, &profile_size, &profile)) {
    info->profile = profile;
    info->profile_size = profile_size;
  }
  return reader;
}

/// Reads the pixels by libtiff's conversion, top row first, without applying the orientation.
static bool read_converted(recolor_tiff_reader *reader, uint8_t *pixels) {
  uint32_t width, height;
  TIFFRGBAImage image;
  char reason[1024];
  TIFFGetField(reader->tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(reader->tiff, TIFFTAG_IMAGELENGTH, &height);
  // At most 64 bits per sample and, nearly always, four samples per pixel.
  if (!tiff_blocks_are_plausible(reader->tiff, (size_t)width * height * 4 * 8, reader->file.count)) return false;
  if (!TIFFRGBAImageBegin(&image, reader->tiff, 1, reason)) {
    tiff_errors_keep(reason);
    return false;
  }
  image.req_orientation = image.orientation;
  size_t count = (size_t)width * height, samples = reader->has_alpha ? 4 : 3;
  // libtiff delivers alpha in any case.
  uint32_t *colors = malloc(count * sizeof *colors);
  bool is_read = colors && TIFFRGBAImageGet(&image, colors, width, height);
  TIFFRGBAImageEnd(&image);
  if (!colors) tiff_errors_keep("no memory");
  for (size_t pixel = 0; is_read && pixel < count; pixel++) {
    uint8_t *to = pixels + samples * pixel;
    to[0] = TIFFGetR(colors[pixel]);
    to[1] = TIFFGetG(colors[pixel]);
    to[2] = TIFFGetB(colors[pixel]);
    if (reader->has_alpha) to[3] = TIFFGetA(colors[pixel]);
  }
  free(colors);
  return is_read;
}

/// Inverts gray of which 0 is white; alpha stays.
static void invert(const tiff_layout *layout, uint8_t *pixels) {
  size_t count = (size_t)layout->width * layout->height, step = layout->kept_samples * layout->sample_size;
  for (size_t pixel = 0; pixel < count; pixel++) {
    for (size_t byte = 0; byte < layout->sample_size; byte++) pixels[pixel * step + byte] ^= 0xFF;
  }
}

bool recolor_tiff_read(
    recolor_tiff_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]) {
  tiff_errors_begin();
  *extent = (recolor_extent){0};
  bool is_read;
  if (reader->is_converted) {
    is_read = read_converted(reader, pixels);
    TIFFGetField(reader->tiff, TIFFTAG_IMAGELENGTH, &extent->row_count);
  } else {
    is_read = tiff_blocks_read(
        reader->tiff, &reader->layout, reader->file.count, &reader->file.fills_missing, pixels, &extent->row_count);
  }
  if (is_read && !reader->is_converted && reader->is_inverted) invert(&reader->layout, pixels);
  if (!is_read) tiff_errors_explain(message, "its strips or tiles are damaged");
  return is_read;
}

void recolor_tiff_close(recolor_tiff_reader *reader) {
  if (reader->tiff) TIFFClose(reader->tiff);
  free(reader);
}
