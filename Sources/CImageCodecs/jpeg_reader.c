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
  recolor_extent extent;
};

/// Notes where the file ends before its pixels or its end mark do; other warnings are treated as by `jpeg_errors_warn`.
/// libjpeg puts an end mark behind the last byte and fills missing pixels with gray.
static void note_end(j_common_ptr common, int level) {
  j_decompress_ptr codec = (j_decompress_ptr)common;
  recolor_extent *extent = &((recolor_jpeg_reader *)common->client_data)->extent;
  int code = common->err->msg_code;
  // Arithmetic coding needs no bytes for zeros, so that the missing ones are not noticed.
  if (code == JWRN_JPEG_EOF && !codec->arith_code) {
    extent->lacks_end = true;
  } else if ((code == JWRN_HIT_MARKER || code == JWRN_MUST_RESYNC) && codec->unread_marker == JPEG_EOI) {
    bool is_first_pass = codec->input_scan_number <= 1;
    uint32_t row = codec->input_iMCU_row * (uint32_t)(codec->max_v_samp_factor * DCTSIZE);
    if (is_first_pass && row < extent->row_count) extent->row_count = row;
    if (jpeg_has_multiple_scans(codec)) extent->is_coarse = true;
  } else {
    jpeg_errors_warn(common, level);
  }
}

/// Fails where the file has more than SCAN_LIMIT scans.
static void limit_scans(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number > SCAN_LIMIT) {
    strcpy(((jpeg_errors *)codec->err)->message, "it has too many scans");
    longjmp(((jpeg_errors *)codec->err)->jump, 1);
  }
}

/// Sets `data` to the first segment of a kind that begins with a name, without the name and the zero after it.
static void find_segment(
    const recolor_jpeg_reader *reader, int kind, const char *name, size_t name_size, const uint8_t **data,
    size_t *size) {
  for (jpeg_saved_marker_ptr marker = reader->codec.marker_list; marker; marker = marker->next) {
    if (marker->marker == kind && marker->data_length > name_size && memcmp(marker->data, name, name_size) == 0) {
      *data = marker->data + name_size;
      *size = marker->data_length - name_size;
      return;
    }
  }
}

/// Sets the EXIF data, the XMP packet, Photoshop's resources and the resolution.
static void describe_metadata(const recolor_jpeg_reader *reader, recolor_image_info *info) {
  const struct jpeg_decompress_struct *codec = &reader->codec;
  find_segment(reader, JPEG_APP0 + 1, "Exif\0", 6, &info->exif, &info->exif_size);
  find_segment(
      reader, JPEG_APP0 + 1, RECOLOR_JPEG_XMP, sizeof RECOLOR_JPEG_XMP, &info->xmp, &info->xmp_size);
  find_segment(
      reader, JPEG_APP0 + 13, RECOLOR_JPEG_PHOTOSHOP, sizeof RECOLOR_JPEG_PHOTOSHOP, &info->photoshop,
      &info->photoshop_size);
  // 1: per inch, 2: per centimeter.
  if (codec->saw_JFIF_marker && (codec->density_unit == 1 || codec->density_unit == 2)) {
    double scale = codec->density_unit == 1 ? 1 : 2.54;
    info->resolution[0] = codec->X_density * scale;
    info->resolution[1] = codec->Y_density * scale;
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
  codec->client_data = reader;
  reader->progress.progress_monitor = limit_scans;
  codec->progress = &reader->progress;
  jpeg_mem_src(codec, bytes, count);
  jpeg_save_markers(codec, JPEG_APP0 + 1, 0xFFFF);
  jpeg_save_markers(codec, JPEG_APP0 + 2, 0xFFFF);
  jpeg_save_markers(codec, JPEG_APP0 + 13, 0xFFFF);
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
  describe_metadata(reader, info);
  return reader;
}

/// Returns whether there were passes for all details of all components.
static bool has_all_passes(const recolor_jpeg_reader *reader) {
  const struct jpeg_decompress_struct *codec = &reader->codec;
  for (int component = 0; component < codec->num_components; component++) {
    // A component gets its table in its first pass.
    if (!codec->comp_info[component].quant_table) return false;
    for (int index = 0; codec->coef_bits && index < DCTSIZE2; index++) {
      // The number of bits that are still missing, or -1.
      if (codec->coef_bits[component][index] != 0) return false;
    }
  }
  return true;
}

/// Looks for the end of the file after the last row, where a damaged or foreign remainder does no harm.
static void find_end(recolor_jpeg_reader *reader) {
  if (setjmp(reader->errors.jump)) {
    reader->extent.lacks_end = true;
    return;
  }
  jpeg_finish_decompress(&reader->codec);
}

bool recolor_jpeg_read(
    recolor_jpeg_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->errors.jump)) {
    memcpy(message, reader->errors.message, RECOLOR_MESSAGE_SIZE);
    return false;
  }
  reader->extent = (recolor_extent){.row_count = codec->image_height};
  codec->err->emit_message = note_end;
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
  if (reader->extent.lacks_end && jpeg_has_multiple_scans(codec) && !has_all_passes(reader)) {
    reader->extent.is_coarse = true;
  }
  find_end(reader);
  *extent = reader->extent;
  if (extent->row_count == 0) strcpy(message, "the file ends too early");
  return extent->row_count > 0;
}

void recolor_jpeg_close(recolor_jpeg_reader *reader) {
  jpeg_destroy_decompress(&reader->codec);
  free(reader->profile);
  free(reader);
}
