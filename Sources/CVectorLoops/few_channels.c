// Convolutions of an image of few channels. The rows of the image that a row of the map reads are copied with zeros
// around them, so that no pixel has to be checked. Each of their numbers is then broadcast and multiplied with a vector
// of 16 channels of the map. In sums onto the image, each number of the map is broadcast and multiplied with a row of the
// kernel.

#include "few_channels.h"

#include <string.h>

#include "vector_math.h"

enum {
  /// Pixels of the map whose sums are in registers at a time.
  TILE_PIXELS = 8,
  /// Pixels that are summed before their sums are added to the gradient, at least: a larger number rounds more.
  SUMMED_PIXELS = 256,
  MOST_KERNEL = 4,
  /// Numbers of the image that a row of the kernel meets, at most: one vector.
  MOST_ROW_TERMS = 16,
  MOST_TERMS = MOST_KERNEL * MOST_ROW_TERMS,
};

/// Extents that the compiler knows in each loop.
struct shape {
  int kernel, stride, channels;
};

VECTOR_LOOP struct shape shape_of(size_t image_channels) {
  return image_channels == 1 ? (struct shape){3, 1, 1} : (struct shape){4, 2, (int)image_channels};
}

/// Calls loop(shape, arguments …) with the shape as a constant.
#define WITH_SHAPE(image_channels, loop, ...)              \
  switch (image_channels) {                                \
    case 1: loop(shape_of(1), __VA_ARGS__); break;         \
    case 3: loop(shape_of(3), __VA_ARGS__); break;         \
    default: loop(shape_of(4), __VA_ARGS__); break;        \
  }

bool few_channels_computes(int32_t kernel, int32_t stride, size_t image_channels) {
  const struct shape shape = shape_of(image_channels);
  return (image_channels == 1 || image_channels == 3 || image_channels == 4) && kernel == shape.kernel &&
         stride == shape.stride;
}

/// Returns the pixels of a copied row.
VECTOR_LOOP size_t row_pixels(const struct shape shape, int32_t map_width) {
  return ((size_t)map_width - 1) * (size_t)shape.stride + (size_t)shape.kernel;
}

VECTOR_LOOP size_t row_floats(const struct shape shape, int32_t map_width) {
  return row_pixels(shape, map_width) * (size_t)shape.channels;
}

/// Returns the floats of the kernel with its rows as vectors, for sums onto the image.
static size_t kernel_rows_floats(size_t map_channels) { return MOST_KERNEL * map_channels * MOST_ROW_TERMS; }

size_t few_channels_scratch_bytes(size_t image_channels, size_t map_channels, int32_t map_width) {
  const struct shape shape = shape_of(image_channels);
  const size_t copies = (size_t)shape.kernel * row_floats(shape, map_width);
  const size_t products = kernel_rows_floats(map_channels) + ((size_t)map_width + 2) * MOST_ROW_TERMS;
  return (copies > products ? copies : products) * sizeof(float);
}

// Rows of the image.

/// Copies row `y` of image `index` to its place among the copies, with zeros around it; zeros alone outside the image.
VECTOR_LOOP void copy_row(
    const struct shape shape, const struct few_channels *convolution, size_t index, int32_t y, float *copies) {
  const size_t channels = (size_t)shape.channels, floats = row_floats(shape, convolution->map_width);
  const size_t padding = row_pixels(shape, convolution->map_width) - 1 - (size_t)convolution->image_width;
  const size_t width = (size_t)convolution->image_width;
  float *row = copies + (size_t)((y + shape.kernel) % shape.kernel) * floats;
  if (y < 0 || y >= convolution->image_height) {
    memset(row, 0, floats * sizeof(float));
    return;
  }
  const float *from = convolution->image +
                      (ptrdiff_t)((index * (size_t)convolution->image_height + (size_t)y) * width) *
                          convolution->image_pixel_stride;
  memset(row, 0, channels * sizeof(float));
  row += channels;
  if (convolution->image_pixel_stride == (ptrdiff_t)channels)
    memcpy(row, from, width * channels * sizeof(float));
  else
    for (size_t x = 0; x < width; x++)
      for (size_t c = 0; c < channels; c++)
        row[x * channels + c] = from[(ptrdiff_t)x * convolution->image_pixel_stride + (ptrdiff_t)c];
  // One pixel, or none after an odd width with stride 2.
  memset(row + width * channels, 0, padding * channels * sizeof(float));
}

/// Makes `taken` the rows that row `row` of the map reads, counted over all images. The calls of a sum go from row to
/// row, so that all but the last ones are there already.
VECTOR_LOOP void take_rows(
    const struct shape shape, const struct few_channels *convolution, size_t row, bool is_first, float *copies,
    const float *taken[MOST_KERNEL]) {
  const size_t index = row / (size_t)convolution->map_height;
  const int32_t y = (int32_t)(row % (size_t)convolution->map_height), top = y * shape.stride - 1;
  for (int i = is_first || y == 0 ? 0 : shape.kernel - shape.stride; i < shape.kernel; i++)
    copy_row(shape, convolution, index, top + i, copies);
  for (int i = 0; i < shape.kernel; i++)
    taken[i] = copies + (size_t)((top + i + shape.kernel) % shape.kernel) * row_floats(shape, convolution->map_width);
}

// The sum onto the map.

/// Computes `pixels` pixels of the map from x on, of `count` channels.
VECTOR_LOOP void map_tile(
    const struct shape shape, const int pixels, const float *const *rows, const vector_float16 *weights,
    vector_float16 bias, float *to, ptrdiff_t stride, size_t x, size_t count) {
  const int terms = shape.kernel * shape.channels, step = shape.stride * shape.channels;
  vector_float16 sum[TILE_PIXELS];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels; i++) sum[i] = bias;
  for (int ky = 0; ky < shape.kernel; ky++) {
    const float *row = rows[ky] + x * (size_t)step;
    for (int j = 0; j < terms; j++)
#pragma clang loop unroll(full)
      for (int i = 0; i < pixels; i++) sum[i] += row[i * step + j] * weights[ky * terms + j];
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels; i++) vector_store(to + (ptrdiff_t)(x + (size_t)i) * stride, sum[i], count);
}

VECTOR_LOOP void map_columns(
    const struct shape shape, const struct few_channels *convolution, size_t first, size_t end, size_t channel,
    size_t count, float *copies) {
  const size_t width = (size_t)convolution->map_width;
  const size_t terms = (size_t)(shape.kernel * shape.kernel * shape.channels);
  vector_float16 weights[MOST_TERMS];
  for (size_t term = 0; term < terms; term++)
    weights[term] = vector_load(convolution->weights + term * convolution->map_channels + channel, count);
  const vector_float16 bias =
      convolution->bias ? vector_load(convolution->bias + channel, count) : (vector_float16){0};
  const ptrdiff_t stride = convolution->map_pixel_stride;
  for (size_t row = first; row < end; row++) {
    const float *rows[MOST_KERNEL];
    take_rows(shape, convolution, row, row == first, copies, rows);
    float *to = convolution->map + (ptrdiff_t)(row * width) * stride + channel;
    size_t x = 0;
    for (; x + TILE_PIXELS <= width; x += TILE_PIXELS)
      map_tile(shape, TILE_PIXELS, rows, weights, bias, to, stride, x, count);
    for (; x < width; x++) map_tile(shape, 1, rows, weights, bias, to, stride, x, count);
  }
}

VECTOR_LOOP void map_rows(
    const struct shape shape, const struct few_channels *convolution, size_t first, size_t end, float *copies) {
  const size_t channels = convolution->map_channels;
  size_t channel = 0;
  for (; channel + 16 <= channels; channel += 16) map_columns(shape, convolution, first, end, channel, 16, copies);
  if (channel < channels) map_columns(shape, convolution, first, end, channel, channels - channel, copies);
}

VECTOR_LOOP void map_body(const struct few_channels *convolution, size_t first, size_t end, float *copies) {
  WITH_SHAPE(convolution->image_channels, map_rows, convolution, first, end, copies)
}
MULTIVERSION(
    few_channels_map_loop, map_body,
    (const struct few_channels *convolution, size_t first, size_t end, float *copies),
    (convolution, first, end, copies))

void few_channels_map_run(const struct few_channels *convolution, size_t first, size_t end, void *scratch) {
  few_channels_map_loop(convolution, first, end, scratch);
}

// The sum onto the image, with a kernel of twice the stride: along an axis, each pixel is reached from two of the map.

/// Packs the kernel as `[kernel][map_channels][16]`: for each of its rows and each channel of the map the numbers that
/// go to neighboring numbers of the image, and zeros.
VECTOR_LOOP void pack_kernel_rows(const struct shape shape, const struct few_channels *convolution, float *packed) {
  const size_t channels = convolution->map_channels, terms = (size_t)(shape.kernel * shape.channels);
  memset(packed, 0, kernel_rows_floats(channels) * sizeof(float));
  for (size_t ky = 0; ky < (size_t)shape.kernel; ky++)
    for (size_t term = 0; term < terms; term++)
      for (size_t channel = 0; channel < channels; channel++)
        packed[(ky * channels + channel) * MOST_ROW_TERMS + term] =
            convolution->weights[(ky * terms + term) * channels + channel];
}

/// A row of the map that reaches a row of the image, and the kernel's row by which it does.
struct reaching_row {
  const float *map, *kernel;
};

/// Computes the products of `pixels` pixels of the map from x on, `[pixels][16]`.
VECTOR_LOOP void image_tile(
    const int pixels, const struct reaching_row *rows, int row_count, size_t channels, ptrdiff_t stride, size_t x,
    float *to) {
  vector_float16 sum[TILE_PIXELS];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels; i++) sum[i] = (vector_float16){0};
  for (int row = 0; row < row_count; row++) {
    const float *pixel[TILE_PIXELS];
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels; i++) pixel[i] = rows[row].map + (ptrdiff_t)(x + (size_t)i) * stride;
    for (size_t channel = 0; channel < channels; channel++) {
      const vector_float16 kernel = vector_load(rows[row].kernel + channel * MOST_ROW_TERMS, 16);
#pragma clang loop unroll(full)
      for (int i = 0; i < pixels; i++) sum[i] += pixel[i][channel] * kernel;
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels; i++) vector_store(to + (x + (size_t)i) * MOST_ROW_TERMS, sum[i], 16);
}

VECTOR_LOOP void image_rows(
    const struct shape shape, const struct few_channels *convolution, size_t first, size_t end, float *packed) {
  const size_t width = (size_t)convolution->map_width, channels = convolution->map_channels;
  const size_t height = (size_t)convolution->image_height, step = (size_t)(shape.stride * shape.channels);
  const ptrdiff_t stride = convolution->map_pixel_stride;
  pack_kernel_rows(shape, convolution, packed);
  // A pixel of zeros before and one after the products of a row.
  float *products = packed + kernel_rows_floats(channels) + MOST_ROW_TERMS;
  memset(products - MOST_ROW_TERMS, 0, MOST_ROW_TERMS * sizeof(float));
  memset(products + width * MOST_ROW_TERMS, 0, MOST_ROW_TERMS * sizeof(float));
  for (size_t row = first; row < end; row++) {
    const size_t index = row / height;
    const int32_t y = (int32_t)(row % height);
    struct reaching_row rows[MOST_KERNEL];
    int row_count = 0;
    for (int ky = (y + 1) % shape.stride; ky < shape.kernel; ky += shape.stride) {
      const int32_t map_y = (y + 1 - ky) / shape.stride;
      if (y + 1 < ky || map_y >= convolution->map_height) continue;
      const size_t map_row = index * (size_t)convolution->map_height + (size_t)map_y;
      rows[row_count++] = (struct reaching_row){
          convolution->map + (ptrdiff_t)(map_row * width) * stride,
          packed + (size_t)ky * channels * MOST_ROW_TERMS};
    }
    size_t x = 0;
    for (; x + TILE_PIXELS <= width; x += TILE_PIXELS)
      image_tile(TILE_PIXELS, rows, row_count, channels, stride, x, products);
    for (; x < width; x++) image_tile(1, rows, row_count, channels, stride, x, products);
    // The second half of a pixel's products goes where the first half of the next one's does.
    float *to =
        convolution->image + (ptrdiff_t)(row * (size_t)convolution->image_width) * convolution->image_pixel_stride;
    for (size_t pixel = 0; pixel < (size_t)convolution->image_width; pixel++, to += convolution->image_pixel_stride) {
      const size_t place = pixel + 1, inside = place % (size_t)shape.stride * (size_t)shape.channels;
      const float *products_here = products + place / (size_t)shape.stride * MOST_ROW_TERMS + inside;
#pragma clang loop unroll(full)
      for (int c = 0; c < shape.channels; c++) to[c] = products_here[c] + (products_here - MOST_ROW_TERMS)[(int)step + c];
    }
  }
}

VECTOR_LOOP void image_body(const struct few_channels *convolution, size_t first, size_t end, float *packed) {
  if (convolution->image_channels == 3)
    image_rows(shape_of(3), convolution, first, end, packed);
  else
    image_rows(shape_of(4), convolution, first, end, packed);
}
MULTIVERSION(
    few_channels_image_loop, image_body,
    (const struct few_channels *convolution, size_t first, size_t end, float *packed),
    (convolution, first, end, packed))

void few_channels_image_run(const struct few_channels *convolution, size_t first, size_t end, void *scratch) {
  few_channels_image_loop(convolution, first, end, scratch);
}

// The filter sum.

/// Adds the sums of a row's pixels to a vector for each term.
VECTOR_LOOP void add_row(
    const struct shape shape, const float *const *rows, const float *from, ptrdiff_t stride, size_t width, size_t count,
    vector_float16 *sums) {
  const int row_terms = shape.kernel * shape.channels;
  // Rows of the kernel whose sums are in registers at a time.
  const int taken = shape.kernel * row_terms <= MOST_ROW_TERMS ? shape.kernel : 1;
  for (int ky = 0; ky < shape.kernel; ky += taken) {
    vector_float16 sum[MOST_ROW_TERMS];
#pragma clang loop unroll(full)
    for (int j = 0; j < taken * row_terms; j++) sum[j] = sums[ky * row_terms + j];
    const float *pixels = from;
    for (size_t x = 0; x < width; x++, pixels += stride) {
      const vector_float16 pixel = vector_load(pixels, count);
#pragma clang loop unroll(full)
      for (int j = 0; j < taken * row_terms; j++)
        sum[j] += rows[ky + j / row_terms][x * (size_t)(shape.stride * shape.channels) + (size_t)(j % row_terms)] * pixel;
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < taken * row_terms; j++) sums[ky * row_terms + j] = sum[j];
  }
}

VECTOR_LOOP void filter_columns(
    const struct shape shape, const struct few_channels *convolution, size_t first, size_t end, size_t channel,
    size_t count, float *gradient, float *copies) {
  const size_t width = (size_t)convolution->map_width;
  const size_t terms = (size_t)(shape.kernel * shape.kernel * shape.channels);
  vector_float16 sums[MOST_TERMS] = {0};
  size_t summed = 0;
  for (size_t row = first; row < end; row++) {
    const float *rows[MOST_KERNEL];
    take_rows(shape, convolution, row, row == first, copies, rows);
    const float *from = convolution->map + (ptrdiff_t)(row * width) * convolution->map_pixel_stride + channel;
    add_row(shape, rows, from, convolution->map_pixel_stride, width, count, sums);
    summed += width;
    if (summed < SUMMED_PIXELS && row + 1 < end) continue;
    for (size_t term = 0; term < terms; term++) {
      float *to = gradient + term * convolution->map_channels + channel;
      vector_store(to, vector_load(to, count) + sums[term], count);
      sums[term] = (vector_float16){0};
    }
    summed = 0;
  }
}

VECTOR_LOOP void filter_rows(
    const struct shape shape, const struct few_channels *convolution, size_t first, size_t end, float *gradient,
    float *copies) {
  const size_t channels = convolution->map_channels;
  size_t channel = 0;
  for (; channel + 16 <= channels; channel += 16)
    filter_columns(shape, convolution, first, end, channel, 16, gradient, copies);
  if (channel < channels)
    filter_columns(shape, convolution, first, end, channel, channels - channel, gradient, copies);
}

VECTOR_LOOP void filter_body(
    const struct few_channels *convolution, size_t first, size_t end, float *gradient, float *copies) {
  WITH_SHAPE(convolution->image_channels, filter_rows, convolution, first, end, gradient, copies)
}
MULTIVERSION(
    few_channels_filter_loop, filter_body,
    (const struct few_channels *convolution, size_t first, size_t end, float *gradient, float *copies),
    (convolution, first, end, gradient, copies))

void few_channels_filter_run(
    const struct few_channels *convolution, size_t first, size_t end, float *gradient, bool accumulate, void *scratch) {
  const struct shape shape = shape_of(convolution->image_channels);
  const size_t terms = (size_t)(shape.kernel * shape.kernel * shape.channels);
  if (!accumulate) memset(gradient, 0, terms * convolution->map_channels * sizeof(float));
  few_channels_filter_loop(convolution, first, end, gradient, scratch);
}
