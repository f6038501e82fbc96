#include "include/jpeg_reader.h"

#include <stdlib.h>

#include "jpeg_errors.h"

/// Usual progressive files have about ten scans; a small file may hold thousands of scans of a large image, each of
/// which takes time.
enum { SCAN_LIMIT = 100 };

struct recolor_jpeg_reader {
  struct jpeg_decompress_struct codec;
  struct jpeg_progress_mgr progress;
  jpeg_errors errors;
  JOCTET *profile;
  bool is_cmyk;
};

/// Fails where the file has more than SCAN_LIMIT scans.
static void limit_scans(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number > SCAN_LIMIT) {
    strcpy(((jpeg_errors *)codec->err)->message, "it has too many scans");
    longjmp(((jpeg_errors *)codec->err)->jump, 1);
  }
}

/// Sets the EXIF data, which is an APP1 segment that begins with a name.
static void describe_exif(recolor_jpeg_reader *reader, recolor_image_info *info) {
  for (jpeg_saved_marker_ptr marker = reader->codec.marker_list; marker; marker = marker->next) {
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 && memcmp(marker->data, "Exif\0", 6) == 0) {
      info->exif = marker->data + 6;
      info->exif_size = marker->data_length - 6;
      return;
    }
  }
}

recolor_jpeg_reader *recolor_jpeg_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]) {
  recolor_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    strcpy(message, "no memory");
    return NULL;
  }
  struct jpeg_decompress_struct *codec = &reader->codec;
  codec->err = jpeg_errors_begin(&reader->errors);
  if (setjmp(reader->errors.jump)) {
    memcpy(message, reader->errors.message, RECOLOR_MESSAGE_SIZE);
    recolor_jpeg_close(reader);
    return NULL;
  }
  jpeg_create_decompress(codec);
  reader->progress.progress_monitor = limit_scans;
  codec->progress = &reader->progress;
  jpeg_mem_src(codec, bytes, count);
  jpeg_save_markers(codec, JPEG_APP0 + 1, 0xFFFF);
  jpeg_save_markers(codec, JPEG_APP0 + 2, 0xFFFF);
  jpeg_read_header(codec, TRUE);
  memset(info, 0, sizeof *info);
  info->width = codec->image_width;
  info->height = codec->image_height;
  info->bytes_per_sample = 1;
  info->page_count = 1;
  switch (codec->jpeg_color_space) {
    case JCS_GRAYSCALE:
      info->color = recolor_color_gray;
      codec->out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      info->color = recolor_color_cmyk;
      codec->out_color_space = JCS_CMYK;
      reader->is_cmyk = true;
      break;
    default:
      info->color = recolor_color_rgb;
      codec->out_color_space = JCS_RGB;
  }
  unsigned int profile_size;
  if (jpeg_read_icc_profile(codec, &reader->profile, &profile_size)) {
    info->profile = reader->profile;
    info->profile_size = profile_size;
  }
  describe_exif(reader, info);
  return reader;
}

bool recolor_jpeg_read(recolor_jpeg_reader *reader, uint8_t *pixels, char message[RECOLOR_MESSAGE_SIZE]) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->errors.jump)) {
    memcpy(message, reader->errors.message, RECOLOR_MESSAGE_SIZE);
    return false;
  }
  jpeg_start_decompress(codec);
  size_t row_byte_count = (size_t)codec->output_width * codec->output_components;
  while (codec->output_scanline < codec->output_height) {
    JSAMPROW row = pixels + codec->output_scanline * row_byte_count;
    jpeg_read_scanlines(codec, &row, 1);
    // CMYK is stored as in Adobe's programs: 255 minus the amount of ink.
    if (reader->is_cmyk) {
      for (size_t i = 0; i < row_byte_count; i++) row[i] = 255 - row[i];
    }
  }
  jpeg_finish_decompress(codec);
  return true;
}

void recolor_jpeg_close(recolor_jpeg_reader *reader) {
  jpeg_destroy_decompress(&reader->codec);
  free(reader->profile);
  free(reader);
}
