#include "include/png_writer.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

struct recolor_png_writer {
  png_structp png;
  png_infop info;
  recolor_sink sink;
  void *context;
  size_t row_byte_count;
  /// The XMP packet as a string, kept here because libpng's errors leave the function that allocates it.
  char *packet;
  char message[RECOLOR_MESSAGE_SIZE];
};

static void fail(png_structp png, png_const_charp text) {
  recolor_png_writer *writer = png_get_error_ptr(png);
  strncpy(writer->message, text, RECOLOR_MESSAGE_SIZE - 1);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) { (void)png, (void)text; }

static void give(png_structp png, png_bytep bytes, size_t count) {
  recolor_png_writer *writer = png_get_io_ptr(png);
  if (!writer->sink(writer->context, bytes, count)) png_error(png, "the file cannot be written");
}

static void flush(png_structp png) { (void)png; }

/// Sets the EXIF data, the XMP packet and the resolution. Returns false where there is no memory.
static bool set_metadata(recolor_png_writer *writer, const recolor_image_info *info) {
  if (info->exif_size > 0) {
    png_set_eXIf_1(writer->png, writer->info, (png_uint_32)info->exif_size, (png_bytep)info->exif);
  }
  if (info->resolution[0] > 0 && info->resolution[1] > 0 && info->resolution[0] < 1e6 && info->resolution[1] < 1e6) {
    png_set_pHYs(
        writer->png, writer->info, (png_uint_32)(info->resolution[0] / 0.0254 + 0.5),
        (png_uint_32)(info->resolution[1] / 0.0254 + 0.5), PNG_RESOLUTION_METER);
  }
  if (info->xmp_size > 0) {
    // libpng copies the text up to a zero.
    writer->packet = calloc(info->xmp_size + 1, 1);
    if (!writer->packet) return false;
    memcpy(writer->packet, info->xmp, info->xmp_size);
    png_text text = {.compression = PNG_ITXT_COMPRESSION_NONE, .key = "XML:com.adobe.xmp", .text = writer->packet};
    png_set_text(writer->png, writer->info, &text, 1);
    free(writer->packet);
    writer->packet = NULL;
  }
  return true;
}

recolor_png_writer *recolor_png_create(
    const recolor_image_info *info, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]) {
  recolor_png_writer *writer = calloc(1, sizeof *writer);
  if (!writer) {
    strcpy(message, "no memory");
    return NULL;
  }
  writer->sink = sink;
  writer->context = context;
  writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, fail, ignore);
  writer->info = writer->png ? png_create_info_struct(writer->png) : NULL;
  if (!writer->info) {
    strcpy(message, "no memory");
    recolor_png_abandon(writer);
    return NULL;
  }
  if (setjmp(png_jmpbuf(writer->png))) {
    memcpy(message, writer->message, RECOLOR_MESSAGE_SIZE);
    recolor_png_abandon(writer);
    return NULL;
  }
  png_structp png = writer->png;
  png_set_write_fn(png, writer, give, flush);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // A profile that libpng reads with a warning is written again as it is. The most common one of sRGB is among those
  // that libpng knows as slightly incorrect, and would be an error here.
  png_set_benign_errors(png, 1);
  // One filter for all rows and a low level: three times as fast as libpng's defaults, with files a few per cent
  // larger.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
  png_set_compression_level(png, 3);
  int type = info->color == recolor_color_rgb ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY;
  if (info->has_alpha) type |= PNG_COLOR_MASK_ALPHA;
  png_set_IHDR(
      png, writer->info, info->width, info->height, 8 * info->bytes_per_sample, type, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (info->profile) {
    png_set_iCCP(png, writer->info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, info->profile, info->profile_size);
    // libpng leaves out some invalid profiles with a warning only.
    if (!png_get_valid(png, writer->info, PNG_INFO_iCCP)) png_error(png, "no PNG file can hold its color profile");
  } else {
    png_set_sRGB(png, writer->info, PNG_sRGB_INTENT_PERCEPTUAL);
  }
  if (!set_metadata(writer, info)) png_error(png, "no memory");
  png_write_info(png, writer->info);
  const uint16_t one = 1;
  if (info->bytes_per_sample == 2 && *(const uint8_t *)&one == 1) png_set_swap(png);
  writer->row_byte_count = png_get_rowbytes(png, writer->info);
  return writer;
}

bool recolor_png_write(
    recolor_png_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]) {
  if (setjmp(png_jmpbuf(writer->png))) {
    memcpy(message, writer->message, RECOLOR_MESSAGE_SIZE);
    return false;
  }
  for (uint32_t row = 0; row < count; row++) png_write_row(writer->png, pixels + row * writer->row_byte_count);
  return true;
}

bool recolor_png_finish(recolor_png_writer *writer, char message[RECOLOR_MESSAGE_SIZE]) {
  if (setjmp(png_jmpbuf(writer->png))) {
    memcpy(message, writer->message, RECOLOR_MESSAGE_SIZE);
    return false;
  }
  png_write_end(writer->png, NULL);
  return true;
}

void recolor_png_abandon(recolor_png_writer *writer) {
  png_destroy_write_struct(&writer->png, &writer->info);
  free(writer->packet);
  free(writer);
}
