// Convolutions 3 x 3 and 4 x 4 by Winograd's algorithm.

#include "CVectorLoops.h"
#include "checks.h"
#include "convolution_reference.h"

static struct winograd_image image_of(struct convolution of, const float *pixels, size_t stride) {
  return (struct winograd_image){
      (float *)pixels, (ptrdiff_t)stride, of.image_height, of.image_width, (size_t)of.image_channels};
}
static struct winograd_image map_of(struct convolution of, const float *pixels, size_t stride) {
  return (struct winograd_image){
      (float *)pixels, (ptrdiff_t)stride, of.map_height, of.map_width, (size_t)of.map_channels};
}

/// Data sums with weights transformed first or block by block, as convolutions onto the map or onto the image.
static void check_data(
    enum winograd_kind kind, struct convolution of, blas_sgemm sgemm, bool onto_image, bool weights_first,
    bool has_moments, size_t gap) {
  const size_t from_channels = (size_t)(onto_image ? of.map_channels : of.image_channels);
  const size_t to_channels = (size_t)(onto_image ? of.image_channels : of.map_channels);
  begin_case(
      "Winograd %d onto the %s, %d x %d x %d x %zu to %zu%s%s%s", kind, onto_image ? "image" : "map", of.batch,
      of.image_height, of.image_width, from_channels, to_channels, weights_first ? ", weights first" : "",
      has_moments ? ", moments" : "", sgemm ? ", by a library" : "");
  const size_t from_stride = from_channels + gap, to_stride = to_channels + gap;
  const size_t taps = (size_t)(of.kernel * of.kernel);
  const size_t from_pixels = onto_image ? map_pixels(of) : image_pixels(of);
  const size_t pixels = onto_image ? image_pixels(of) : map_pixels(of);
  const float *from = input_floats(from_pixels * from_stride, -1, 1);
  const float *weights = input_floats(taps * from_channels * to_channels, -1, 1);
  const float *bias = input_floats(to_channels, -1, 1);
  float *to = output_floats(pixels * to_stride);
  double *expected = expected_doubles(pixels * to_stride);
  // Onto the image the weights, [taps][image][map], are read with their rows as the result's channels.
  reference_data(of, onto_image, from, from_stride, weights, onto_image, bias, expected, to_stride);

  const size_t tiles = (size_t)of.batch * winograd_tiles(kind, of.map_height, of.map_width);
  const size_t parts = (tiles + WINOGRAD_PART_TILES - 1) / WINOGRAD_PART_TILES;
  double *mean = output_doubles(parts * to_channels), *squares = output_doubles(parts * to_channels);
  const size_t panel_width = winograd_panel_width(sgemm);
  const struct winograd_data data = {
      kind, onto_image ? map_of(of, from, from_stride) : image_of(of, from, from_stride),
      onto_image ? image_of(of, to, to_stride) : map_of(of, to, to_stride), weights,
      onto_image ? 1 : (ptrdiff_t)to_channels, onto_image ? (ptrdiff_t)from_channels : 1, onto_image, bias,
      {has_moments ? mean : NULL, has_moments ? squares : NULL}, sgemm, panel_width};
  float *transformed = output_floats(winograd_input_count(kind, tiles, from_channels));
  float *panel_weights = output_floats(winograd_weights_count(kind, from_channels, panel_width));
  void *weights_scratch = scratch_bytes(winograd_weights_scratch_bytes(panel_width));
  void *scratch = scratch_bytes(winograd_panel_scratch_bytes(kind, panel_width));
  winograd_transform_input(&data, 0, tiles / 2, 0, tiles, transformed);
  winograd_transform_input(&data, tiles / 2, tiles, 0, tiles, transformed);
  const size_t middle = tiles / 2 / WINOGRAD_PART_TILES * WINOGRAD_PART_TILES;
  for (size_t panel = 0; panel * panel_width < to_channels; panel++) {
    if (weights_first) winograd_transform_weights(&data, panel, panel_weights, weights_scratch);
    const float *made = weights_first ? panel_weights : NULL;
    winograd_data_run_panel(&data, transformed, made, 0, middle, 0, tiles, panel, scratch);
    winograd_data_run_panel(&data, transformed, made, middle, tiles, 0, tiles, panel, scratch);
  }
  expect_floats("result", to, expected, pixels * to_stride, 1e-5);
  // The parts are joined; where there are several, all tiles have as many pixels.
  if (has_moments && (parts == 1 || tiles == (size_t)of.batch)) {
    for (size_t k = 0; k < to_channels; k++) {
      double count = 0;
      for (size_t part = 0; part < parts; part++) {
        const size_t first = part * WINOGRAD_PART_TILES;
        const size_t here = tiles - first < WINOGRAD_PART_TILES ? tiles - first : WINOGRAD_PART_TILES;
        const double added = (double)pixels * (double)here / (double)tiles;
        const double distance = mean[part * to_channels + k] - (part ? mean[k] : 0);
        if (part > 0) {
          squares[k] +=
              squares[part * to_channels + k] + distance * distance * count * added / (count + added);
          mean[k] += distance * added / (count + added);
        }
        count += added;
      }
    }
    double *of_mean = expected_doubles(to_channels), *of_squares = expected_doubles(to_channels);
    for (size_t k = 0; k < to_channels; k++) {
      of_mean[k] = of_squares[k] = 0;
      for (size_t i = k; i < pixels * to_stride; i += to_stride) of_mean[k] += (double)to[i] / (double)pixels;
      for (size_t i = k; i < pixels * to_stride; i += to_stride) {
        const double d = (double)to[i] - of_mean[k];
        of_squares[k] += d * d;
      }
    }
    expect_doubles("mean", mean, of_mean, to_channels, 1e-5);
    expect_doubles("squares", squares, of_squares, to_channels, 1e-5);
  }
  end_case();
}

/// Gradients of a convolution's weights, or of a transposed one's, which leads from the map to the image.
static void check_filter(
    enum winograd_kind kind, struct convolution of, blas_sgemm sgemm, bool transposed, bool accumulates, size_t gap) {
  const size_t rows = (size_t)(transposed ? of.map_channels : of.image_channels);
  const size_t columns = (size_t)(transposed ? of.image_channels : of.map_channels);
  const size_t count = (size_t)(of.kernel * of.kernel) * rows * columns;
  begin_case(
      "Winograd's gradient %d, %d x %d x %d x %zu to %zu%s%s%s", kind, of.batch, of.image_height, of.image_width, rows,
      columns, transposed ? ", transposed" : "", accumulates ? ", added" : "", sgemm ? ", by a library" : "");
  const size_t image_stride = (size_t)of.image_channels + gap, map_stride = (size_t)of.map_channels + gap;
  const float *image = input_floats(image_pixels(of) * image_stride, -1, 1);
  const float *map = input_floats(map_pixels(of) * map_stride, -1, 1);
  float *gradient = accumulates ? changing_floats(count, -1, 1) : output_floats(count);
  float *sums = output_floats(columns), *first_sums = output_floats(columns);
  double *expected = expected_doubles(count), *expected_sums = expected_doubles(columns);
  for (size_t i = 0; i < count; i++) expected[i] = accumulates ? (double)gradient[i] : 0;
  reference_filter(of, image, image_stride, map, map_stride, transposed, expected);
  const struct winograd_filter filter = {
      kind, transposed ? map_of(of, map, map_stride) : image_of(of, image, image_stride),
      transposed ? image_of(of, image, image_stride) : map_of(of, map, map_stride), transposed, sgemm};
  // Four tiles at a time; source channels all at once, or in groups of 16.
  enum { PASS = 4 };
  const size_t group = gap ? 16 : rows;
  void *scratch = scratch_bytes(winograd_filter_scratch_bytes(kind, PASS, group, columns));
  const size_t tiles = (size_t)of.batch * winograd_tiles(kind, of.map_height, of.map_width);
  for (size_t row = 0; row < rows; row += group) {
    // In two parts of the tiles, where there are so many.
    const size_t middle = tiles / 2;
    if (middle > 0)
      winograd_filter_run(
          &filter, 0, middle, PASS, row, row + group, gradient, accumulates, row == 0 ? first_sums : NULL, scratch);
    winograd_filter_run(
        &filter, middle, tiles, PASS, row, row + group, gradient, accumulates || middle > 0, row == 0 ? sums : NULL,
        scratch);
  }
  if (tiles > 1)
    for (size_t k = 0; k < columns; k++) sums[k] += first_sums[k];
  expect_floats("gradient", gradient, expected, count, 1e-5);
  for (size_t i = 0; i < columns; i++) expected_sums[i] = 0;
  for (size_t i = 0; i < (transposed ? image_pixels(of) : map_pixels(of)); i++)
    for (size_t k = 0; k < columns; k++)
      expected_sums[k] += (double)(transposed ? image[i * image_stride + k] : map[i * map_stride + k]);
  expect_floats("sums of the result", sums, expected_sums, columns, 1e-5);
  end_case();
}

struct sizes {
  /// 3 x 3 with stride 1 and with stride 2, maps of 2 x 2 pixels, and 4 x 4 with stride 2, all with the same channels.
  struct convolution plain, wide, small, large;
};

static void check_sizes(struct sizes of, blas_sgemm sgemm) {
  for (int bits = 0; bits < 8; bits++) {
    const bool onto_image = bits & 1, weights_first = bits & 2, has_moments = bits & 4;
    const size_t gap = bits == 3 ? 5 : 0;
    // Moments are of maps.
    const bool of_map = has_moments && !onto_image;
    check_data(winograd_tile_4x4, of.plain, sgemm, onto_image, weights_first, has_moments, gap);
    check_data(winograd_map_2x2, of.small, sgemm, onto_image, weights_first, has_moments, gap);
    check_data(
        onto_image ? winograd_stride_2_image : winograd_stride_2_map, of.wide, sgemm, onto_image, weights_first, of_map,
        gap);
    check_data(
        onto_image ? winograd_kernel_4_image : winograd_kernel_4_map, of.large, sgemm, onto_image, weights_first,
        of_map, gap);
  }
  for (int bits = 0; bits < 4; bits++) {
    const size_t gap = bits & 1 ? 3 : 0;
    check_filter(winograd_tile_4x4, of.plain, sgemm, bits & 2, bits & 1, gap);
    check_filter(winograd_map_2x2, of.small, sgemm, bits & 2, bits & 1, gap);
    if (bits & 2) check_filter(winograd_stride_2_image, of.wide, sgemm, true, bits & 1, gap);
    if (!(bits & 2)) check_filter(winograd_kernel_4_map, of.large, sgemm, false, bits & 1, gap);
  }
  // A result may have any number of channels.
  of.plain.map_channels = 3;
  of.small.map_channels = 37;
  of.wide.image_channels = 35;
  of.large.map_channels = 33;
  check_data(winograd_tile_4x4, of.plain, sgemm, false, false, true, 2);
  check_data(winograd_map_2x2, of.small, sgemm, false, true, true, 0);
  check_data(winograd_stride_2_image, of.wide, sgemm, true, false, false, 2);
  check_data(winograd_kernel_4_map, of.large, sgemm, false, false, true, 2);
}

void check_winograd(void) {
  static const int shapes[][5] = {  // batch, height, width, channels of the image, of the map
      {1, 4, 4, 16, 16}, {2, 9, 7, 16, 48}, {3, 5, 6, 80, 32}, {1, 13, 17, 32, 16}, {40, 3, 3, 16, 16},
      {2, 1, 1, 64, 80},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const int *s = shapes[i];
    const struct sizes of = {
        convolution_of(s[0], s[1], s[2], s[3], s[4], 3, 1, 1), convolution_of(s[0], s[1], s[2], s[3], s[4], 3, 2, 1),
        convolution_of(s[0], 2, 2, s[3], s[4], 3, 1, 1),
        convolution_of(s[0], (s[1] + 1) / 2 * 2, (s[2] + 1) / 2 * 2, s[3], s[4], 4, 2, 1)};
    for (size_t p = 0; p < PRODUCTS; p++) check_sizes(of, products[p]);
  }
}
