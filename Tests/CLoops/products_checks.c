// The register tiles of matrix products, and what they read and what sums up their parts.

#include "CVectorLoops.h"
#include "checks.h"

/// A product's sizes, and whether it adds to what is there, and begins with numbers of its own.
struct sizes {
  size_t rows, groups, length, valid;
  bool accumulates, has_start;
};

static void check_product(struct sizes of) {
  begin_case(
      "product of %zu x %zu x %zu to %zu columns%s%s", of.rows, of.groups, of.length, of.valid,
      of.accumulates ? ", added" : "", of.has_start ? ", start" : "");
  const size_t row_groups = (of.rows + PRODUCT_ROWS - 1) / PRODUCT_ROWS, left_offset = 3, out_offset = 2;
  const size_t out_stride = of.valid + 7, out_count = of.rows * out_stride;
  const float *values = input_floats(of.rows * of.groups * of.length + left_offset, -1, 1);
  const float *panel = input_floats(of.groups * of.length * PANEL_WIDTH, -1, 1);
  const float *start = input_floats(PANEL_WIDTH, -1, 1);
  const float *left[row_groups * of.groups * PRODUCT_ROWS];
  float *out[row_groups * PRODUCT_ROWS];
  float *results = of.accumulates ? changing_floats(out_count, -1, 1) : output_floats(out_count);
  double *expected = expected_doubles(out_count);
  if (of.accumulates)
    for (size_t i = 0; i < out_count; i++) expected[i] = (double)results[i];
  for (size_t row = 0; row < of.rows; row++) {
    out[row] = results + row * out_stride;
    for (size_t group = 0; group < of.groups; group++)
      left[(row / PRODUCT_ROWS * of.groups + group) * PRODUCT_ROWS + row % PRODUCT_ROWS] =
          values + (row * of.groups + group) * of.length;
    for (size_t column = 0; column < of.valid; column++) {
      double sum = of.accumulates ? expected[row * out_stride + out_offset + column]
                   : of.has_start ? (double)start[column]
                                  : 0;
      for (size_t k = 0; k < of.groups * of.length; k++)
        sum += (double)values[row * of.groups * of.length + k + left_offset] *
               (double)panel[k * PANEL_WIDTH + column];
      expected[row * out_stride + out_offset + column] = sum;
    }
  }
  product_panel(
      of.rows, of.groups, of.length, left, (ptrdiff_t)left_offset, panel, out, (ptrdiff_t)out_offset,
      of.has_start ? start : NULL, of.accumulates, of.valid);
  expect_floats("product", results, expected, out_count, 1e-5);
  end_case();
}

static void check_transposed(size_t rows, size_t length, size_t valid, bool accumulates) {
  begin_case(
      "transposed product of %zu x %zu to %zu columns%s", rows, length, valid, accumulates ? ", added" : "");
  const size_t row_groups = (rows + PRODUCT_ROWS - 1) / PRODUCT_ROWS, panel_stride = PANEL_WIDTH + 4;
  const size_t left_stride = PRODUCT_ROWS + 1, group_stride = length * left_stride;
  const size_t out_stride = valid + 3, out_count = rows * out_stride;
  const float *left = input_floats(row_groups * group_stride, -1, 1);
  const float *panel = input_floats(length * panel_stride, -1, 1);
  float *out = accumulates ? changing_floats(out_count, -1, 1) : output_floats(out_count);
  double *expected = expected_doubles(out_count);
  if (accumulates)
    for (size_t i = 0; i < out_count; i++) expected[i] = (double)out[i];
  for (size_t row = 0; row < rows; row++)
    for (size_t column = 0; column < valid; column++) {
      double sum = accumulates ? expected[row * out_stride + column] : 0;
      for (size_t k = 0; k < length; k++)
        sum += (double)left[row / PRODUCT_ROWS * group_stride + k * left_stride + row % PRODUCT_ROWS] *
               (double)panel[k * panel_stride + column];
      expected[row * out_stride + column] = sum;
    }
  transposed_panel(
      rows, length, left, (ptrdiff_t)left_stride, (ptrdiff_t)group_stride, panel, (ptrdiff_t)panel_stride, out,
      (ptrdiff_t)out_stride, accumulates, valid);
  expect_floats("product", out, expected, out_count, 1e-5);
  end_case();
}

static void check_narrow(size_t rows, size_t length, bool accumulates) {
  begin_case("narrow product of %zu x %zu%s", rows, length, accumulates ? ", added" : "");
  const size_t left_stride = length + 3, out_stride = 16 + 5, out_count = rows * out_stride;
  const float *left = input_floats(rows * left_stride, -1, 1), *panel = input_floats(length * PANEL_WIDTH, -1, 1);
  float *out = accumulates ? changing_floats(out_count, -1, 1) : output_floats(out_count);
  double *expected = expected_doubles(out_count);
  if (accumulates)
    for (size_t i = 0; i < out_count; i++) expected[i] = (double)out[i];
  for (size_t row = 0; row < rows; row++)
    for (size_t column = 0; column < 16; column++) {
      double sum = accumulates ? expected[row * out_stride + column] : 0;
      for (size_t k = 0; k < length; k++)
        sum += (double)left[row * left_stride + k] * (double)panel[k * PANEL_WIDTH + column];
      expected[row * out_stride + column] = sum;
    }
  product_narrow_panel(
      rows, length, left, (ptrdiff_t)left_stride, panel, out, (ptrdiff_t)out_stride, accumulates);
  expect_floats("product", out, expected, out_count, 1e-5);
  end_case();
}

static void check_packing(size_t rows, size_t valid, size_t width, bool is_transposed) {
  begin_case("packing of %zu x %zu to %zu columns%s", rows, valid, width, is_transposed ? ", transposed" : "");
  const size_t row_stride = is_transposed ? 1 : valid + 2, column_stride = is_transposed ? rows + 2 : 1;
  const size_t count = (rows - 1) * row_stride + (valid - 1) * column_stride + 1;
  const float *matrix = input_floats(count, -1, 1);
  float *panel = output_floats(rows * width);
  double *expected = expected_doubles(rows * width);
  for (size_t row = 0; row < rows; row++)
    for (size_t column = 0; column < width; column++)
      expected[row * width + column] = column < valid ? (double)matrix[row * row_stride + column * column_stride] : 0;
  pack_panel(rows, valid, matrix, (ptrdiff_t)row_stride, (ptrdiff_t)column_stride, panel, width);
  expect_floats("panel", panel, expected, rows * width, 0);
  end_case();
}

static void check_sums(size_t parts, size_t count, size_t gap) {
  begin_case("sums of %zu parts of %zu + %zu", parts, count, gap);
  const size_t stride = count + gap;
  const float *from = input_floats(parts * stride, -1, 1);
  float *of_pixels = output_floats(count), *of_parts = output_floats(count), *added = changing_floats(count, -1, 1);
  double *expected = expected_doubles(count), *expected_added = expected_doubles(count);
  for (size_t i = 0; i < count; i++) {
    expected[i] = 0;
    for (size_t part = 0; part < parts; part++) expected[i] += (double)from[part * stride + i];
    expected_added[i] = expected[i] + (double)added[i];
  }
  sum_pixels(from, (ptrdiff_t)stride, parts, count, of_pixels);
  sum_parts(from, stride, parts, count, of_parts, false);
  sum_parts(from, stride, parts, count, added, true);
  expect_floats("sums of pixels", of_pixels, expected, count, 1e-5);
  expect_floats("sums of parts", of_parts, expected, count, 1e-5);
  expect_floats("added sums", added, expected_added, count, 1e-5);
  end_case();
}

void check_products(void) {
  for (size_t rows = 1; rows <= 9; rows += 4)
    for (size_t length = 16; length <= 64; length += 16)
      for (int accumulates = 0; accumulates < 2; accumulates++) check_narrow(rows, length, accumulates);
  static const size_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 19}, lengths[] = {1, 3, 4, 5, 8, 11};
  static const size_t valids[] = {1, 3, 4, 7, 8, 9, 12, 16, 17, 24, 31, 32};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
      for (size_t v = 0; v < sizeof valids / sizeof *valids; v++)
        for (int accumulates = 0; accumulates < 2; accumulates++) {
          check_product((struct sizes){rows[r], 1 + l % 3, lengths[l], valids[v], accumulates, v % 2});
          check_transposed(rows[r], lengths[l], valids[v], accumulates);
        }
  for (size_t count = 1; count < 20; count++)
    for (size_t v = 0; v < sizeof valids / sizeof *valids; v++) {
      for (int is_transposed = 0; is_transposed < 2; is_transposed++) {
        check_packing(count, valids[v], PANEL_WIDTH, is_transposed);
        check_packing(count, valids[v], 2 * PANEL_WIDTH, is_transposed);
        // As narrow as the columns, for a library.
        check_packing(count, valids[v], valids[v], is_transposed);
      }
      check_sums(count, valids[v], 2);
    }
}
