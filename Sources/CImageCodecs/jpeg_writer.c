#include "include/jpeg_writer.h"

#include <stdlib.h>

#include "jpeg_errors.h"

enum { BUFFER_SIZE = 1 << 16, SEGMENT_LIMIT = 65533 };

struct recolor_jpeg_writer {
  struct jpeg_compress_struct codec;
  struct jpeg_destination_mgr destination;
  jpeg_errors errors;
  recolor_sink sink;
  void *context;
  JOCTET buffer[BUFFER_SIZE];
};

static void begin_buffer(j_compress_ptr codec) {
  recolor_jpeg_writer *writer = codec->client_data;
  writer->destination.next_output_byte = writer->buffer;
  writer->destination.free_in_buffer = BUFFER_SIZE;
}

static void give(recolor_jpeg_writer *writer, size_t count) {
  if (!writer->sink(writer->context, writer->buffer, count)) {
    strcpy(writer->errors.message, "the file cannot be written");
    longjmp(writer->errors.jump, 1);
  }
}

static boolean empty_buffer(j_compress_ptr codec) {
  // The whole buffer is full, whatever the pointers say: libjpeg.txt, "Data destination".
  give(codec->client_data, BUFFER_SIZE);
  begin_buffer(codec);
  return TRUE;
}

static void end_buffer(j_compress_ptr codec) {
  recolor_jpeg_writer *writer = codec->client_data;
  give(writer, BUFFER_SIZE - writer->destination.free_in_buffer);
}

/// Writes a segment that begins with a name and a zero. Data that no segment can hold are left out.
static void write_segment(
    j_compress_ptr codec, int kind, const char *name, size_t name_size, const uint8_t *data, size_t size) {
  if (size == 0 || name_size + size > SEGMENT_LIMIT) return;
  jpeg_write_m_header(codec, kind, (unsigned int)(name_size + size));
  for (size_t index = 0; index < name_size; index++) jpeg_write_m_byte(codec, (unsigned char)name[index]);
  for (size_t index = 0; index < size; index++) jpeg_write_m_byte(codec, data[index]);
}

recolor_jpeg_writer *recolor_jpeg_create(
    const recolor_image_info *info, int quality, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]) {
  recolor_jpeg_writer *writer = calloc(1, sizeof *writer);
  if (!writer) {
    strcpy(message, "no memory");
    return NULL;
  }
  writer->sink = sink;
  writer->context = context;
  struct jpeg_compress_struct *codec = &writer->codec;
  codec->err = jpeg_errors_begin(&writer->errors);
  if (setjmp(writer->errors.jump)) {
    memcpy(message, writer->errors.message, RECOLOR_MESSAGE_SIZE);
    recolor_jpeg_abandon(writer);
    return NULL;
  }
  jpeg_create_compress(codec);
  codec->client_data = writer;
  writer->destination.init_destination = begin_buffer;
  writer->destination.empty_output_buffer = empty_buffer;
  writer->destination.term_destination = end_buffer;
  codec->dest = &writer->destination;
  codec->image_width = info->width;
  codec->image_height = info->height;
  codec->input_components = 3;
  codec->in_color_space = JCS_RGB;
  jpeg_set_defaults(codec);
  jpeg_set_quality(codec, quality, TRUE);
  // At high quality, chroma is not subsampled.
  if (quality >= 90) codec->comp_info[0].h_samp_factor = codec->comp_info[0].v_samp_factor = 1;
  codec->optimize_coding = FALSE;
  if (info->resolution[0] >= 1 && info->resolution[0] < 65535 && info->resolution[1] >= 1
      && info->resolution[1] < 65535) {
    codec->density_unit = 1;
    codec->X_density = (UINT16)(info->resolution[0] + 0.5);
    codec->Y_density = (UINT16)(info->resolution[1] + 0.5);
  }
  jpeg_start_compress(codec, TRUE);
  write_segment(codec, JPEG_APP0 + 1, "Exif\0", 6, info->exif, info->exif_size);
  write_segment(codec, JPEG_APP0 + 1, RECOLOR_JPEG_XMP, sizeof RECOLOR_JPEG_XMP, info->xmp, info->xmp_size);
  write_segment(
      codec, JPEG_APP0 + 13, RECOLOR_JPEG_PHOTOSHOP, sizeof RECOLOR_JPEG_PHOTOSHOP, info->photoshop,
      info->photoshop_size);
  if (info->profile) jpeg_write_icc_profile(codec, info->profile, (unsigned int)info->profile_size);
  return writer;
}

bool recolor_jpeg_write(
    recolor_jpeg_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]) {
  if (setjmp(writer->errors.jump)) {
    memcpy(message, writer->errors.message, RECOLOR_MESSAGE_SIZE);
    return false;
  }
  for (uint32_t y = 0; y < count; y++) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)y * 3 * writer->codec.image_width);
    jpeg_write_scanlines(&writer->codec, &row, 1);
  }
  return true;
}

bool recolor_jpeg_finish(recolor_jpeg_writer *writer, char message[RECOLOR_MESSAGE_SIZE]) {
  if (setjmp(writer->errors.jump)) {
    memcpy(message, writer->errors.message, RECOLOR_MESSAGE_SIZE);
    return false;
  }
  jpeg_finish_compress(&writer->codec);
  return true;
}

void recolor_jpeg_abandon(recolor_jpeg_writer *writer) {
  jpeg_destroy_compress(&writer->codec);
  free(writer);
}
