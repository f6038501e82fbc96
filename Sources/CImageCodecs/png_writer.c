#include "include/png_writer.h"

#include <libdeflate.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "png_filter.h"

/// The filtered rows of a picture, which libdeflate compresses as a whole: it has no streams.
typedef struct {
  struct libdeflate_compressor *compressor;
  /// Null where the picture is compressed row by row, by libpng.
  uint8_t *bytes;
  size_t size;
  size_t filled;
  /// This row and the one above it in the byte order of the file, and what a filter makes of it.
  uint8_t *row, *above, *scratch;
  /// The compressed rows.
  uint8_t *compressed;
} filtered_rows;

enum {
  /// Bytes of an IDAT chunk at most.
  DATA_SIZE = 1 << 20,
};

struct recolor_png_writer {
  png_structp png;
  png_infop info;
  recolor_sink sink;
  void *context;
  size_t row_byte_count;
  size_t pixel_size;
  /// Whether samples have two bytes in the other order than the file's.
  bool is_swapped;
  filtered_rows rows;
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

static void free_rows(filtered_rows *rows) {
  libdeflate_free_compressor(rows->compressor);
  free(rows->bytes);
  free(rows->row);
  free(rows->above);
  free(rows->scratch);
  free(rows->compressed);
  *rows = (filtered_rows){0};
}

/// Gets the memory for all rows, unless it and that for the compressed ones are more than the limit or the system has.
static void hold_rows(recolor_png_writer *writer, uint32_t height, recolor_png_compression compression) {
  filtered_rows *rows = &writer->rows;
  size_t row = writer->row_byte_count + 1;
  if (height > compression.memory_limit / row) return;
  rows->size = height * row;
  if (rows->size + libdeflate_zlib_compress_bound(NULL, rows->size) > compression.memory_limit) return;
  rows->compressor = libdeflate_alloc_compressor(compression.level);
  rows->row = malloc(row);
  rows->above = calloc(row, 1);
  rows->scratch = malloc(row);
  rows->bytes = malloc(rows->size);
  if (!rows->compressor || !rows->row || !rows->above || !rows->scratch || !rows->bytes) free_rows(rows);
}

/// Filters the next row, to be compressed later.
static void add_row(recolor_png_writer *writer, const uint8_t *pixels) {
  filtered_rows *rows = &writer->rows;
  size_t count = writer->row_byte_count;
  if (count + 1 > rows->size - rows->filled) png_error(writer->png, "there are too many rows");
  if (writer->is_swapped) {
    for (size_t index = 0; index < count; index += 2) {
      rows->row[index] = pixels[index + 1];
      rows->row[index + 1] = pixels[index];
    }
  } else {
    memcpy(rows->row, pixels, count);
  }
  recolor_png_filter(
      rows->row, rows->above, count, writer->pixel_size, rows->bytes + rows->filled, rows->scratch);
  rows->filled += count + 1;
  uint8_t *above = rows->above;
  rows->above = rows->row;
  rows->row = above;
}

/// Compresses the rows and writes them in IDAT chunks, and the chunk that ends the file.
static void write_rows(recolor_png_writer *writer) {
  filtered_rows *rows = &writer->rows;
  if (rows->filled < rows->size) png_error(writer->png, "rows are missing");
  size_t bound = libdeflate_zlib_compress_bound(rows->compressor, rows->size);
  rows->compressed = malloc(bound);
  if (!rows->compressed) png_error(writer->png, "no memory");
  size_t size = libdeflate_zlib_compress(rows->compressor, rows->bytes, rows->size, rows->compressed, bound);
  if (size == 0) png_error(writer->png, "the pixels cannot be compressed");
  for (size_t first = 0; first < size; first += DATA_SIZE) {
    size_t count = size - first < DATA_SIZE ? size - first : DATA_SIZE;
    png_write_chunk(writer->png, (png_const_bytep) "IDAT", rows->compressed + first, count);
  }
  png_write_chunk(writer->png, (png_const_bytep) "IEND", NULL, 0);
}

recolor_png_writer *recolor_png_create(
    const recolor_image_info *info, recolor_png_compression compression, recolor_sink sink, void *context,
    char message[RECOLOR_MESSAGE_SIZE]) {
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
  // For pictures that are compressed row by row: one filter for all rows is faster than libpng's choice among them, and
  // zlib's next level gives about the sizes of libdeflate's.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
  png_set_compression_level(png, compression.level < 9 ? compression.level + 1 : 9);
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
  writer->is_swapped = info->bytes_per_sample == 2 && *(const uint8_t *)&one == 1;
  if (writer->is_swapped) png_set_swap(png);
  writer->row_byte_count = png_get_rowbytes(png, writer->info);
  writer->pixel_size = writer->row_byte_count / info->width;
  hold_rows(writer, info->height, compression);
  return writer;
}

bool recolor_png_write(
    recolor_png_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]) {
  if (setjmp(png_jmpbuf(writer->png))) {
    memcpy(message, writer->message, RECOLOR_MESSAGE_SIZE);
    return false;
  }
  for (uint32_t row = 0; row < count; row++) {
    const uint8_t *bytes = pixels + row * writer->row_byte_count;
    if (writer->rows.bytes) {
      add_row(writer, bytes);
    } else {
      png_write_row(writer->png, bytes);
    }
  }
  return true;
}

bool recolor_png_finish(recolor_png_writer *writer, char message[RECOLOR_MESSAGE_SIZE]) {
  if (setjmp(png_jmpbuf(writer->png))) {
    memcpy(message, writer->message, RECOLOR_MESSAGE_SIZE);
    return false;
  }
  if (writer->rows.bytes) {
    write_rows(writer);
  } else {
    png_write_end(writer->png, NULL);
  }
  return true;
}

void recolor_png_abandon(recolor_png_writer *writer) {
  png_destroy_write_struct(&writer->png, &writer->info);
  free_rows(&writer->rows);
  free(writer->packet);
  free(writer);
}
