// Reads pictures with the readers of CImageCodecs, and compares what they give with another machine's.
//
// pictures FILE...                  prints a line for each picture: its name, its properties, and a checksum of its
//                                   pixels and of its metadata; or why it is refused
// pictures --expect LINES FILE...   compares these lines with those in LINES, which another machine printed, and ends
//                                   with a closing line, and with 1 where one differs

#include <CImageCodecs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A format with its reader, whose functions take their reader as void *.
struct format {
  const char *ending;
  void *(*open)(const uint8_t *bytes, size_t count, recolor_image_info *info, char message[RECOLOR_MESSAGE_SIZE]);
  bool (*read)(void *reader, uint8_t *pixels, recolor_extent *extent, char message[RECOLOR_MESSAGE_SIZE]);
  void (*close)(void *reader);
};

#define FORMAT(name)                                                                                        \
  static void *name##_open(const uint8_t *bytes, size_t count, recolor_image_info *info, char *message) {   \
    return recolor_##name##_open(bytes, count, info, message);                                              \
  }                                                                                                         \
  static bool name##_read(void *reader, uint8_t *pixels, recolor_extent *extent, char *message) {           \
    return recolor_##name##_read(reader, pixels, extent, message);                                          \
  }                                                                                                         \
  static void name##_close(void *reader) { recolor_##name##_close(reader); }
FORMAT(png)
FORMAT(jpeg)
FORMAT(tiff)
FORMAT(gif)

static const struct format formats[] = {
    {".png", png_open, png_read, png_close},
    {".jpg", jpeg_open, jpeg_read, jpeg_close},
    {".jpeg", jpeg_open, jpeg_read, jpeg_close},
    {".tif", tiff_open, tiff_read, tiff_close},
    {".tiff", tiff_open, tiff_read, tiff_close},
    {".gif", gif_open, gif_read, gif_close},
};

static const struct format *format_of(const char *path) {
  const char *ending = strrchr(path, '.');
  for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++)
    if (strcmp(ending, formats[i].ending) == 0) return &formats[i];
  return NULL;
}

/// FNV-1a (Fowler, Noll and Vo).
static uint64_t digest(uint64_t hash, const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
  return hash;
}
static const uint64_t empty_digest = 0xcbf29ce484222325;

static uint64_t metadata_digest(const recolor_image_info *info) {
  uint64_t hash = empty_digest;
  hash = digest(hash, info->profile, info->profile_size);
  hash = digest(hash, info->exif, info->exif_size);
  hash = digest(hash, info->xmp, info->xmp_size);
  hash = digest(hash, info->iptc, info->iptc_size);
  hash = digest(hash, info->photoshop, info->photoshop_size);
  hash = digest(hash, info->resolution, sizeof info->resolution);
  hash = digest(hash, &info->gamma, sizeof info->gamma);
  return digest(hash, info->chromaticities, sizeof info->chromaticities);
}

static void end(const char *path, const char *problem) {
  fprintf(stderr, "pictures: %s: %s\n", path, problem);
  exit(2);
}

static uint8_t *contents(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) end(path, "cannot be read");
  const long size = ftell(file);
  rewind(file);
  uint8_t *bytes = size < 0 ? NULL : malloc((size_t)size + 1);
  if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) end(path, "cannot be read");
  fclose(file);
  *count = (size_t)size;
  return bytes;
}

/// Writes the picture's line.
static void describe(const char *path, char *line, size_t room) {
  const struct format *format = format_of(path);
  if (!format) end(path, "is no PNG, JPEG or TIFF file by its name");
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  size_t count;
  uint8_t *bytes = contents(path, &count);
  char message[RECOLOR_MESSAGE_SIZE] = "";
  recolor_image_info info;
  memset(&info, 0, sizeof info);
  void *reader = format->open(bytes, count, &info, message);
  if (!reader) {
    snprintf(line, room, "%s refused: %s", name, message);
    free(bytes);
    return;
  }
  const size_t colors = info.color == recolor_color_gray ? 1 : info.color == recolor_color_cmyk ? 4 : 3;
  const size_t row = (size_t)info.width * (colors + info.has_alpha) * info.bytes_per_sample;
  const uint64_t metadata = metadata_digest(&info);
  // The pixels of a file that claims more than it can hold are not asked for.
  uint8_t *pixels = row * info.height <= 1 << 28 ? malloc(row * info.height + 1) : NULL;
  recolor_extent extent;
  memset(&extent, 0, sizeof extent);
  if (!pixels)
    snprintf(line, room, "%s %u x %u: too large to be read here", name, info.width, info.height);
  else if (!format->read(reader, pixels, &extent, message))
    snprintf(line, room, "%s %u x %u refused: %s", name, info.width, info.height, message);
  else
    snprintf(
        line, room,
        "%s %u x %u x %zu of %d bytes, orientation %d, page 1 of %u, %u rows%s%s, pixels %016llx, metadata %016llx",
        name, info.width, info.height, colors + info.has_alpha, info.bytes_per_sample, info.orientation,
        info.page_count, extent.row_count, extent.is_coarse ? ", coarse" : "", extent.lacks_end ? ", no end" : "",
        (unsigned long long)digest(empty_digest, pixels, row * extent.row_count), (unsigned long long)metadata);
  format->close(reader);
  free(pixels);
  free(bytes);
}

int main(int count, char **arguments) {
  const bool compares = count > 3 && strcmp(arguments[1], "--expect") == 0;
  FILE *expected = compares ? fopen(arguments[2], "r") : NULL;
  if (compares && !expected) end(arguments[2], "cannot be read");
  size_t passed = 0, failed = 0;
  for (int i = compares ? 3 : 1; i < count; i++) {
    char line[1024], other[1024] = "";
    describe(arguments[i], line, sizeof line);
    if (!compares) {
      puts(line);
      continue;
    }
    if (!fgets(other, sizeof other, expected)) other[0] = 0;
    other[strcspn(other, "\n")] = 0;
    if (strcmp(line, other) == 0) {
      passed++;
    } else {
      failed++;
      printf("FAILED %s\n    not %s\n", line, other);
    }
  }
  if (!compares) return 0;
  printf("%zu passed, %zu failed\n", passed, failed);
  return failed > 0;
}
