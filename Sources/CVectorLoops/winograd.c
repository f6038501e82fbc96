#include "winograd.h"

#include <string.h>

#include "multiversion.h"
#include "product.h"
#include "winograd_tiles.h"

enum {
  /// Tiles of one block of sums: with 36 points and 32 columns 288 KiB, which with as much of transformed weights stays
  /// in the L2 cache.
  BLOCK_TILES = 64,
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static size_t chunks(size_t channels) { return (channels + WINOGRAD_CHUNK - 1) / WINOGRAD_CHUNK; }

// Distances between two points, in floats. Without the 16 more, all points of a tile would fall into one set of the L1
// cache: measured 7 times slower for the weights.
static size_t source_stride(size_t tiles) { return tiles * WINOGRAD_CHUNK + 16; }
static size_t weights_stride(size_t length) { return length * PANEL_WIDTH + 16; }
static size_t sums_stride(size_t tiles) { return tiles * PANEL_WIDTH + 16; }

size_t winograd_points(enum winograd_kind kind) { return kind == winograd_tile_4x4 ? 36 : 9; }

size_t winograd_tiles(enum winograd_kind kind, int32_t height, int32_t width) {
  return kind == winograd_tile_4x4 ? ((size_t)height + 3) / 4 * (((size_t)width + 3) / 4) : 1;
}

size_t winograd_source_count(enum winograd_kind kind, size_t tiles, size_t channels) {
  return chunks(channels) * winograd_points(kind) * source_stride(tiles);
}

size_t winograd_weights_count(enum winograd_kind kind, size_t channels) {
  return chunks(channels) * winograd_points(kind) * weights_stride(WINOGRAD_CHUNK);
}

// Transformed source tiles.

VECTOR_LOOP void transform_source(
    const enum winograd_kind kind, const struct winograd_image *image, size_t first, size_t end, float *to,
    size_t point_stride) {
  const int points = point_side(kind) * point_side(kind), side = source_side(kind);
  const float *all_pixels[2][WINOGRAD_MOST_SOURCES];
  find_source(kind, image, first, all_pixels[first % 2]);
  for (size_t tile = first; tile < end; tile++, to += WINOGRAD_CHUNK) {
    const float **pixels = all_pixels[tile % 2], **next = all_pixels[(tile + 1) % 2];
    find_source(kind, image, tile + 1 < end ? tile + 1 : tile, next);
    for (size_t channel = 0; channel < image->channels; channel += 16) {
      float *chunk = to + channel / WINOGRAD_CHUNK * (size_t)points * point_stride + channel % WINOGRAD_CHUNK;
      float16 x[WINOGRAD_MOST_SOURCES], v[WINOGRAD_MOST_POINTS];
#pragma clang loop unroll(full)
      for (int i = 0; i < side * side; i++) x[i] = load16(pixels[i] + channel);
      prefetch_source(kind, next, channel);
      source_2d(kind, x, v);
#pragma clang loop unroll(full)
      for (int i = 0; i < points; i++) store16(chunk + (size_t)i * point_stride, v[i]);
    }
  }
}

VECTOR_LOOP void source_body(
    enum winograd_kind kind, const struct winograd_image *image, size_t first, size_t end, float *to,
    size_t point_stride) {
  if (kind == winograd_tile_4x4)
    transform_source(winograd_tile_4x4, image, first, end, to, point_stride);
  else
    transform_source(winograd_map_2x2, image, first, end, to, point_stride);
}
MULTIVERSION(
    winograd_source_loop,
    source_body,
    (enum winograd_kind kind, const struct winograd_image *image, size_t first, size_t end, float *to,
     size_t point_stride),
    (kind, image, first, end, to, point_stride))

// Transformed weights of one panel, [points][length][32], from packed taps [9][length][32].

VECTOR_LOOP void transform_weights(const enum winograd_kind kind, const float *packed, size_t length, float *to) {
  const int points = point_side(kind) * point_side(kind);
  const size_t stride = length * PANEL_WIDTH;
  for (size_t i = 0; i < stride; i += 16) {
    float16 g[9], u[WINOGRAD_MOST_POINTS];
#pragma clang loop unroll(full)
    for (int tap = 0; tap < 9; tap++) g[tap] = load16(packed + (size_t)tap * stride + i);
    weights_2d(kind, g, u);
#pragma clang loop unroll(full)
    for (int point = 0; point < points; point++) store16(to + (size_t)point * weights_stride(WINOGRAD_CHUNK) + i, u[point]);
  }
}

VECTOR_LOOP void weights_body(enum winograd_kind kind, const float *packed, size_t length, float *to) {
  if (kind == winograd_tile_4x4)
    transform_weights(winograd_tile_4x4, packed, length, to);
  else
    transform_weights(winograd_map_2x2, packed, length, to);
}
MULTIVERSION(
    winograd_weights_loop, weights_body, (enum winograd_kind kind, const float *packed, size_t length, float *to),
    (kind, packed, length, to))

/// Packs and transforms the weights of `length` channels for one panel of outputs.
static void make_weights(
    const struct winograd_convolution *convolution, size_t channel, size_t length, size_t panel, float *packed,
    float *to) {
  const size_t output = panel * PANEL_WIDTH;
  const size_t valid = smaller(convolution->target.channels - output, PANEL_WIDTH);
  const size_t matrix = convolution->source.channels * convolution->target.channels;
  const float *weights = convolution->weights + (ptrdiff_t)channel * convolution->weight_channel_stride +
                         (ptrdiff_t)output * convolution->weight_output_stride;
  for (size_t tap = 0; tap < 9; tap++)
    pack_panel(
        length, valid, weights + (convolution->flipped ? 8 - tap : tap) * matrix, convolution->weight_channel_stride,
        convolution->weight_output_stride, packed + tap * length * PANEL_WIDTH);
  winograd_weights_loop(convolution->kind, packed, length, to);
}

// Target pixels of one panel, from sums [points][tiles][32].

/// Moments of 16 channels of the pixels so far: a first value, the mean's distance from it, and the sum of squared
/// deviations.
struct moments16 {
  float16 center, mean, squares;
};

/// Joins one tile's pixels to those of the `done` pixels before it: the tile's own mean first, and deviations from that, so
/// that nothing cancels however large the mean (Chan, Golub and LeVeque 1983). `whole` is known to the compiler wherever this
/// is inlined: whether all of the tile's pixels are there.
VECTOR_LOOP void join_tile(
    const enum winograd_kind kind, const float16 *y, float *const *pixels, const bool whole, size_t count, size_t done,
    struct moments16 *moments) {
  const int pixel_count = target_side(kind) * target_side(kind);
  if (done == 0) *moments = (struct moments16){y[0], {0}, {0}};
  // Several sums, as one would wait for each addition to end.
  float16 sum[4] = {0}, square[4] = {0};
#pragma clang loop unroll(full)
  for (int i = 0; i < pixel_count; i++)
    if (whole || pixels[i]) sum[i % 4] += y[i] - moments->center;
  const float16 mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) * (1.0f / (float)count);
#pragma clang loop unroll(full)
  for (int i = 0; i < pixel_count; i++) {
    if (!whole && !pixels[i]) continue;
    const float16 deviation = y[i] - moments->center - mean;
    square[i % 4] += deviation * deviation;
  }
  const float share = (float)count / (float)(done + count);
  const float16 distance = mean - moments->mean;
  moments->mean += distance * share;
  moments->squares +=
      ((square[0] + square[1]) + (square[2] + square[3])) + distance * distance * (share * (float)done);
}

VECTOR_LOOP void add_tile(
    const enum winograd_kind kind, const float16 *y, float *const *pixels, size_t count, size_t done,
    struct moments16 *moments) {
  if (count == (size_t)(target_side(kind) * target_side(kind)))
    join_tile(kind, y, pixels, true, count, done, moments);
  else
    join_tile(kind, y, pixels, false, count, done, moments);
}

VECTOR_LOOP size_t count_pixels(const enum winograd_kind kind, float *const *pixels) {
  size_t count = 0;
#pragma clang loop unroll(full)
  for (int i = 0; i < target_side(kind) * target_side(kind); i++) count += pixels[i] != NULL;
  return count;
}

/// `mean` and `squares` are the panel's, or NULL.
VECTOR_LOOP void transform_target(
    const enum winograd_kind kind, const struct winograd_image *image, const float *bias, size_t output, size_t first,
    size_t end, const float *from, size_t point_stride, double *mean, double *squares) {
  const int points = point_side(kind) * point_side(kind), side = target_side(kind);
  struct moments16 moments[PANEL_WIDTH / 16];
  size_t done = 0;
  const size_t valid = image->channels - output < PANEL_WIDTH ? image->channels - output : PANEL_WIDTH;
  float *all_pixels[2][WINOGRAD_MOST_TARGETS];
  find_target(kind, image, first, all_pixels[first % 2]);
  for (size_t tile = first; tile < end; tile++, from += PANEL_WIDTH) {
    float **pixels = all_pixels[tile % 2], **next = all_pixels[(tile + 1) % 2];
    find_target(kind, image, tile + 1 < end ? tile + 1 : tile, next);
    const size_t count = mean ? count_pixels(kind, pixels) : 0;
    for (size_t column = 0; column < valid; column += 16) {
      float16 m[WINOGRAD_MOST_POINTS], y[WINOGRAD_MOST_TARGETS];
#pragma clang loop unroll(full)
      for (int i = 0; i < points; i++) m[i] = load16(from + (size_t)i * point_stride + column);
      prefetch_target(kind, next, output + column, true);
      target_2d(kind, m, y);
      const size_t here = valid - column < 16 ? valid - column : 16;
      float16 start = {0};
      if (bias) {
        if (here == 16)
          start = load16(bias + output + column);
        else
          for (size_t i = 0; i < here; i++) start[i] = bias[output + column + i];
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < side * side; i++) {
        y[i] += start;
        if (!pixels[i]) continue;
        float *to = pixels[i] + output + column;
        if (here == 16)
          store16(to, y[i]);
        else
          for (size_t k = 0; k < here; k++) to[k] = y[i][k];
      }
      if (mean) add_tile(kind, y, pixels, count, done, &moments[column / 16]);
    }
    done += count;
  }
  if (!mean) return;
  for (size_t column = 0; column < valid; column++) {
    const struct moments16 *all = &moments[column / 16];
    mean[column] = (double)all->center[column % 16] + (double)all->mean[column % 16];
    squares[column] = (double)all->squares[column % 16];
  }
}

VECTOR_LOOP void target_body(
    enum winograd_kind kind, const struct winograd_image *image, const float *bias, size_t output, size_t first,
    size_t end, const float *from, size_t point_stride, double *mean, double *squares) {
  if (kind == winograd_tile_4x4)
    transform_target(winograd_tile_4x4, image, bias, output, first, end, from, point_stride, mean, squares);
  else
    transform_target(winograd_map_2x2, image, bias, output, first, end, from, point_stride, mean, squares);
}
MULTIVERSION(
    winograd_target_loop,
    target_body,
    (enum winograd_kind kind, const struct winograd_image *image, const float *bias, size_t output, size_t first,
     size_t end, const float *from, size_t point_stride, double *mean, double *squares),
    (kind, image, bias, output, first, end, from, point_stride, mean, squares))

void winograd_transform_source(
    const struct winograd_convolution *convolution, size_t first, size_t end, size_t origin, size_t total,
    float *transformed) {
  winograd_source_loop(
      convolution->kind, &convolution->source, first, end, transformed + (first - origin) * WINOGRAD_CHUNK,
      source_stride(total));
}

size_t winograd_weights_scratch_bytes(void) { return 9 * WINOGRAD_CHUNK * PANEL_WIDTH * sizeof(float); }

void winograd_transform_weights(
    const struct winograd_convolution *convolution, size_t panel, float *transformed, void *scratch) {
  const size_t channels = convolution->source.channels;
  for (size_t channel = 0; channel < channels; channel += WINOGRAD_CHUNK) {
    make_weights(
        convolution, channel, smaller(channels - channel, WINOGRAD_CHUNK), panel, scratch, transformed);
    transformed += winograd_points(convolution->kind) * weights_stride(WINOGRAD_CHUNK);
  }
}

struct panel_scratch {
  const float *left[BLOCK_TILES];
  float *out[BLOCK_TILES];
  float packed[9 * WINOGRAD_CHUNK * PANEL_WIDTH];
};

size_t winograd_panel_scratch_bytes(enum winograd_kind kind) {
  return sizeof(struct panel_scratch) +
         winograd_points(kind) * (weights_stride(WINOGRAD_CHUNK) + sums_stride(BLOCK_TILES)) * sizeof(float);
}

void winograd_run_panel(
    const struct winograd_convolution *convolution, const float *transformed, const float *weights, size_t first,
    size_t end, size_t origin, size_t total, size_t panel, void *memory) {
  const size_t points = winograd_points(convolution->kind), channels = convolution->source.channels;
  const size_t valid = smaller(convolution->target.channels - panel * PANEL_WIDTH, PANEL_WIDTH);
  struct panel_scratch *scratch = memory;
  float *made = (float *)(scratch + 1), *sums = made + points * weights_stride(WINOGRAD_CHUNK);
  for (size_t block = first; block < end; block += BLOCK_TILES) {
    const size_t tiles = smaller(end - block, BLOCK_TILES);
    for (size_t tile = 0; tile < tiles; tile++) {
      scratch->left[tile] = transformed + (block - origin + tile) * WINOGRAD_CHUNK;
      scratch->out[tile] = sums + tile * PANEL_WIDTH;
    }
    for (size_t chunk = 0; chunk < chunks(channels); chunk++) {
      const size_t channel = chunk * WINOGRAD_CHUNK, length = smaller(channels - channel, WINOGRAD_CHUNK);
      if (!weights) make_weights(convolution, channel, length, panel, scratch->packed, made);
      const float *right = weights ? weights + chunk * points * weights_stride(WINOGRAD_CHUNK) : made;
      for (size_t point = 0; point < points; point++)
        product_panel(
            tiles, 1, length, scratch->left, (ptrdiff_t)((chunk * points + point) * source_stride(total)),
            right + point * weights_stride(WINOGRAD_CHUNK), scratch->out, (ptrdiff_t)(point * sums_stride(tiles)),
            NULL, chunk > 0, valid);
    }
    const size_t part_tiles = convolution->mean ? WINOGRAD_PART_TILES : BLOCK_TILES;
    for (size_t part = 0; part < tiles; part += part_tiles) {
      const size_t place =
          (block + part) / WINOGRAD_PART_TILES * convolution->target.channels + panel * PANEL_WIDTH;
      winograd_target_loop(
          convolution->kind, &convolution->target, convolution->bias, panel * PANEL_WIDTH, block + part,
          block + smaller(tiles, part + part_tiles), sums + part * PANEL_WIDTH, sums_stride(tiles),
          convolution->mean ? convolution->mean + place : NULL,
          convolution->mean ? convolution->squares + place : NULL);
    }
  }
}
