#include "include/gif_reader.h"

#include <gif_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  /// Images that are counted, so that a file of many small ones is not searched for long.
  IMAGE_LIMIT = 1000,
  /// Bytes behind an XMP packet, which lead readers that know blocks alone to the end of the extension.
  XMP_TRAILER_SIZE = 257,
};

struct recolor_gif_reader {
  const uint8_t *bytes;
  size_t count;
  size_t position;
  /// Blocks that the end of the file cuts are given as far as they go, so that they become shorter, or of length zero.
  bool shortens_blocks;
  /// The file ended before giflib had what it asked for.
  bool ends_early;
  /// The file ends before its end mark.
  bool lacks_end;
  /// The index of the transparent color; -1 where there is none.
  int transparent_color;
  /// The place and the size of the first image, and the size of the screen.
  uint32_t left, top, width, height;
  uint32_t screen_width, screen_height;
  bool has_alpha;
};

static int take(GifFileType *gif, GifByteType *bytes, int count) {
  recolor_gif_reader *reader = gif->UserData;
  size_t rest = reader->count - reader->position;
  size_t taken = (size_t)count < rest ? (size_t)count : rest;
  memcpy(bytes, reader->bytes + reader->position, taken);
  reader->position += taken;
  if (taken < (size_t)count) reader->ends_early = true;
  if (reader->shortens_blocks && count == 1) {
    // The length of a block.
    uint8_t length = taken == 1 ? bytes[0] : 0;
    if (length > reader->count - reader->position) {
      reader->ends_early = true;
      length = (uint8_t)(reader->count - reader->position);
    }
    bytes[0] = length;
    return 1;
  }
  return (int)taken;
}

static void explain(char message[RECOLOR_MESSAGE_SIZE], const recolor_gif_reader *reader, int error) {
  const char *text = reader->ends_early ? "the file ends too early" : GifErrorString(error);
  snprintf(message, RECOLOR_MESSAGE_SIZE, "%s", text ? text : "it is damaged");
}

/// Opens the file from its beginning.
static GifFileType *begin(recolor_gif_reader *reader, char message[RECOLOR_MESSAGE_SIZE]) {
  reader->position = 0;
  reader->shortens_blocks = reader->ends_early = false;
  int error = 0;
  GifFileType *gif = DGifOpen(reader, take, &error);
  if (!gif) explain(message, reader, error);
  return gif;
}

/// Passes over an extension, and notes the transparent color and the XMP packet that it may hold. Returns false where it
/// is damaged or cut.
static bool read_extension(GifFileType *gif, recolor_image_info *info) {
  recolor_gif_reader *reader = gif->UserData;
  int code = 0;
  GifByteType *block = NULL;
  if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) return false;
  GraphicsControlBlock control;
  if (block && code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
    reader->transparent_color = control.TransparentColor;
  }
  static const char name[] = "XMP DataXMP";
  bool is_xmp = block && code == APPLICATION_EXT_FUNC_CODE && block[0] == sizeof name - 1
                && memcmp(block + 1, name, sizeof name - 1) == 0;
  // The packet is not divided into blocks: readers take its letters for their lengths.
  size_t start = reader->position;
  while (block) {
    if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return false;
  }
  size_t end = reader->position - 1;
  if (info && is_xmp && !info->xmp && end > start + XMP_TRAILER_SIZE) {
    info->xmp = reader->bytes + start;
    info->xmp_size = end - start - XMP_TRAILER_SIZE;
  }
  return true;
}

/// Goes to the next image, and reads its description. Returns false where there is none; sets `is_end` where the file's
/// end mark was found.
static bool find_image(GifFileType *gif, recolor_image_info *info, bool *is_end) {
  recolor_gif_reader *reader = gif->UserData;
  // It is of the next image alone.
  reader->transparent_color = NO_TRANSPARENT_COLOR;
  for (;;) {
    GifRecordType kind;
    if (DGifGetRecordType(gif, &kind) == GIF_ERROR) return false;
    if (kind == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(gif) == GIF_OK;
    *is_end = kind == TERMINATE_RECORD_TYPE;
    if (kind != EXTENSION_RECORD_TYPE || !read_extension(gif, info)) return false;
  }
}

static bool skip_pixels(GifFileType *gif) {
  int code_size;
  GifByteType *block;
  bool is_read = DGifGetCode(gif, &code_size, &block) == GIF_OK;
  while (is_read && block) is_read = DGifGetCodeNext(gif, &block) == GIF_OK;
  return is_read;
}

/// Sets the size and the place of the image, and those of the screen.
static void place(recolor_gif_reader *reader, const GifFileType *gif) {
  const GifImageDesc *image = &gif->Image;
  reader->left = (uint32_t)image->Left;
  reader->top = (uint32_t)image->Top;
  reader->width = (uint32_t)image->Width;
  reader->height = (uint32_t)image->Height;
  uint32_t right = reader->left + reader->width, bottom = reader->top + reader->height;
  reader->screen_width = (uint32_t)gif->SWidth > right ? (uint32_t)gif->SWidth : right;
  reader->screen_height = (uint32_t)gif->SHeight > bottom ? (uint32_t)gif->SHeight : bottom;
  bool is_whole = reader->width == reader->screen_width && reader->height == reader->screen_height;
  reader->has_alpha = !is_whole || reader->transparent_color != NO_TRANSPARENT_COLOR;
}

recolor_gif_reader *recolor_gif_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]) {
  recolor_gif_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    strcpy(message, "no memory");
    return NULL;
  }
  reader->bytes = bytes;
  reader->count = count;
  memset(info, 0, sizeof *info);
  GifFileType *gif = begin(reader, message);
  if (!gif) {
    recolor_gif_close(reader);
    return NULL;
  }
  bool is_end = false;
  bool is_found = find_image(gif, info, &is_end);
  if (is_found) {
    place(reader, gif);
    is_found = reader->width > 0 && reader->height > 0 && (gif->Image.ColorMap || gif->SColorMap);
    if (!is_found) strcpy(message, reader->width > 0 && reader->height > 0 ? "it has no colors" : "it has no pixels");
  } else if (is_end) {
    strcpy(message, "it holds no picture");
  } else {
    explain(message, reader, gif->Error);
  }
  int transparent_color = reader->transparent_color;
  info->page_count = 1;
  while (is_found && info->page_count < IMAGE_LIMIT && skip_pixels(gif) && find_image(gif, info, &is_end)) {
    info->page_count++;
  }
  reader->transparent_color = transparent_color;
  reader->lacks_end = reader->ends_early;
  DGifCloseFile(gif, NULL);
  if (!is_found) {
    recolor_gif_close(reader);
    return NULL;
  }
  info->width = reader->screen_width;
  info->height = reader->screen_height;
  info->color = recolor_color_rgb;
  info->has_alpha = reader->has_alpha;
  info->bytes_per_sample = 1;
  return reader;
}

/// Writes a decoded row to the rows `y` and below of the image, `count` times.
static void put(
    const recolor_gif_reader *reader, const ColorMapObject *colors, const GifPixelType *row, uint32_t y, uint32_t count,
    uint8_t *pixels) {
  size_t samples = reader->has_alpha ? 4 : 3, row_size = reader->screen_width * samples;
  uint8_t *first = pixels + (reader->top + y) * row_size + reader->left * samples;
  for (uint32_t x = 0; x < reader->width; x++) {
    uint8_t *pixel = first + x * samples;
    if (row[x] == reader->transparent_color) {
      memset(pixel, 0, samples);
      continue;
    }
    // An index without a color is black.
    GifColorType color = row[x] < colors->ColorCount ? colors->Colors[row[x]] : (GifColorType){0, 0, 0};
    pixel[0] = color.Red;
    pixel[1] = color.Green;
    pixel[2] = color.Blue;
    if (reader->has_alpha) pixel[3] = 255;
  }
  for (uint32_t copy = 1; copy < count && y + copy < reader->height; copy++) {
    memcpy(first + copy * row_size, first, reader->width * samples);
  }
}

/// The passes over the rows of an image: the first row, and the distance to the next. An interlaced image is filled with
/// large pixels in the first one, and others have this one alone.
static const struct {
  uint32_t first, step, filled;
} interlaced[] = {{0, 8, 8}, {4, 8, 4}, {2, 4, 2}, {1, 2, 1}}, whole[] = {{0, 1, 1}};

/// Decodes the rows of the image. Sets `extent` to the rows that were read, and returns whether all were.
static bool read_rows(GifFileType *gif, GifPixelType *row, uint8_t *pixels, recolor_extent *extent) {
  recolor_gif_reader *reader = gif->UserData;
  const ColorMapObject *colors = gif->Image.ColorMap ? gif->Image.ColorMap : gif->SColorMap;
  size_t pass_count = gif->Image.Interlace ? sizeof interlaced / sizeof interlaced[0] : 1;
  for (size_t pass = 0; pass < pass_count; pass++) {
    uint32_t first = gif->Image.Interlace ? interlaced[pass].first : whole[pass].first;
    uint32_t step = gif->Image.Interlace ? interlaced[pass].step : whole[pass].step;
    uint32_t filled = gif->Image.Interlace ? interlaced[pass].filled : whole[pass].filled;
    for (uint32_t y = first; y < reader->height; y += step) {
      if (DGifGetLine(gif, row, (int)reader->width) == GIF_ERROR) {
        extent->is_coarse = gif->Image.Interlace;
        return false;
      }
      put(reader, colors, row, y, filled, pixels);
      if (pass == 0) {
        uint32_t end = y + filled < reader->height ? y + filled : reader->height;
        extent->row_count = end < reader->height ? reader->top + end : reader->screen_height;
      }
    }
  }
  return true;
}

bool recolor_gif_read(
    recolor_gif_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]) {
  *extent = (recolor_extent){.lacks_end = reader->lacks_end};
  GifFileType *gif = begin(reader, message);
  if (!gif) return false;
  bool is_end = false, is_read = false;
  GifPixelType *row = malloc(reader->width);
  if (!row) {
    strcpy(message, "no memory");
  } else if (find_image(gif, NULL, &is_end)) {
    // The rest of the screen is transparent.
    if (reader->has_alpha) memset(pixels, 0, (size_t)reader->screen_width * reader->screen_height * 4);
    reader->shortens_blocks = true;
    is_read = read_rows(gif, row, pixels, extent) || (reader->ends_early && extent->row_count > 0);
    if (!is_read) explain(message, reader, gif->Error);
  }
  free(row);
  DGifCloseFile(gif, NULL);
  return is_read;
}

void recolor_gif_close(recolor_gif_reader *reader) { free(reader); }
