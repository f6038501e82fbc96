#include "include/heif_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heif_library.h"

/// Largest profile or part of the metadata, in bytes. The library copies them.
enum { PART_LIMIT = 64 << 20 };

struct recolor_heif_reader {
  const heif_library *library;
  struct heif_context *context;
  struct heif_image_handle *handle;
  uint8_t *profile, *exif, *xmp;
  uint32_t width, height;
  bool is_gray, has_alpha;
  uint8_t bytes_per_sample;
};

bool recolor_heif_is_loaded(void) {
  char message[RECOLOR_MESSAGE_SIZE];
  return heif_library_open(message) != NULL;
}

bool recolor_heif_is_available(recolor_heif_coding coding, char message[RECOLOR_MESSAGE_SIZE]) {
  const heif_library *library = heif_library_open(message);
  if (!library) return false;
  enum heif_compression_format format = coding == recolor_heif_av1 ? heif_compression_AV1 : heif_compression_HEVC;
  if (library->heif_have_decoder_for_format(format)) return true;
  snprintf(message, RECOLOR_MESSAGE_SIZE, "libheif has no decoder of %s", coding == recolor_heif_av1 ? "AV1" : "HEVC");
  return false;
}

/// Returns whether a call succeeded; sets `message` where not.
static bool is_done(struct heif_error error, char message[RECOLOR_MESSAGE_SIZE]) {
  if (error.code == heif_error_Ok) return true;
  const char *text = error.message && error.message[0] ? error.message : "it is damaged";
  snprintf(message, RECOLOR_MESSAGE_SIZE, "%s", text);
  return false;
}

/// Sets the color space that the container states by numbers of ITU-T H.273.
static void describe_numbers(const recolor_heif_reader *reader, recolor_image_info *info) {
  struct heif_color_profile_nclx *profile = NULL;
  struct heif_error error = reader->library->heif_image_handle_get_nclx_color_profile(reader->handle, &profile);
  if (error.code != heif_error_Ok || !profile) return;
  if (profile->color_primaries != heif_color_primaries_unspecified) {
    const double xy[] = {
        profile->color_primary_white_x, profile->color_primary_white_y, profile->color_primary_red_x,
        profile->color_primary_red_y,   profile->color_primary_green_x, profile->color_primary_green_y,
        profile->color_primary_blue_x,  profile->color_primary_blue_y};
    memcpy(info->chromaticities, xy, sizeof xy);
  }
  switch ((int)profile->transfer_characteristics) {
    case 1:
    case 6:
    case 14:
    case 15:
      info->transfer = recolor_transfer_bt709;
      break;
    case 4:
      info->gamma = 1 / 2.2;
      break;
    case 5:
      info->gamma = 1 / 2.8;
      break;
    case 8:
      info->gamma = 1;
      break;
    case 16:
    case 18:
      info->transfer = recolor_transfer_hdr;
      break;
    default:
      info->transfer = recolor_transfer_srgb;
  }
  reader->library->heif_nclx_color_profile_free(profile);
}

/// Sets the ICC profile, or else the color space by its numbers.
static void describe_profile(recolor_heif_reader *reader, recolor_image_info *info) {
  const heif_library *library = reader->library;
  enum heif_color_profile_type type = library->heif_image_handle_get_color_profile_type(reader->handle);
  if (type != heif_color_profile_type_rICC && type != heif_color_profile_type_prof) {
    describe_numbers(reader, info);
    return;
  }
  size_t size = library->heif_image_handle_get_raw_color_profile_size(reader->handle);
  if (size == 0 || size > PART_LIMIT || !(reader->profile = malloc(size))) return;
  struct heif_error error = library->heif_image_handle_get_raw_color_profile(reader->handle, reader->profile);
  if (error.code != heif_error_Ok) return;
  info->profile = reader->profile;
  info->profile_size = size;
  // The color space in the header of a profile (ICC.1, 7.2.6).
  reader->is_gray = size >= 20 && memcmp(reader->profile + 16, "GRAY", 4) == 0;
}

/// Returns a copy of the first part of the metadata of a kind, and sets its size; null where there is none.
/// - content: The content type of the part, or null for any.
static uint8_t *copy_part(const recolor_heif_reader *reader, const char *kind, const char *content, size_t *size) {
  enum { PARTS = 16 };
  const heif_library *library = reader->library;
  heif_item_id parts[PARTS];
  int count = library->heif_image_handle_get_list_of_metadata_block_IDs(reader->handle, kind, parts, PARTS);
  for (int index = 0; index < count; index++) {
    const char *found = library->heif_image_handle_get_metadata_content_type(reader->handle, parts[index]);
    if (content && (!found || strcmp(found, content) != 0)) continue;
    *size = library->heif_image_handle_get_metadata_size(reader->handle, parts[index]);
    uint8_t *bytes = *size > 0 && *size <= PART_LIMIT ? malloc(*size) : NULL;
    if (!bytes) continue;
    if (library->heif_image_handle_get_metadata(reader->handle, parts[index], bytes).code == heif_error_Ok) return bytes;
    free(bytes);
  }
  return NULL;
}

static void describe_metadata(recolor_heif_reader *reader, recolor_image_info *info) {
  size_t size = 0;
  reader->exif = copy_part(reader, "Exif", NULL, &size);
  if (reader->exif && size > 4) {
    // The place of the TIFF structure behind this number (ISO/IEC 23008-12, A.2.1).
    const uint8_t *bytes = reader->exif;
    uint64_t start = 4 + ((uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3]);
    if (start < size) {
      info->exif = bytes + start;
      info->exif_size = size - start;
    }
  }
  size = 0;
  reader->xmp = copy_part(reader, "mime", "application/rdf+xml", &size);
  if (reader->xmp) {
    info->xmp = reader->xmp;
    info->xmp_size = size;
  }
}

recolor_heif_reader *recolor_heif_open(
    const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]) {
  const heif_library *library = heif_library_open(message);
  if (!library) return NULL;
  recolor_heif_reader *reader = calloc(1, sizeof *reader);
  if (!reader || !(reader->context = library->heif_context_alloc())) {
    strcpy(message, "no memory");
    free(reader);
    return NULL;
  }
  reader->library = library;
  struct heif_context *context = reader->context;
  if (!is_done(library->heif_context_read_from_memory_without_copy(context, bytes, count, NULL), message)
      || !is_done(library->heif_context_get_primary_image_handle(context, &reader->handle), message)) {
    recolor_heif_close(reader);
    return NULL;
  }
  int width = library->heif_image_handle_get_width(reader->handle);
  int height = library->heif_image_handle_get_height(reader->handle);
  int bits = library->heif_image_handle_get_luma_bits_per_pixel(reader->handle);
  if (width <= 0 || height <= 0 || bits <= 0 || bits > 16) {
    strcpy(message, "it does not state a size, or its number of bits is not supported");
    recolor_heif_close(reader);
    return NULL;
  }
  memset(info, 0, sizeof *info);
  describe_profile(reader, info);
  describe_metadata(reader, info);
  info->width = reader->width = (uint32_t)width;
  info->height = reader->height = (uint32_t)height;
  info->color = reader->is_gray ? recolor_color_gray : recolor_color_rgb;
  info->has_alpha = reader->has_alpha = library->heif_image_handle_has_alpha_channel(reader->handle);
  info->is_premultiplied = info->has_alpha && library->heif_image_handle_is_premultiplied_alpha(reader->handle);
  info->bytes_per_sample = reader->bytes_per_sample = bits > 8 ? 2 : 1;
  // The library applies the container's turns, which are what counts, and not the orientation in the EXIF data.
  info->orientation = 1;
  info->is_turned = true;
  int images = library->heif_context_get_number_of_top_level_images(context);
  info->page_count = images > 1 ? (uint32_t)images : 1;
  return reader;
}

/// Copies the decoded pixels. Of gray, the library gives three equal samples.
/// - scale: The largest value of a 16-bit sample.
static void copy_rows(
    const recolor_heif_reader *reader, const uint8_t *plane, size_t stride, uint32_t scale, uint8_t *pixels) {
  size_t given = reader->has_alpha ? 4 : 3, kept = (reader->is_gray ? 1 : 3) + reader->has_alpha;
  for (uint32_t y = 0; y < reader->height; y++) {
    const uint8_t *row = plane + y * stride;
    for (size_t x = 0; x < reader->width; x++) {
      for (size_t sample = 0; sample < kept; sample++) {
        size_t from = x * given + (reader->is_gray && sample == 1 ? 3 : sample), to = x * kept + sample;
        if (reader->bytes_per_sample == 1) {
          pixels[y * reader->width * kept + to] = row[from];
        } else {
          uint32_t value = ((const uint16_t *)row)[from];
          uint32_t full = (value * 65535u + scale / 2) / scale;
          ((uint16_t *)pixels)[y * reader->width * kept + to] = full > 65535 ? 65535 : (uint16_t)full;
        }
      }
    }
  }
}

/// Decodes the image. AV1 is decoded by libaom where there is a choice: dav1d, which the library prefers, accepts damaged
/// pixels, and writes lines of its own to standard error.
static struct heif_error decode(
    const recolor_heif_reader *reader, enum heif_chroma chroma, struct heif_image **image) {
  const heif_library *library = reader->library;
#if LIBHEIF_NUMERIC_VERSION >= (1 << 24 | 15 << 16)
  struct heif_decoding_options *options = library->heif_decoding_options_alloc();
  if (options && options->version >= 4) {
    options->decoder_id = "aom";
    struct heif_error error = library->heif_decode_image(reader->handle, image, heif_colorspace_RGB, chroma, options);
    library->heif_decoding_options_free(options);
    // Some versions take the name for a wish, and others for a condition.
    bool is_refused = error.code == heif_error_Unsupported_feature || error.code == heif_error_Plugin_loading_error;
    if (!is_refused) return error;
  } else if (options) {
    library->heif_decoding_options_free(options);
  }
#endif
  return library->heif_decode_image(reader->handle, image, heif_colorspace_RGB, chroma, NULL);
}

bool recolor_heif_read(
    recolor_heif_reader *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]) {
  const heif_library *library = reader->library;
  const uint16_t one = 1;
  bool is_little = *(const uint8_t *)&one == 1;
  enum heif_chroma wide = is_little ? (reader->has_alpha ? heif_chroma_interleaved_RRGGBBAA_LE
                                                         : heif_chroma_interleaved_RRGGBB_LE)
                                    : (reader->has_alpha ? heif_chroma_interleaved_RRGGBBAA_BE
                                                         : heif_chroma_interleaved_RRGGBB_BE);
  enum heif_chroma narrow = reader->has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
  enum heif_chroma chroma = reader->bytes_per_sample == 2 ? wide : narrow;
  struct heif_image *image = NULL;
  *extent = (recolor_extent){.row_count = reader->height};
  if (!is_done(decode(reader, chroma, &image), message)) return false;
  int stride = 0;
  const uint8_t *plane = library->heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
  int bits = library->heif_image_get_bits_per_pixel_range(image, heif_channel_interleaved);
  bool is_sound = plane && bits > 0 && bits <= 16 && (bits > 8) == (reader->bytes_per_sample == 2)
                  && library->heif_image_get_width(image, heif_channel_interleaved) == (int)reader->width
                  && library->heif_image_get_height(image, heif_channel_interleaved) == (int)reader->height;
  if (is_sound) {
    copy_rows(reader, plane, (size_t)stride, (1u << bits) - 1, pixels);
  } else {
    strcpy(message, "its pixels have another size than its header says");
  }
  library->heif_image_release(image);
  return is_sound;
}

void recolor_heif_close(recolor_heif_reader *reader) {
  if (reader->handle) reader->library->heif_image_handle_release(reader->handle);
  if (reader->context) reader->library->heif_context_free(reader->context);
  free(reader->profile);
  free(reader->exif);
  free(reader->xmp);
  free(reader);
}
