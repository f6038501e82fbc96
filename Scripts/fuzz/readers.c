// libFuzzer's target for one of the readers of CImageCodecs: reads the bytes as an image file, as the command does.
//
// READER is png, jpeg, tiff, gif or heif. The pixels' memory has exactly the size that the caller must give, and all
// metadata are touched, so that the address sanitizer sees what is read and written outside.
#include <CImageCodecs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN(reader, name) recolor_##reader##_##name
#define NAME(reader, name) JOIN(reader, name)

/// Larger pictures are only opened: decoding them takes time, and finds what small ones find.
static const uint64_t pixel_limit = 1 << 20;

/// Ends the process where a promise of the readers is broken, which libFuzzer reports with the file.
static void require(bool condition, const char *promise) {
  if (condition) return;
  fprintf(stderr, "%s\n", promise);
  abort();
}

static void touch(const uint8_t *bytes, size_t count) {
  static volatile uint8_t sum;
  require(bytes != NULL || count == 0, "metadata without memory");
  for (size_t index = 0; index < count; index++) sum ^= bytes[index];
}

static size_t samples_per_pixel(const recolor_image_info *info) {
  size_t colors = info->color == recolor_color_gray ? 1 : info->color == recolor_color_cmyk ? 4 : 3;
  return colors + (info->has_alpha ? 1 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  char message[RECOLOR_MESSAGE_SIZE] = {0};
  recolor_image_info info;
  memset(&info, 0, sizeof info);
  struct NAME(READER, reader) *reader = NAME(READER, open)(bytes, count, &info, message);
  if (reader == NULL) {
    require(message[0] != 0, "a failure to open without a message");
    return 0;
  }
  touch(info.profile, info.profile_size);
  touch(info.exif, info.exif_size);
  touch(info.xmp, info.xmp_size);
  touch(info.iptc, info.iptc_size);
  touch(info.photoshop, info.photoshop_size);
  uint64_t pixels = (uint64_t)info.width * info.height;
  require(pixels > 0, "an image without pixels");
  require(info.bytes_per_sample == 1 || info.bytes_per_sample == 2, "samples of neither one nor two bytes");
  if (pixels <= pixel_limit) {
    size_t row = (size_t)info.width * samples_per_pixel(&info) * info.bytes_per_sample;
    uint8_t *memory = malloc(row * info.height);
    if (memory == NULL) abort();
    recolor_extent extent;
    memset(&extent, 0, sizeof extent);
    if (NAME(READER, read)(reader, memory, &extent, message)) {
      require(extent.row_count > 0 && extent.row_count <= info.height, "a number of rows that there are not");
      touch(memory, row * extent.row_count);
    } else {
      require(message[0] != 0, "a failure to read without a message");
    }
    free(memory);
  }
  NAME(READER, close)(reader);
  return 0;
}
