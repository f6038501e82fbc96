#include "product.h"

#include <string.h>

#include "multiversion.h"

#define VECTOR_WIDTH 16
#define TILE_ROWS 8
#include "product_tile.h"

#define VECTOR_WIDTH 8
#define TILE_ROWS 4
#include "product_tile.h"

#define VECTOR_WIDTH 4
#define TILE_ROWS 4
#include "product_tile.h"

// Unlike `MULTIVERSION`, each instruction set gets a body of its own: the register tile depends on the registers.
#if defined(__x86_64__)
#define MULTIVERSION_BY_WIDTH(name, parameters, arguments)                                       \
  __attribute__((target("arch=x86-64-v4,no-prefer-256-bit"), min_vector_width(512))) static void \
      name##_x86_64_v4 parameters {                                                              \
    name##_body_16 arguments;                                                                    \
  }                                                                                              \
  __attribute__((target("arch=x86-64-v3"))) static void name##_x86_64_v3 parameters {            \
    name##_body_8 arguments;                                                                     \
  }                                                                                              \
  static void name##_baseline parameters { name##_body_4 arguments; }                            \
  void name parameters {                                                                         \
    switch (vector_instruction_set()) {                                                          \
      case vector_x86_64_v4: name##_x86_64_v4 arguments; return;                                 \
      case vector_x86_64_v3: name##_x86_64_v3 arguments; return;                                 \
      default: name##_baseline arguments;                                                        \
    }                                                                                            \
  }
#elif defined(__aarch64__)
#define MULTIVERSION_BY_WIDTH(name, parameters, arguments) \
  void name parameters { name##_body_8 arguments; }
#else
#define MULTIVERSION_BY_WIDTH(name, parameters, arguments) \
  void name parameters { name##_body_4 arguments; }
#endif

MULTIVERSION_BY_WIDTH(
    product_panel,
    (size_t rows, size_t groups, size_t length, const float *const *left, ptrdiff_t left_offset, const float *panel,
     float *const *out, ptrdiff_t out_offset, const float *start, bool accumulate, size_t valid),
    (rows, groups, length, left, left_offset, panel, out, out_offset, start, accumulate, valid))

MULTIVERSION_BY_WIDTH(
    transposed_panel,
    (size_t rows, size_t length, const float *left, ptrdiff_t left_stride, ptrdiff_t left_group_stride,
     const float *panel, ptrdiff_t panel_stride, float *out, ptrdiff_t out_stride, bool accumulate, size_t valid),
    (rows, length, left, left_stride, left_group_stride, panel, panel_stride, out, out_stride, accumulate, valid))

// Of one vector's columns, a register tile loads as many numbers as it multiplies, and its panel besides, so that loads
// are the limit. Here 16 places of the panel stay in registers over all rows instead: measured 1.2 to 1.4 times as fast.
VECTOR_LOOP void narrow_panel_body(
    size_t rows, size_t length, const float *left, ptrdiff_t left_stride, const float *panel, float *out,
    ptrdiff_t out_stride, bool accumulate) {
  for (size_t first = 0; first < length; first += 16, left += 16, panel += 16 * PANEL_WIDTH) {
    vector_float16 right[16];
#pragma clang loop unroll(full)
    for (int k = 0; k < 16; k++) right[k] = *(const vector_float16 *)(panel + k * PANEL_WIDTH);
    const float *row = left;
    float *to = out;
    for (size_t i = 0; i < rows; i++, row += left_stride, to += out_stride) {
      // Two sums, as each addition to one waits for the one before.
      vector_float16 sum[2] = {row[0] * right[0], row[1] * right[1]};
#pragma clang loop unroll(full)
      for (int k = 2; k < 16; k++) sum[k % 2] += row[k] * right[k];
      sum[0] += sum[1];
      *(vector_float16 *)to = first > 0 || accumulate ? *(const vector_float16 *)to + sum[0] : sum[0];
    }
  }
}
MULTIVERSION(
    product_narrow_panel, narrow_panel_body,
    (size_t rows, size_t length, const float *left, ptrdiff_t left_stride, const float *panel, float *out,
     ptrdiff_t out_stride, bool accumulate),
    (rows, length, left, left_stride, panel, out, out_stride, accumulate))

bool product_is_narrow(size_t valid) { return valid <= 16 && vector_instruction_set() == vector_x86_64_v4; }

typedef float float4 __attribute__((vector_size(16), aligned(4)));

/// Transposes 4 × 4 floats.
VECTOR_LOOP void transpose_4x4(const float *from, ptrdiff_t from_stride, float *to, ptrdiff_t to_stride) {
  const float4 a = *(const float4 *)from, b = *(const float4 *)(from + from_stride);
  const float4 c = *(const float4 *)(from + 2 * from_stride), d = *(const float4 *)(from + 3 * from_stride);
  const float4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const float4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(float4 *)to = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  *(float4 *)(to + to_stride) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  *(float4 *)(to + 2 * to_stride) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  *(float4 *)(to + 3 * to_stride) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

VECTOR_LOOP void pack_panel_body(
    size_t rows, size_t valid, const float *matrix, ptrdiff_t row_stride, ptrdiff_t column_stride, float *panel,
    const size_t width) {
  if (column_stride == 1) {
    for (size_t row = 0; row < rows; row++, matrix += row_stride, panel += width) {
      if (valid == width) {
        memcpy(panel, matrix, width * sizeof(float));
      } else {
        memcpy(panel, matrix, valid * sizeof(float));
        memset(panel + valid, 0, (width - valid) * sizeof(float));
      }
    }
    return;
  }
  const size_t whole_rows = rows / 4 * 4, whole_columns = row_stride == 1 ? valid / 4 * 4 : 0;
  for (size_t column = 0; column < whole_columns; column += 4) {
    const float *from = matrix + (ptrdiff_t)column * column_stride;
    for (size_t row = 0; row < whole_rows; row += 4)
      transpose_4x4(from + row, column_stride, panel + row * width + column, width);
    for (size_t row = whole_rows; row < rows; row++)
      for (size_t i = 0; i < 4; i++) panel[row * width + column + i] = from[row + (ptrdiff_t)i * column_stride];
  }
  for (size_t row = 0; row < rows; row++) {
    for (size_t column = whole_columns; column < valid; column++)
      panel[row * width + column] = matrix[(ptrdiff_t)row * row_stride + (ptrdiff_t)column * column_stride];
    for (size_t column = valid; column < width; column++) panel[row * width + column] = 0;
  }
}

void pack_panel(
    size_t rows, size_t valid, const float *matrix, ptrdiff_t row_stride, ptrdiff_t column_stride, float *panel,
    size_t width) {
  // A constant where it matters, so that rows are copied without a call.
  if (width == PANEL_WIDTH)
    pack_panel_body(rows, valid, matrix, row_stride, column_stride, panel, PANEL_WIDTH);
  else
    pack_panel_body(rows, valid, matrix, row_stride, column_stride, panel, width);
}
