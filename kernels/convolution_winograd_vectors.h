// Minimal filtering for CPUs: how 16 channels of a tile come from memory to their 36 points. See
// convolution_winograd_transforms.h for the formulas.

#define VALUE float16
#include "convolution_winograd_transforms.h"

// Pixels of a tile lie far apart, so processors do not foresee which come next: asking for the next tile's while one is
// worked on makes the passes over large maps a quarter faster. OpenCL's own prefetch() does nothing in PoCL, whose compiler
// has a better one; those that compile for a processor that does not exist, as Oclgrind's does, do not know that.
#if defined(__x86_64__) || defined(__aarch64__)
#define ASK_FOR(pointer) __builtin_prefetch((const void *)(size_t)(pointer))
#define ASK_TO_WRITE(pointer) __builtin_prefetch((const void *)(size_t)(pointer), 1)
#else
#define ASK_FOR(pointer) prefetch(pointer, 16)
#define ASK_TO_WRITE(pointer) prefetch((global const float *)(pointer), 16)
#endif

// Asks for 16 channels of the source pixels of the tile at `place`. It shares the first columns with the one before it.
void ask_for_source(global const float *source, ulong stride, TilePlace place, int height, int width) {
  for (int i = 0; i < SOURCE_SIDE; i++) {
    const int y = clamp(place.y + i - BORDER, 0, height - 1);
    global const float *row = source + (long)(place.image * height + y) * width * (long)stride;
#pragma unroll
    for (int j = 2 * BORDER; j < SOURCE_SIDE; j++) ASK_FOR(row + min(place.x + j - BORDER, width - 1) * (long)stride);
  }
}

// The points of 16 channels of the tile at `place`, of which `count` exist, to `points`, `point_stride` floats apart.
void transform_source_tile(global const float *source, ulong stride, TilePlace place, int height, int width, int count,
                           float *points, int point_stride) {
  float16 pixels[SOURCE_SIDE * SOURCE_SIDE], half_way[SOURCE_SIDE * POINT_SIDE];
  for (int i = 0; i < SOURCE_SIDE; i++) {
    const int y = place.y + i - BORDER;
    const int row_exists = (uint)y < (uint)height;
    global const float *row = source + (long)(place.image * height + y) * width * (long)stride;
    for (int j = 0; j < SOURCE_SIDE; j++) {
      const int x = place.x + j - BORDER;
      pixels[i * SOURCE_SIDE + j] =
          row_exists && (uint)x < (uint)width ? load_some(row + x * (long)stride, count) : (float16)(0.0f);
    }
  }
  // The first round turns the tile over, the second turns it back.
  for (int x = 0; x < SOURCE_SIDE; x++) transform_source_line(pixels + x, SOURCE_SIDE, half_way + x * POINT_SIDE);
  for (int y = 0; y < POINT_SIDE; y++) {
    float16 line[POINT_SIDE];
    transform_source_line(half_way + y, POINT_SIDE, line);
#pragma unroll
    for (int i = 0; i < POINT_SIDE; i++) vstore16(line[i], 0, points + (y * POINT_SIDE + i) * point_stride);
  }
}

// Asks for 16 channels of the target pixels of the tile at `place`.
void ask_for_target(global const float *target, ulong stride, TilePlace place, int height, int width) {
  for (int y = place.y; y < min(place.y + TILE_SIDE, height); y++)
#pragma unroll
    for (int x = 0; x < TILE_SIDE; x++)
      ASK_FOR(target + ((size_t)(place.image * height + y) * width + min(place.x + x, width - 1)) * stride);
}

// The points of 16 channels of a tile of the output's gradient, as above.
void transform_gradient_tile(global const float *gradient, ulong stride, TilePlace place, int height, int width,
                             int count, float *points, int point_stride) {
  float16 pixels[TILE_SIDE * TILE_SIDE], half_way[POINT_SIDE * TILE_SIDE];
  for (int i = 0; i < TILE_SIDE; i++) {
    const int y = place.y + i;
    global const float *row = gradient + (size_t)(place.image * height + y) * width * stride;
    for (int j = 0; j < TILE_SIDE; j++) {
      const int x = place.x + j;
      pixels[i * TILE_SIDE + j] = y < height && x < width ? load_some(row + x * stride, count) : (float16)(0.0f);
    }
  }
  for (int x = 0; x < TILE_SIDE; x++) transform_gradient_line(pixels + x, TILE_SIDE, half_way + x * POINT_SIDE);
  for (int y = 0; y < POINT_SIDE; y++) {
    float16 line[POINT_SIDE];
    transform_gradient_line(half_way + y, POINT_SIDE, line);
#pragma unroll
    for (int i = 0; i < POINT_SIDE; i++) vstore16(line[i], 0, points + (y * POINT_SIDE + i) * point_stride);
  }
}
