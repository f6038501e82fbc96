// libheif, which is loaded when the first file is read and not linked, so that a program starts where there is none.
#ifndef RECOLOR_HEIF_LIBRARY_H
#define RECOLOR_HEIF_LIBRARY_H

#include <libheif/heif.h>

#include "include/image_info.h"

/// The functions that are used: those of version 1.12 and later.
#define HEIF_FUNCTIONS(DO) \
  DO(heif_context_alloc) \
  DO(heif_context_free) \
  DO(heif_context_get_number_of_top_level_images) \
  DO(heif_context_get_primary_image_handle) \
  DO(heif_context_read_from_memory_without_copy) \
  DO(heif_decode_image) \
  DO(heif_decoding_options_alloc) \
  DO(heif_decoding_options_free) \
  DO(heif_have_decoder_for_format) \
  DO(heif_image_get_bits_per_pixel_range) \
  DO(heif_image_get_height) \
  DO(heif_image_get_plane_readonly) \
  DO(heif_image_get_width) \
  DO(heif_image_handle_get_color_profile_type) \
  DO(heif_image_handle_get_height) \
  DO(heif_image_handle_get_list_of_metadata_block_IDs) \
  DO(heif_image_handle_get_luma_bits_per_pixel) \
  DO(heif_image_handle_get_metadata) \
  DO(heif_image_handle_get_metadata_content_type) \
  DO(heif_image_handle_get_metadata_size) \
  DO(heif_image_handle_get_nclx_color_profile) \
  DO(heif_image_handle_get_raw_color_profile) \
  DO(heif_image_handle_get_raw_color_profile_size) \
  DO(heif_image_handle_get_width) \
  DO(heif_image_handle_has_alpha_channel) \
  DO(heif_image_handle_is_premultiplied_alpha) \
  DO(heif_image_handle_release) \
  DO(heif_image_release) \
  DO(heif_nclx_color_profile_free)

typedef struct {
#define HEIF_POINTER(name) __typeof__(&name) name;
  HEIF_FUNCTIONS(HEIF_POINTER)
#undef HEIF_POINTER
} heif_library;

/// Returns the library, loaded by the first call and never unloaded; null, with `message` set, where there is none or it
/// lacks a function. The environment variable RECOLOR_LIBHEIF names another file to load.
const heif_library *heif_library_open(char message[RECOLOR_MESSAGE_SIZE]);

#endif
