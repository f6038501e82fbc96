// The data sum by Winograd's algorithm.

#include "winograd.h"

#include <string.h>

#include "multiversion.h"
#include "product.h"
#include "winograd_tiles.h"

enum {
  /// Tiles of one block of sums: with 36 elements and 32 columns 288 KiB, which stay in the L2 cache beside as much of
  /// transformed weights; with the 81 to 100 of stride 2 onto the image, up to 800 KiB.
  BLOCK_TILES = 64,
  /// Channels of a library's panel: measured 97 GFLOP/s of OpenBLAS's kernels for AVX, of 82 with the vector loops' 32.
  LIBRARY_PANEL_WIDTH = 64,
};

static size_t chunks(size_t channels) { return (channels + WINOGRAD_CHUNK - 1) / WINOGRAD_CHUNK; }

// The floats of a tile in a chunk of transformed input: fewer than a chunk's where there are not as many channels, so
// that the caches hold no gaps.
static size_t input_width(size_t channels) { return smaller(channels, WINOGRAD_CHUNK); }

// Distances between two elements of the transform domain, in floats. Without the 16 more, all elements of a tile would
// fall into one set of the L1 cache: measured 7 times slower for the weights.
static size_t input_stride(size_t tiles, size_t channels) { return tiles * input_width(channels) + 16; }
static size_t weights_stride(size_t panel_width) { return WINOGRAD_CHUNK * panel_width + 16; }
static size_t sums_stride(size_t tiles, size_t panel_width) { return tiles * panel_width + 16; }

size_t winograd_panel_width(bool library) { return library ? LIBRARY_PANEL_WIDTH : PANEL_WIDTH; }

size_t winograd_elements(enum winograd_kind kind) { return (size_t)(domain_side(kind) * domain_side(kind)); }

size_t winograd_sum_elements(enum winograd_kind kind) { return (size_t)(sums_side(kind) * sums_side(kind)); }

size_t winograd_weight_elements(enum winograd_kind kind) { return (size_t)(weights_side(kind) * weights_side(kind)); }

size_t winograd_tiles(enum winograd_kind kind, int32_t height, int32_t width) {
  const size_t side = kind == winograd_map_2x2 ? 2 : 4;
  return ((size_t)height + side - 1) / side * (((size_t)width + side - 1) / side);
}

size_t winograd_input_count(enum winograd_kind kind, size_t tiles, size_t channels) {
  return chunks(channels) * winograd_elements(kind) * input_stride(tiles, channels);
}

size_t winograd_weights_count(enum winograd_kind kind, size_t channels, size_t panel_width) {
  return chunks(channels) * winograd_weight_elements(kind) * weights_stride(panel_width);
}

// The input transform.

VECTOR_LOOP void transform_input(
    const enum winograd_kind kind, const struct winograd_image *image, size_t first, size_t end, float *to,
    size_t element_stride) {
  const size_t elements = winograd_elements(kind), width = input_width(image->channels);
  _Alignas(64) const float *all_pixels[2][WINOGRAD_INPUT_ADDRESSES];
  find_inputs(kind, image, first, all_pixels[first % 2]);
  for (size_t tile = first; tile < end; tile++, to += width) {
    const float **pixels = all_pixels[tile % 2], **next = all_pixels[(tile + 1) % 2];
    find_inputs(kind, image, tile + 1 < end ? tile + 1 : tile, next);
    for (size_t channel = 0; channel < image->channels; channel += 16) {
      float *chunk = to + channel / WINOGRAD_CHUNK * elements * element_stride + channel % WINOGRAD_CHUNK;
      transform_input_tile(kind, pixels, next, channel, chunk, element_stride);
    }
  }
}

VECTOR_LOOP void input_body(
    enum winograd_kind kind, const struct winograd_image *image, size_t first, size_t end, float *to,
    size_t element_stride) {
  WITH_WINOGRAD_KIND(kind, transform_input, image, first, end, to, element_stride)
}
MULTIVERSION(
    winograd_input_loop,
    input_body,
    (enum winograd_kind kind, const struct winograd_image *image, size_t first, size_t end, float *to,
     size_t element_stride),
    (kind, image, first, end, to, element_stride))

// The weight transform of one panel, to [weight elements][length][width] from packed taps [taps][length][width].

VECTOR_LOOP void transform_weights(
    const enum winograd_kind kind, const float *packed, size_t length, size_t width, float *to) {
  const int elements = weights_side(kind) * weights_side(kind), taps = kernel_side(kind) * kernel_side(kind);
  const size_t stride = length * width;
  for (size_t i = 0; i < stride; i += 16) {
    float16 g[WINOGRAD_MOST_TAPS], u[WINOGRAD_MOST_ELEMENTS];
#pragma clang loop unroll(full)
    for (int tap = 0; tap < taps; tap++) g[tap] = load16(packed + (size_t)tap * stride + i);
    weights_2d(kind, g, u);
#pragma clang loop unroll(full)
    for (int element = 0; element < elements; element++)
      store16(to + (size_t)element * weights_stride(width) + i, u[element]);
  }
}

VECTOR_LOOP void weights_body(
    enum winograd_kind kind, const float *packed, size_t length, size_t width, float *to) {
  WITH_WINOGRAD_KIND(kind, transform_weights, packed, length, width, to)
}
MULTIVERSION(
    winograd_weights_loop, weights_body,
    (enum winograd_kind kind, const float *packed, size_t length, size_t width, float *to),
    (kind, packed, length, width, to))

/// Packs and transforms the weights of `length` source channels for one panel of result channels.
static void make_weights(
    const struct winograd_data *problem, size_t channel, size_t length, size_t panel, float *packed,
    float *to) {
  const size_t width = problem->panel_width, output = panel * width;
  const size_t valid = smaller(problem->result.channels - output, width);
  const size_t matrix = problem->source.channels * problem->result.channels;
  const float *weights = problem->weights + (ptrdiff_t)channel * problem->weight_source_stride +
                         (ptrdiff_t)output * problem->weight_result_stride;
  const size_t taps = (size_t)(kernel_side(problem->kind) * kernel_side(problem->kind));
  for (size_t tap = 0; tap < taps; tap++)
    pack_panel(
        length, valid, weights + (problem->flipped ? taps - 1 - tap : tap) * matrix, problem->weight_source_stride,
        problem->weight_result_stride, packed + tap * length * width, width);
  winograd_weights_loop(problem->kind, packed, length, width, to);
}

// The output transform of one panel, from sums [sum elements][tiles][width].

/// Moments of 16 channels of the pixels so far: a first value, the mean's distance from it, and the sum of squared
/// deviations.
struct moments16 {
  float16 center, mean, squares;
};

/// Joins one tile's pixels to those of the `done` pixels before it: the tile's own mean first, and deviations from
/// that, so that nothing cancels however large the mean (Chan, Golub and LeVeque 1983). `whole`: whether all of the
/// tile's pixels are inside the image, a constant where this is inlined.
VECTOR_LOOP void join_tile(
    const enum winograd_kind kind, const float16 *y, float *const *pixels, const bool whole, size_t count, size_t done,
    struct moments16 *moments) {
  const int pixel_count = output_side(kind) * output_side(kind);
  if (done == 0) *moments = (struct moments16){y[0], {0}, {0}};
  // Several sums, as each addition to one would wait for the one before.
  float16 sum[4] = {0}, square[4] = {0};
#pragma clang loop unroll(full)
  for (int i = 0; i < pixel_count; i++)
    if (whole || pixels[output_place(kind, i)]) sum[i % 4] += y[i] - moments->center;
  const float16 mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) * (1.0f / (float)count);
#pragma clang loop unroll(full)
  for (int i = 0; i < pixel_count; i++) {
    if (!whole && !pixels[output_place(kind, i)]) continue;
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
  if (count == (size_t)(output_side(kind) * output_side(kind)))
    join_tile(kind, y, pixels, true, count, done, moments);
  else
    join_tile(kind, y, pixels, false, count, done, moments);
}

VECTOR_LOOP size_t count_pixels(const enum winograd_kind kind, float *const *pixels) {
  size_t count = 0;
#pragma clang loop unroll(full)
  for (int i = 0; i < output_side(kind) * output_side(kind); i++) count += pixels[output_place(kind, i)] != NULL;
  return count;
}

/// `mean` and `squares` are the panel's, or NULL, as they are with stride 2 onto the image.
VECTOR_LOOP void transform_output(
    const enum winograd_kind kind, const struct winograd_image *image, const float *bias, size_t output, size_t first,
    size_t end, const float *from, size_t width, size_t element_stride, double *mean, double *squares) {
  // Known to the compiler, which leaves out their loops over 64 pixels.
  if (kind == winograd_stride_2_image || kind == winograd_kernel_4_image) mean = NULL;
  struct moments16 moments[LIBRARY_PANEL_WIDTH / 16];
  size_t done = 0;
  const size_t valid = image->channels - output < width ? image->channels - output : width;
  _Alignas(64) float *all_pixels[2][WINOGRAD_OUTPUT_ADDRESSES];
  find_outputs(kind, image, first, all_pixels[first % 2]);
  for (size_t tile = first; tile < end; tile++, from += width) {
    float **pixels = all_pixels[tile % 2], **next = all_pixels[(tile + 1) % 2];
    find_outputs(kind, image, tile + 1 < end ? tile + 1 : tile, next);
    const size_t count = mean ? count_pixels(kind, pixels) : 0;
    for (size_t column = 0; column < valid; column += 16) {
      float16 y[WINOGRAD_MOST_OUTPUTS], start = {0};
      const size_t here = valid - column < 16 ? valid - column : 16;
      if (bias) {
        if (here == 16)
          start = load16(bias + output + column);
        else
          for (size_t i = 0; i < here; i++) start[i] = bias[output + column + i];
      }
      transform_output_tile(kind, from + column, element_stride, start, pixels, next, output + column, here, y);
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

VECTOR_LOOP void output_body(
    enum winograd_kind kind, const struct winograd_image *image, const float *bias, size_t output, size_t first,
    size_t end, const float *from, size_t width, size_t element_stride, double *mean, double *squares) {
  WITH_WINOGRAD_KIND(
      kind, transform_output, image, bias, output, first, end, from, width, element_stride, mean, squares)
}
MULTIVERSION(
    winograd_output_loop,
    output_body,
    (enum winograd_kind kind, const struct winograd_image *image, const float *bias, size_t output, size_t first,
     size_t end, const float *from, size_t width, size_t element_stride, double *mean, double *squares),
    (kind, image, bias, output, first, end, from, width, element_stride, mean, squares))

void winograd_transform_input(
    const struct winograd_data *problem, size_t first, size_t end, size_t origin, size_t total,
    float *transformed) {
  const size_t channels = problem->source.channels;
  winograd_input_loop(
      problem->kind, &problem->source, first, end, transformed + (first - origin) * input_width(channels),
      input_stride(total, channels));
}

size_t winograd_weights_scratch_bytes(size_t panel_width) {
  return WINOGRAD_MOST_TAPS * WINOGRAD_CHUNK * panel_width * sizeof(float);
}

void winograd_transform_weights(
    const struct winograd_data *problem, size_t panel, float *transformed, void *scratch) {
  const size_t channels = problem->source.channels;
  for (size_t channel = 0; channel < channels; channel += WINOGRAD_CHUNK) {
    make_weights(
        problem, channel, smaller(channels - channel, WINOGRAD_CHUNK), panel, scratch, transformed);
    transformed += winograd_weight_elements(problem->kind) * weights_stride(problem->panel_width);
  }
}

struct panel_scratch {
  const float *left[BLOCK_TILES];
  float *out[BLOCK_TILES];
  /// Taps before their transform, transformed weights, sums.
  float floats[];
};

size_t winograd_panel_scratch_bytes(enum winograd_kind kind, size_t panel_width) {
  const size_t floats = winograd_weight_elements(kind) * weights_stride(panel_width) +
                        winograd_sum_elements(kind) * sums_stride(BLOCK_TILES, panel_width);
  return sizeof(struct panel_scratch) + winograd_weights_scratch_bytes(panel_width) + floats * sizeof(float);
}

void winograd_data_run_panel(
    const struct winograd_data *problem, const float *transformed, const float *weights, size_t first,
    size_t end, size_t origin, size_t total, size_t panel, void *memory) {
  const size_t elements = winograd_elements(problem->kind), channels = problem->source.channels;
  const size_t weight_elements = winograd_weight_elements(problem->kind);
  const size_t left_width = input_width(channels), left_stride = input_stride(total, channels);
  const size_t width = problem->panel_width, output = panel * width;
  const size_t valid = smaller(problem->result.channels - output, width);
  const bool is_narrow = product_is_narrow(valid);
  struct panel_scratch *scratch = memory;
  float *packed = scratch->floats, *made = packed + WINOGRAD_MOST_TAPS * WINOGRAD_CHUNK * width;
  float *sums = made + weight_elements * weights_stride(width);
  for (size_t block = first; block < end; block += BLOCK_TILES) {
    const size_t tiles = smaller(end - block, BLOCK_TILES);
    for (size_t tile = 0; tile < tiles; tile++) {
      scratch->left[tile] = transformed + (block - origin + tile) * left_width;
      scratch->out[tile] = sums + tile * width;
    }
    for (size_t chunk = 0; chunk < chunks(channels); chunk++) {
      const size_t channel = chunk * WINOGRAD_CHUNK, length = smaller(channels - channel, WINOGRAD_CHUNK);
      if (!weights) make_weights(problem, channel, length, panel, packed, made);
      const float *factors = weights ? weights + chunk * weight_elements * weights_stride(width) : made;
      for (size_t element = 0; element < elements; element++) {
        const struct winograd_product product = product_of(problem->kind, element);
        const float *right = factors + product.weights * weights_stride(width);
        const size_t left = (chunk * elements + element) * left_stride;
        const size_t out = product.sum * sums_stride(tiles, width);
        const bool add = chunk > 0 || !product.begins_sum;
        if (problem->sgemm)
          blas_product(
              problem->sgemm, false, tiles, valid, length, scratch->left[0] + left, left_width, right, width,
              sums + out, width, add);
        else if (is_narrow)
          product_narrow_panel(
              tiles, length, scratch->left[0] + left, (ptrdiff_t)left_width, right, sums + out, (ptrdiff_t)width, add);
        else
          product_panel(
              tiles, 1, length, scratch->left, (ptrdiff_t)left, right, scratch->out, (ptrdiff_t)out, NULL, add, valid);
      }
    }
    const size_t part_tiles = problem->moments.mean ? WINOGRAD_PART_TILES : BLOCK_TILES;
    for (size_t part = 0; part < tiles; part += part_tiles) {
      const size_t place = (block + part) / WINOGRAD_PART_TILES * problem->result.channels + output;
      winograd_output_loop(
          problem->kind, &problem->result, problem->bias, output, block + part,
          block + smaller(tiles, part + part_tiles), sums + part * width, width, sums_stride(tiles, width),
          problem->moments.mean ? problem->moments.mean + place : NULL,
          problem->moments.mean ? problem->moments.squares + place : NULL);
    }
  }
}
