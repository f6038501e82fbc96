#include <png.h>

// libpng gives these as macros, which Swift cannot call.

/// Bytes that `image` can take as a PNG file at most.
static inline png_alloc_size_t recolor_png_file_size_maximum(const png_image *image) {
  return PNG_IMAGE_PNG_SIZE_MAX(*image);
}
