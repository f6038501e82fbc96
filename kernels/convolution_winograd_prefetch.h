// Winograd's algorithm for CPUs: prefetching the pixels of a tile, 16 channels at a time. A file includes
// convolution_winograd_transforms.h before this.

// Pixels of a tile lie far apart, so that hardware prefetchers do not foresee them: prefetching the next tile while one
// is transformed makes the passes over large maps a quarter faster. OpenCL's own prefetch() does nothing in PoCL, whose
// compiler has a better one; those that compile for a virtual processor, as Oclgrind's does, do not know that.
#if defined(__x86_64__) || defined(__aarch64__)
#define PREFETCH(pointer) __builtin_prefetch((const void *)(size_t)(pointer))
#define PREFETCH_WRITE(pointer) __builtin_prefetch((const void *)(size_t)(pointer), 1)
#else
#define PREFETCH(pointer) prefetch(pointer, 16)
#define PREFETCH_WRITE(pointer) prefetch((global const float *)(pointer), 16)
#endif

// Prefetches the input pixels of the tile at `place`. It shares the first columns with the one before it.
static inline void prefetch_input_tile(global const float *input, ulong stride, TilePlace place, int height,
                                       int width) {
  for (int i = 0; i < INPUT_SIDE; i++) {
    const int y = clamp(place.y * INPUT_SCALE + i - BORDER, 0, height - 1);
    global const float *row = input + (long)(place.n * height + y) * width * (long)stride;
#pragma unroll
    for (int j = INPUT_SIDE - TILE_SIDE * INPUT_SCALE; j < INPUT_SIDE; j++)
      PREFETCH(row + min(place.x * INPUT_SCALE + j - BORDER, width - 1) * (long)stride);
  }
}

// Prefetches the output pixels of the tile at `place`.
static inline void prefetch_output_tile(global const float *map, ulong stride, TilePlace place, int height, int width) {
  for (int y = place.y * OUTPUT_SCALE; y < min(place.y * OUTPUT_SCALE + OUTPUT_SIDE, height); y++)
#pragma unroll
    for (int x = 0; x < OUTPUT_SIDE; x++)
      PREFETCH(map + ((size_t)(place.n * height + y) * width + min(place.x * OUTPUT_SCALE + x, width - 1)) * stride);
}

// The same, to be written.
static inline void prefetch_write_tile(global float *map, ulong stride, TilePlace place, int height, int width) {
  for (int y = place.y * OUTPUT_SCALE; y < min(place.y * OUTPUT_SCALE + OUTPUT_SIDE, height); y++)
#pragma unroll
    for (int x = 0; x < OUTPUT_SIDE; x++)
      PREFETCH_WRITE(map +
                     ((size_t)(place.n * height + y) * width + min(place.x * OUTPUT_SCALE + x, width - 1)) * stride);
}
