#include "include/webp_writer.h"

#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>
#include <webp/mux.h>

enum {
  /// Rows that are converted at a time; even, because two rows share their chroma.
  BAND_HEIGHT = 16,
  /// The effort for lossless pictures, 0 to 9. Of a photograph, the usual one, 6, takes four times as long, for a file 3 %
  /// smaller.
  LOSSLESS_LEVEL = 1,
};

struct recolor_webp_writer {
  WebPConfig config;
  WebPPicture picture;
  /// Holds the metadata; null where there are none.
  WebPMux *mux;
  recolor_sink sink;
  void *context;
  size_t row_byte_count;
  bool has_alpha;
  /// Rows that wait to be converted, and the number of those before them.
  uint8_t *band;
  int waiting;
  int row;
};

static const char *explain(WebPEncodingError error) {
  switch (error) {
    case VP8_ENC_ERROR_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY: return "no memory";
    case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
    case VP8_ENC_ERROR_PARTITION_OVERFLOW: return "it has too much detail for its size";
    case VP8_ENC_ERROR_FILE_TOO_BIG: return "it would have more than 4 GiB";
    default: return "libwebp cannot encode it";
  }
}

/// Adds a part of the metadata to the file. Returns false where there is no memory.
static bool add_part(recolor_webp_writer *writer, const char *kind, const uint8_t *bytes, size_t size) {
  if (size == 0) return true;
  if (!writer->mux && !(writer->mux = WebPMuxNew())) return false;
  const WebPData part = {bytes, size};
  return WebPMuxSetChunk(writer->mux, kind, &part, 1) == WEBP_MUX_OK;
}

recolor_webp_writer *recolor_webp_create(
    const recolor_image_info *info, int quality, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]) {
  strcpy(message, "no memory");
  recolor_webp_writer *writer = calloc(1, sizeof *writer);
  if (!writer) return NULL;
  writer->sink = sink;
  writer->context = context;
  writer->has_alpha = info->has_alpha;
  writer->row_byte_count = (size_t)info->width * (info->has_alpha ? 4 : 3);
  bool is_begun = WebPConfigPreset(&writer->config, WEBP_PRESET_DEFAULT, (float)quality)
                  && WebPPictureInit(&writer->picture);
  if (is_begun && quality == 100) {
    is_begun = WebPConfigLosslessPreset(&writer->config, LOSSLESS_LEVEL);
    // Colors under transparent pixels are kept as well.
    writer->config.exact = 1;
  }
  writer->picture.width = (int)info->width;
  writer->picture.height = (int)info->height;
  writer->picture.use_argb = writer->config.lossless;
  writer->picture.colorspace = info->has_alpha ? WEBP_YUV420A : WEBP_YUV420;
  writer->band = malloc(BAND_HEIGHT * writer->row_byte_count);
  if (!is_begun || !writer->band || !WebPPictureAlloc(&writer->picture)
      || !add_part(writer, "ICCP", info->profile, info->profile ? info->profile_size : 0)
      || !add_part(writer, "EXIF", info->exif, info->exif_size)
      || !add_part(writer, "XMP ", info->xmp, info->xmp_size)) {
    recolor_webp_abandon(writer);
    return NULL;
  }
  return writer;
}

/// Copies rows of a plane.
static void copy_plane(const uint8_t *from, int from_stride, uint8_t *to, int to_stride, int width, int height) {
  for (int y = 0; y < height; y++) memcpy(to + (size_t)y * to_stride, from + (size_t)y * from_stride, (size_t)width);
}

/// Converts the rows that wait to luma and chroma of half the resolution. Returns false where there is no memory.
static bool convert_lossy(recolor_webp_writer *writer) {
  WebPPicture part, *whole = &writer->picture;
  if (!WebPPictureInit(&part)) return false;
  part.width = whole->width;
  part.height = writer->waiting;
  int stride = (int)writer->row_byte_count;
  bool is_done = writer->has_alpha ? WebPPictureImportRGBA(&part, writer->band, stride)
                                   : WebPPictureImportRGB(&part, writer->band, stride);
  if (is_done) {
    int height = writer->waiting, chroma_height = (height + 1) / 2, chroma_width = (whole->width + 1) / 2;
    size_t luma = (size_t)writer->row * (size_t)whole->y_stride;
    size_t chroma = (size_t)(writer->row / 2) * (size_t)whole->uv_stride;
    copy_plane(part.y, part.y_stride, whole->y + luma, whole->y_stride, whole->width, height);
    copy_plane(part.u, part.uv_stride, whole->u + chroma, whole->uv_stride, chroma_width, chroma_height);
    copy_plane(part.v, part.uv_stride, whole->v + chroma, whole->uv_stride, chroma_width, chroma_height);
    for (int y = 0; writer->has_alpha && y < height; y++) {
      uint8_t *row = whole->a + (size_t)(writer->row + y) * (size_t)whole->a_stride;
      const uint8_t *samples = writer->band + (size_t)y * writer->row_byte_count;
      for (int x = 0; x < whole->width; x++) row[x] = samples[4 * x + 3];
    }
  }
  WebPPictureFree(&part);
  return is_done;
}

static void convert_lossless(recolor_webp_writer *writer) {
  WebPPicture *picture = &writer->picture;
  size_t samples = writer->has_alpha ? 4 : 3;
  for (int y = 0; y < writer->waiting; y++) {
    uint32_t *row = picture->argb + (size_t)(writer->row + y) * (size_t)picture->argb_stride;
    const uint8_t *from = writer->band + (size_t)y * writer->row_byte_count;
    for (int x = 0; x < picture->width; x++, from += samples) {
      uint32_t alpha = writer->has_alpha ? from[3] : 255;
      row[x] = alpha << 24 | (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
    }
  }
}

/// Converts the rows that wait. Returns false where there is no memory.
static bool convert(recolor_webp_writer *writer) {
  if (writer->waiting == 0) return true;
  if (writer->config.lossless) {
    convert_lossless(writer);
  } else if (!convert_lossy(writer)) {
    return false;
  }
  writer->row += writer->waiting;
  writer->waiting = 0;
  return true;
}

bool recolor_webp_write(
    recolor_webp_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]) {
  for (uint32_t row = 0; row < count; row++) {
    memcpy(
        writer->band + (size_t)writer->waiting * writer->row_byte_count, pixels + row * writer->row_byte_count,
        writer->row_byte_count);
    if (++writer->waiting == BAND_HEIGHT && !convert(writer)) {
      strcpy(message, "no memory");
      return false;
    }
  }
  return true;
}

/// Sets `file` to the coded picture with the metadata. Returns false where there is no memory.
static bool assemble(recolor_webp_writer *writer, const WebPMemoryWriter *coded, WebPData *file) {
  const WebPData image = {coded->mem, coded->size};
  return WebPMuxSetImage(writer->mux, &image, 0) == WEBP_MUX_OK && WebPMuxAssemble(writer->mux, file) == WEBP_MUX_OK;
}

bool recolor_webp_finish(recolor_webp_writer *writer, char message[RECOLOR_MESSAGE_SIZE]) {
  WebPMemoryWriter coded;
  WebPMemoryWriterInit(&coded);
  WebPData file = {NULL, 0};
  writer->picture.writer = WebPMemoryWrite;
  writer->picture.custom_ptr = &coded;
  bool is_written = false;
  if (!convert(writer)) {
    strcpy(message, "no memory");
  } else if (!WebPEncode(&writer->config, &writer->picture)) {
    strcpy(message, explain(writer->picture.error_code));
  } else if (writer->mux && !assemble(writer, &coded, &file)) {
    strcpy(message, "its metadata cannot be written");
  } else {
    const uint8_t *bytes = writer->mux ? file.bytes : coded.mem;
    is_written = writer->sink(writer->context, bytes, writer->mux ? file.size : coded.size);
    if (!is_written) strcpy(message, "the file cannot be written");
  }
  WebPDataClear(&file);
  WebPMemoryWriterClear(&coded);
  return is_written;
}

void recolor_webp_abandon(recolor_webp_writer *writer) {
  WebPPictureFree(&writer->picture);
  WebPMuxDelete(writer->mux);
  free(writer->band);
  free(writer);
}
