#include "include/png_reader.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

/// Largest profile of a small file, in bytes.
enum { CHUNK_LIMIT = 8 << 20 };

struct recolor_png_reader {
  png_structp png;
  png_infop info;
  const uint8_t *rest;
  size_t rest_size;
  /// Number of bytes before the next chunk.
  size_t until_chunk;
  /// The file ended before libpng had what it asked for.
  bool ends_early;
  /// The pass and the row that are read; of an image that is not interlaced there is one pass.
  int pass, pass_count;
  uint32_t row;
  /// Bytes of a decoded row.
  size_t row_byte_count;
  uint32_t height;
  char message[RECOLOR_MESSAGE_SIZE];
};

static void fail(png_structp png, png_const_charp text) {
  recolor_png_reader *reader = png_get_error_ptr(png);
  strncpy(reader->message, text, RECOLOR_MESSAGE_SIZE - 1);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) { (void)png, (void)text; }

static void end_early(recolor_png_reader *reader) {
  reader->ends_early = true;
  png_error(reader->png, "the file ends too early");
}

/// Fails where a chunk is longer than the rest of the file, before libpng allocates memory for it. Pixels are given as
/// far as they go.
static void limit_chunk(recolor_png_reader *reader, png_bytep header) {
  size_t length = png_get_uint_32(header);
  if (length > reader->rest_size) {
    if (memcmp(header + 4, "IDAT", 4) != 0) end_early(reader);
    length = reader->rest_size;
    png_save_uint_32(header, (png_uint_32)length);
  }
  // The checksum follows.
  reader->until_chunk = length + 4;
}

static void take(png_structp png, png_bytep bytes, size_t count) {
  recolor_png_reader *reader = png_get_io_ptr(png);
  if (count > reader->rest_size) end_early(reader);
  memcpy(bytes, reader->rest, count);
  reader->rest += count;
  reader->rest_size -= count;
  if (reader->until_chunk == 0 && count == 8) {
    limit_chunk(reader, bytes);
  } else {
    reader->until_chunk -= count < reader->until_chunk ? count : reader->until_chunk;
  }
}

/// Returns the number of frames of an animated PNG file, from its chunk acTL, which libpng does not know. The first
/// frame is the image itself.
static uint32_t frame_count(recolor_png_reader *reader) {
  png_unknown_chunkp chunks;
  int count = png_get_unknown_chunks(reader->png, reader->info, &chunks);
  for (int i = 0; i < count; i++) {
    if (memcmp(chunks[i].name, "acTL", 4) == 0 && chunks[i].size >= 4) return png_get_uint_32(chunks[i].data);
  }
  return 1;
}

/// Sets the format of the pixels that `begin_pixels` will deliver. libpng allocates a row there, of any size that the
/// file claims, so it is called only after the caller has checked the size.
static void describe_color(recolor_png_reader *reader, recolor_image_info *result) {
  png_structp png = reader->png;
  png_infop info = reader->info;
  int type = png_get_color_type(png, info);
  result->color = type & PNG_COLOR_MASK_COLOR ? recolor_color_rgb : recolor_color_gray;
  result->has_alpha = type & PNG_COLOR_MASK_ALPHA || png_get_valid(png, info, PNG_INFO_tRNS);
  result->bytes_per_sample = png_get_bit_depth(png, info) == 16 ? 2 : 1;
  size_t samples = (result->color == recolor_color_rgb ? 3 : 1) + result->has_alpha;
  reader->row_byte_count = result->width * samples * result->bytes_per_sample;
}

/// Sets up the conversions and starts the decoding of the pixels.
static void begin_pixels(recolor_png_reader *reader) {
  png_structp png = reader->png;
  png_infop info = reader->info;
  // Expands palettes to colors, a transparent color to alpha, and fewer than 8 bits to 8.
  png_set_expand(png);
  if (png_get_bit_depth(png, info) == 16) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one == 1) png_set_swap(png);
  }
  reader->pass_count = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  // The caller allocated the rows by the size in the description.
  if (png_get_rowbytes(png, info) != reader->row_byte_count) {
    png_error(png, "its rows have another size than its header says");
  }
}

/// Sets the ICC profile or the chunks gAMA and cHRM, and the EXIF data.
static void describe_profile(recolor_png_reader *reader, recolor_image_info *result) {
  png_structp png = reader->png;
  png_infop info = reader->info;
  png_charp name;
  png_bytep profile, exif;
  png_uint_32 size;
  int method;
  if (png_get_iCCP(png, info, &name, &method, &profile, &size)) {
    result->profile = profile;
    result->profile_size = size;
  } else if (!png_get_valid(png, info, PNG_INFO_sRGB)) {
    double *xy = result->chromaticities;
    png_get_gAMA(png, info, &result->gamma);
    png_get_cHRM(png, info, &xy[0], &xy[1], &xy[2], &xy[3], &xy[4], &xy[5], &xy[6], &xy[7]);
  }
  if (png_get_eXIf_1(png, info, &size, &exif)) {
    result->exif = exif;
    result->exif_size = size;
  }
}

/// Sets the XMP packet, which is a text chunk of a certain keyword, the resolution, and EXIF data behind the pixels, which
/// libpng has not read yet. libpng is told to pass over all text, which may inflate to any size; a compressed packet is
/// left out.
static void describe_metadata(
    recolor_png_reader *reader, const uint8_t *bytes, size_t count, recolor_image_info *result) {
  // The keyword, its end, no compression, its method, an empty language and an empty translated keyword.
  static const char start[] = "XML:com.adobe.xmp\0\0\0\0";
  size_t size, next;
  for (size_t at = 8; at + 12 <= count; at = next) {
    size = png_get_uint_32(bytes + at);
    next = at + 12 + size;
    if (next > count) break;
    bool is_text = memcmp(bytes + at + 4, "iTXt", 4) == 0;
    if (is_text && !result->xmp && size > sizeof start && memcmp(bytes + at + 8, start, sizeof start) == 0) {
      result->xmp = bytes + at + 8 + sizeof start;
      result->xmp_size = size - sizeof start;
    }
    // As libpng, which takes the first one of its own and reads at least the order of bytes.
    bool is_exif = memcmp(bytes + at + 4, "eXIf", 4) == 0;
    if (is_exif && !result->exif && size >= 4 && size <= CHUNK_LIMIT) {
      result->exif = bytes + at + 8;
      result->exif_size = size;
    }
  }
  png_uint_32 x, y;
  int unit;
  if (png_get_pHYs(reader->png, reader->info, &x, &y, &unit) && unit == PNG_RESOLUTION_METER) {
    result->resolution[0] = x * 0.0254;
    result->resolution[1] = y * 0.0254;
  }
}

recolor_png_reader *recolor_png_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]) {
  recolor_png_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    strcpy(message, "no memory");
    return NULL;
  }
  reader->rest = bytes;
  reader->rest_size = count;
  // The signature.
  reader->until_chunk = 8;
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, ignore);
  reader->info = reader->png ? png_create_info_struct(reader->png) : NULL;
  if (!reader->info) {
    strcpy(message, "no memory");
    recolor_png_close(reader);
    return NULL;
  }
  if (setjmp(png_jmpbuf(reader->png))) {
    memcpy(message, reader->message, RECOLOR_MESSAGE_SIZE);
    recolor_png_close(reader);
    return NULL;
  }
  png_set_read_fn(reader->png, reader, take);
  // The caller checks the number of pixels and the sides against limits of its own before pixels are read.
  png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // A chunk of the file is no longer than the file; a profile may inflate to this size.
  png_set_chunk_malloc_max(reader->png, count > CHUNK_LIMIT ? count : CHUNK_LIMIT);
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_ALWAYS, (png_const_bytep) "acTL", 1);
  // Text and suggested palettes are not used, and each may inflate to megabytes.
  png_set_keep_unknown_chunks(
      reader->png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "tEXt\0zTXt\0iTXt\0sPLT", 4);
  png_read_info(reader->png, reader->info);
  memset(info, 0, sizeof *info);
  info->width = png_get_image_width(reader->png, reader->info);
  info->height = reader->height = png_get_image_height(reader->png, reader->info);
  info->page_count = frame_count(reader);
  describe_profile(reader, info);
  describe_metadata(reader, bytes, count, info);
  describe_color(reader, info);
  return reader;
}

/// Sets how much was read of a file that ends early. Returns false where that is not even a row.
static bool describe_extent(const recolor_png_reader *reader, recolor_extent *extent) {
  bool is_interlaced = reader->pass_count > 1;
  bool is_whole = is_interlaced ? png_get_current_pass_number(reader->png) >= reader->pass_count
                                : png_get_current_row_number(reader->png) >= reader->height;
  // After the first pass, libpng has filled the whole image with large pixels.
  extent->row_count = is_whole || reader->pass > 0 ? reader->height : reader->row;
  extent->is_coarse = is_interlaced && !is_whole;
  extent->lacks_end = true;
  return extent->row_count > 0;
}

bool recolor_png_read(
    recolor_png_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]) {
  if (setjmp(png_jmpbuf(reader->png))) {
    memcpy(message, reader->message, RECOLOR_MESSAGE_SIZE);
    return reader->ends_early && describe_extent(reader, extent);
  }
  begin_pixels(reader);
  for (; reader->pass < reader->pass_count; reader->pass++) {
    for (reader->row = 0; reader->row < reader->height; reader->row++) {
      png_read_row(reader->png, NULL, pixels + reader->row * reader->row_byte_count);
    }
  }
  png_read_end(reader->png, NULL);
  *extent = (recolor_extent){.row_count = reader->height};
  return true;
}

void recolor_png_close(recolor_png_reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}
