#include "include/tiff_writer.h"

#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "tiff_errors.h"
#include "tiff_memory.h"

enum {
  /// Bytes of a strip before its compression.
  STRIP_SIZE = 1 << 18,
  /// The usual level, 6, takes nearly three times as long where libtiff is built with libdeflate, for files 3 % smaller
  /// (a photograph of 8 bits; 16-bit ones are not smaller). LZW takes longer, for files 10 % larger, and enlarges
  /// 16-bit photographs.
  DEFLATE_LEVEL = 1,
};

struct recolor_tiff_writer {
  TIFF *tiff;
  tiff_memory file;
  recolor_sink sink;
  void *context;
  size_t row_byte_count;
  /// Rows of a strip, and of those that wait for the others of theirs.
  uint32_t strip_height;
  uint32_t waiting;
  /// Number of the strip, whose rows these are. libtiff changes them.
  uint32_t strip;
  uint8_t *rows;
};

/// Returns a number of the EXIF data, in their order of bytes; 0 outside them.
static uint32_t number(const recolor_image_info *info, size_t at, size_t byte_count) {
  if (at > info->exif_size || byte_count > info->exif_size - at) return 0;
  bool is_little = info->exif[0] == 'I';
  uint32_t value = 0;
  for (size_t index = 0; index < byte_count; index++) {
    value = value << 8 | info->exif[at + (is_little ? byte_count - 1 - index : index)];
  }
  return value;
}

/// Sets a tag to a text of the EXIF data, which may lack the zero at its end. Returns false where that fails.
static bool set_text(TIFF *tiff, uint32_t tag, const recolor_image_info *info, size_t at, size_t count) {
  if (at > info->exif_size || count > info->exif_size - at) return true;
  char *text = calloc(count + 1, 1);
  if (!text) return false;
  memcpy(text, info->exif + at, count);
  bool is_set = TIFFSetField(tiff, tag, text);
  free(text);
  return is_set;
}

/// Writes the EXIF data's directories of the exposure and the place at the places that they have in the EXIF data, and
/// sets their tags and those of the descriptions. Returns false where that fails.
static bool set_exif(recolor_tiff_writer *writer, const recolor_image_info *info) {
  const size_t start = 8;
  if (info->exif_size <= start) return true;
  if (writer->file.count != start || number(info, 4, 4) != start) return false;
  writer->file.position = start;
  tmsize_t rest = (tmsize_t)(info->exif_size - start);
  if (tiff_memory_write(&writer->file, (void *)(info->exif + start), rest) != rest) return false;
  uint32_t count = number(info, start, 2);
  for (uint32_t index = 0; index < count; index++) {
    size_t entry = start + 2 + 12 * (size_t)index;
    uint32_t tag = number(info, entry, 2), type = number(info, entry + 2, 2), size = number(info, entry + 4, 4);
    if (tag == TIFFTAG_EXIFIFD || tag == TIFFTAG_GPSIFD) {
      if (!TIFFSetField(writer->tiff, tag, (uint64_t)number(info, entry + 8, 4))) return false;
    } else if (type == TIFF_ASCII) {
      size_t at = size <= 4 ? entry + 8 : number(info, entry + 8, 4);
      if (!set_text(writer->tiff, tag, info, at, size)) return false;
    }
  }
  return true;
}

/// Sets the profile, the XMP packet, the IPTC records and the resolution. Returns false where that fails.
static bool set_metadata(TIFF *tiff, const recolor_image_info *info) {
  bool is_set = true;
  if (info->profile) is_set &= TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)info->profile_size, info->profile);
  if (info->xmp_size > 0) is_set &= TIFFSetField(tiff, TIFFTAG_XMLPACKET, (uint32_t)info->xmp_size, info->xmp);
  if (info->iptc_size > 0) {
    // Before version 4.5, libtiff counts the records' bytes as 32-bit numbers, whose bytes it may swap.
    const TIFFField *records = TIFFFieldWithTag(tiff, TIFFTAG_RICHTIFFIPTC);
    if (records && TIFFDataWidth(TIFFFieldDataType(records)) == 1) {
      is_set &= TIFFSetField(tiff, TIFFTAG_RICHTIFFIPTC, (uint32_t)info->iptc_size, info->iptc);
    } else {
      is_set &= TIFFSetField(tiff, TIFFTAG_PHOTOSHOP, (uint32_t)info->photoshop_size, info->photoshop);
    }
  }
  if (info->resolution[0] > 0 && info->resolution[1] > 0) {
    is_set &= TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    is_set &= TIFFSetField(tiff, TIFFTAG_XRESOLUTION, info->resolution[0]);
    is_set &= TIFFSetField(tiff, TIFFTAG_YRESOLUTION, info->resolution[1]);
  }
  return is_set;
}

/// Sets the format of the pixels and of their compression. Returns false where that fails.
static bool set_layout(recolor_tiff_writer *writer, const recolor_image_info *info) {
  TIFF *tiff = writer->tiff;
  bool is_set = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, info->width)
                && TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, info->height)
                && TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, info->has_alpha ? 4 : 3)
                && TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8 * info->bytes_per_sample)
                && TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB)
                && TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG)
                && TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT)
                && TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, writer->strip_height)
                && TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE)
                && TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL)
                && TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, DEFLATE_LEVEL);
  const uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
  return is_set && (!info->has_alpha || TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha));
}

/// Returns whether the file is sure to have less than 4 GiB, as far as its offsets go.
static bool is_within_offsets(const recolor_image_info *info) {
  // No row's size overflows: a side has less than 2³² pixels of at most eight bytes.
  uint64_t row = (uint64_t)info->width * (info->has_alpha ? 4 : 3) * info->bytes_per_sample;
  uint64_t rest = info->profile_size + info->exif_size + info->xmp_size + info->iptc_size + (1 << 20);
  // Rows that cannot be compressed become larger by less than these parts of them.
  return rest < UINT32_MAX && info->height < (UINT32_MAX - rest) / (row + row / 256 + 64);
}

recolor_tiff_writer *recolor_tiff_create(
    const recolor_image_info *info, recolor_sink sink, void *context, char message[RECOLOR_MESSAGE_SIZE]) {
  tiff_errors_begin();
  if (!is_within_offsets(info)) {
    strcpy(message, "it can have at most 4 GiB before its compression");
    return NULL;
  }
  recolor_tiff_writer *writer = calloc(1, sizeof *writer);
  if (!writer) {
    strcpy(message, "no memory");
    return NULL;
  }
  writer->sink = sink;
  writer->context = context;
  writer->row_byte_count = (size_t)info->width * (info->has_alpha ? 4 : 3) * info->bytes_per_sample;
  size_t rows = STRIP_SIZE / writer->row_byte_count;
  writer->strip_height = rows < 1 ? 1 : rows < info->height ? (uint32_t)rows : info->height;
  writer->rows = malloc(writer->strip_height * writer->row_byte_count);
  // l and b: the file has the order of bytes of the EXIF data that become a part of it.
  const char *mode = info->exif_size == 0 ? "w" : info->exif[0] == 'I' ? "wl" : "wb";
  writer->tiff = writer->rows ? tiff_memory_create(&writer->file, mode) : NULL;
  if (!writer->tiff || !set_layout(writer, info) || !set_exif(writer, info) || !set_metadata(writer->tiff, info)) {
    tiff_errors_explain(message, writer->rows ? "its tags cannot be written" : "no memory");
    recolor_tiff_abandon(writer);
    return NULL;
  }
  return writer;
}

/// Writes the rows that wait as a strip. Returns false where that fails.
static bool write_strip(recolor_tiff_writer *writer) {
  tmsize_t size = (tmsize_t)(writer->waiting * writer->row_byte_count);
  writer->waiting = 0;
  return size == 0 || TIFFWriteEncodedStrip(writer->tiff, writer->strip++, writer->rows, size) == size;
}

bool recolor_tiff_write(
    recolor_tiff_writer *writer, const uint8_t *pixels, uint32_t count, char message[RECOLOR_MESSAGE_SIZE]) {
  tiff_errors_begin();
  for (uint32_t row = 0; row < count; row++) {
    memcpy(
        writer->rows + writer->waiting * writer->row_byte_count, pixels + row * writer->row_byte_count,
        writer->row_byte_count);
    if (++writer->waiting == writer->strip_height && !write_strip(writer)) {
      tiff_errors_explain(message, "no memory");
      return false;
    }
  }
  return true;
}

bool recolor_tiff_finish(recolor_tiff_writer *writer, char message[RECOLOR_MESSAGE_SIZE]) {
  tiff_errors_begin();
  if (!write_strip(writer) || !TIFFWriteDirectory(writer->tiff)) {
    tiff_errors_explain(message, "no memory");
    return false;
  }
  if (!writer->sink(writer->context, writer->file.bytes, writer->file.count)) {
    strcpy(message, "the file cannot be written");
    return false;
  }
  return true;
}

void recolor_tiff_abandon(recolor_tiff_writer *writer) {
  // Does not write what was not written, as TIFFClose would.
  if (writer->tiff) TIFFCleanup(writer->tiff);
  free(writer->file.bytes);
  free(writer->rows);
  free(writer);
}
