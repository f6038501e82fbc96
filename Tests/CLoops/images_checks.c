// Loops that make batches of images: bytes to floats, CIELAB, and the weights of colors.

#include <math.h>

#include "CVectorLoops.h"
#include "checks.h"

/// Bytes of one image, and the distances of its pixels in all three memories.
struct layout {
  size_t rows, columns, byte_stride, color_stride, gray_stride;
  bool flipped;
};

/// Returns the place of a pixel's bytes.
static size_t byte_of(struct layout at, size_t row, size_t column) {
  return (row * at.columns + (at.flipped ? at.columns - 1 - column : column)) * at.byte_stride;
}

static void check_rgb(struct layout at) {
  begin_case("gather, %zu x %zu by %zu%s", at.rows, at.columns, at.byte_stride, at.flipped ? ", flipped" : "");
  const size_t pixels = at.rows * at.columns;
  const uint8_t *bytes = input_bytes(pixels * at.byte_stride, 256);
  float *color = output_floats(pixels * at.color_stride), *gray = output_floats(pixels * at.gray_stride);
  double *of_color = expected_doubles(pixels * at.color_stride), *of_gray = expected_doubles(pixels * at.gray_stride);
  const double scale = 2.0 / 255;
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    const uint8_t *from = bytes + byte_of(at, pixel / at.columns, pixel % at.columns);
    for (size_t c = 0; c < 3; c++) of_color[pixel * at.color_stride + c] = from[c] * scale - 1;
    of_gray[pixel * at.gray_stride] = (from[0] + from[1] + from[2]) * scale / 3 - 1;
  }
  vector_batch_gather(
      (struct vector_rows){color, at.color_stride}, (struct vector_rows){gray, at.gray_stride},
      (struct vector_byte_image){bytes, at.byte_stride, at.rows, at.columns, at.flipped}, (float)scale, -1);
  expect_floats("color", color, of_color, pixels * at.color_stride, 1e-6);
  expect_floats("gray", gray, of_gray, pixels * at.gray_stride, 1e-6);
  end_case();
}

static double linear(double encoded) {
  return encoded > 0.04045 ? pow((encoded + 0.055) / 1.055, 2.4) : encoded / 12.92;
}

static double lab_curve(double x) {
  return x > 216.0 / 24389 ? cbrt(x) : x * (24389.0 / 27 / 116) + 16.0 / 116;
}

static void check_lab(struct layout at) {
  begin_case("gather CIELAB, %zu x %zu by %zu%s", at.rows, at.columns, at.byte_stride, at.flipped ? ", flipped" : "");
  const size_t pixels = at.rows * at.columns;
  const uint8_t *bytes = input_bytes(pixels * at.byte_stride, 256);
  float *color = output_floats(pixels * at.color_stride), *gray = output_floats(pixels * at.gray_stride);
  double *of_color = expected_doubles(pixels * at.color_stride), *of_gray = expected_doubles(pixels * at.gray_stride);
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    const uint8_t *from = bytes + byte_of(at, pixel / at.columns, pixel % at.columns);
    const double r = linear(from[0] / 255.0), g = linear(from[1] / 255.0), b = linear(from[2] / 255.0);
    const double x = lab_curve((0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047);
    const double y = lab_curve(0.212671 * r + 0.715160 * g + 0.072169 * b);
    const double z = lab_curve((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883);
    of_gray[pixel * at.gray_stride] = (116 * y - 16) / 50 - 1;
    of_color[pixel * at.color_stride] = 500 * (x - y) / 110;
    of_color[pixel * at.color_stride + 1] = 200 * (y - z) / 110;
  }
  vector_batch_gather_lab(
      (struct vector_rows){color, at.color_stride}, (struct vector_rows){gray, at.gray_stride},
      (struct vector_byte_image){bytes, at.byte_stride, at.rows, at.columns, at.flipped}, 1.0f / 110, 1.0f / 50, -1);
  // Colors are small differences of large numbers.
  expect_floats("color", color, of_color, pixels * at.color_stride, 1e-5);
  expect_floats("gray", gray, of_gray, pixels * at.gray_stride, 1e-6);
  end_case();
}

static double inside(double x) { return x > 1 ? 1 : x > -1 ? x : -1; }

static void check_weights(size_t count, size_t rows, size_t columns) {
  begin_case("color weights, %zu colors, table of %zu x %zu", count, rows, columns);
  const float *table = input_floats(rows * columns, 0, 5);
  float special[2 * count];
  for (size_t i = 0; i < 2 * count; i++) special[i] = (float)random_number(-1.3, 1.3);
  // The ends, what lies beyond them, and what is no number.
  const float ends[] = {-1, 1, 1, -1, INFINITY, -INFINITY, 0, 1};
  for (size_t i = 0; i < 8 && i < 2 * count; i++) special[i] = ends[i];
  if (count > 4) special[8] = NAN;
  const float *colors = input_of(special, 2 * count);
  float *weights = output_floats(3 * count);
  double *expected = expected_doubles(3 * count);
  for (size_t i = 0; i < count; i++) {
    const double a = (inside((double)colors[2 * i]) + 1) / 2 * (double)(columns - 1);
    const double b = (inside((double)colors[2 * i + 1]) + 1) / 2 * (double)(rows - 1);
    const size_t column = a >= (double)(columns - 1) ? columns - 2 : (size_t)a;
    const size_t row = b >= (double)(rows - 1) ? rows - 2 : (size_t)b;
    const double x = a - (double)column, y = b - (double)row;
    const float *corner = table + row * columns + column;
    expected[3 * i] = (1 - y) * ((1 - x) * (double)corner[0] + x * (double)corner[1]) +
                      y * ((1 - x) * (double)corner[columns] + x * (double)corner[columns + 1]);
  }
  vector_color_weights(
      (struct vector_rows){weights, 3}, (struct vector_rows){(float *)colors, 2},
      (struct vector_color_table){table, {rows, columns}}, count);
  expect_floats("weights", weights, expected, 3 * count, 1e-5);
  end_case();
}

void check_images(void) {
  static const size_t sides[] = {1, 5, 16, 33};
  for (size_t row = 0; row < 4; row++)
    for (size_t column = 0; column < 4; column++)
      for (int flipped = 0; flipped < 2; flipped++) {
        check_rgb((struct layout){sides[row], sides[column], 3, 3, 1, flipped});
        check_rgb((struct layout){sides[row], sides[column], 4, 7, 2, flipped});
        check_lab((struct layout){sides[row], sides[column], 3, 2, 1, flipped});
        check_lab((struct layout){sides[row], sides[column], 4, 5, 3, flipped});
      }
  for (size_t count = 1; count < 60; count += 15) {
    check_weights(count, 2, 2);
    check_weights(count, 9, 23);
  }
}
