// Register tiles of a matrix product, for one width of vector. Included once per width, with `VECTOR_WIDTH` and
// `TILE_ROWS` defined; every name gets the width as its ending.
//
// A tile is `rows` × 2 vectors of sums that stay in registers. At 16 floats a vector, 8 × 32 sums take 10 loads for 16
// multiply-adds: the multipliers are the limit (measured: 95 % of a Zen 5 core's peak; 12 × 32 spills its row pointers
// and reaches 82 %). At 8 floats and 16 registers (AVX2), 4 × 16 leaves registers for the factors. So it does with 32
// registers of 4 floats (NEON), where a vector is two registers: 20 loads for 64 multiply-adds and nothing spilled, of
// 97 instructions. 4 × 8, the tile of SSE2, takes 16 loads for 32, and its 8 sums wait for each other where a processor
// begins four multiply-adds in a cycle; 8 × 8 takes 28 loads for 64 (counted in clang's code, by no measurement).

#define TILE_PASTE(name, width) name##_##width
#define TILE_NAME_AT(name, width) TILE_PASTE(name, width)
#define TILE_NAME(name) TILE_NAME_AT(name, VECTOR_WIDTH)
#define tile_vector TILE_NAME(tile_vector)
#define tile_load TILE_NAME(tile_load)
#define tile_store TILE_NAME(tile_store)

typedef float tile_vector __attribute__((vector_size(VECTOR_WIDTH * 4), aligned(4)));

VECTOR_LOOP tile_vector tile_load(const float *from) { return *(const tile_vector *)from; }
VECTOR_LOOP void tile_store(float *to, tile_vector value) { *(tile_vector *)to = value; }

/// Stores a row of sums. New sums are added to old ones at the end, so that fewer additions are to a large number,
/// which rounds more.
VECTOR_LOOP void TILE_NAME(tile_finish)(
    const int vectors, const tile_vector *sum, float *to, bool accumulate, bool whole, size_t valid) {
  if (whole) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      tile_store(to + v * VECTOR_WIDTH, accumulate ? tile_load(to + v * VECTOR_WIDTH) + sum[v] : sum[v]);
  } else {
    float edge[2 * VECTOR_WIDTH];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) tile_store(edge + v * VECTOR_WIDTH, sum[v]);
    for (size_t column = 0; column < valid; column++) to[column] = (accumulate ? to[column] : 0) + edge[column];
  }
}

/// Sums of `rows` × `vectors`: out(i) (+)= start + Σ over groups g and k of left(g, i)[k] · panel(g, k).
///
/// `left` holds `PRODUCT_ROWS` pointers per group, each to `length` floats. `panel` goes on by `PANEL_WIDTH` floats per
/// k. `valid` columns are written; the panel itself is padded to whole vectors.
VECTOR_LOOP void TILE_NAME(product_tile)(
    const int rows, const int vectors, size_t groups, size_t length, const float *const *left, ptrdiff_t left_offset,
    const float *panel, float *const *out, ptrdiff_t out_offset, const float *start, bool accumulate, size_t valid) {
  tile_vector sum[TILE_ROWS][2];
  const bool whole = valid >= (size_t)vectors * VECTOR_WIDTH;
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) {
    const tile_vector first = start && !accumulate ? tile_load(start + v * VECTOR_WIDTH) : (tile_vector){0};
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) sum[i][v] = first;
  }
  for (size_t group = 0; group < groups; group++) {
    const float *row[TILE_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) row[i] = left[group * PRODUCT_ROWS + i] + left_offset;
    size_t k = 0;
    for (; k + 4 <= length; k += 4, panel += 4 * PANEL_WIDTH) {
#pragma clang loop unroll(full)
      for (int u = 0; u < 4; u++) {
        tile_vector right[2];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) right[v] = tile_load(panel + u * PANEL_WIDTH + v * VECTOR_WIDTH);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
          for (int v = 0; v < vectors; v++) sum[i][v] += row[i][k + u] * right[v];
      }
    }
    for (; k < length; k++, panel += PANEL_WIDTH) {
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[i][v] += row[i][k] * tile_load(panel + v * VECTOR_WIDTH);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
    TILE_NAME(tile_finish)(vectors, sum[i], out[i] + out_offset, accumulate, whole, valid);
}

/// out(i, ·) (+)= Σ over k of left[k · left_stride + i] · panel[k · panel_stride + ·].
VECTOR_LOOP void TILE_NAME(transposed_tile)(
    const int rows, const int vectors, size_t length, const float *left, ptrdiff_t left_stride, const float *panel,
    ptrdiff_t panel_stride, float *out, ptrdiff_t out_stride, bool accumulate, size_t valid) {
  tile_vector sum[TILE_ROWS][2];
  const bool whole = valid >= (size_t)vectors * VECTOR_WIDTH;
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sum[i][v] = (tile_vector){0};
#pragma clang loop unroll_count(2)
  for (size_t k = 0; k < length; k++, left += left_stride, panel += panel_stride) {
    tile_vector right[2];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) right[v] = tile_load(panel + v * VECTOR_WIDTH);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[i][v] += left[i] * right[v];
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
    TILE_NAME(tile_finish)(vectors, sum[i], out + i * out_stride, accumulate, whole, valid);
}

// The tiles with their number of rows known to the compiler, so that the sums live in registers.
#define PRODUCT_CASE(count)                                                                                \
  case count:                                                                                              \
    if (columns > VECTOR_WIDTH)                                                                            \
      TILE_NAME(product_tile)(count, 2, groups, length, left + row, left_offset, panel + first, out + row, \
                              out_offset + first, from, accumulate, columns);                              \
    else                                                                                                   \
      TILE_NAME(product_tile)(count, 1, groups, length, left + row, left_offset, panel + first, out + row, \
                              out_offset + first, from, accumulate, columns);                              \
    break;
#define TRANSPOSED_CASE(count)                                                                             \
  case count:                                                                                              \
    if (columns > VECTOR_WIDTH)                                                                            \
      TILE_NAME(transposed_tile)(count, 2, length, left + row, left_stride, panel + first, panel_stride,   \
                                 to, out_stride, accumulate, columns);                                     \
    else                                                                                                   \
      TILE_NAME(transposed_tile)(count, 1, length, left + row, left_stride, panel + first, panel_stride,   \
                                 to, out_stride, accumulate, columns);                                     \
    break;
#if TILE_ROWS == 8
#define FOR_EACH_ROW_COUNT(CASE) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#else
#define FOR_EACH_ROW_COUNT(CASE) CASE(1) CASE(2) CASE(3) CASE(4)
#endif

VECTOR_LOOP void TILE_NAME(product_panel_body)(
    size_t rows, size_t groups, size_t length, const float *const *left, ptrdiff_t left_offset, const float *panel,
    float *const *out, ptrdiff_t out_offset, const float *start, bool accumulate, size_t valid) {
  for (; rows > 0; left += groups * PRODUCT_ROWS, out += PRODUCT_ROWS) {
    const size_t here = rows < PRODUCT_ROWS ? rows : PRODUCT_ROWS;
    for (size_t first = 0; first < valid; first += 2 * VECTOR_WIDTH) {
      const size_t columns = valid - first < 2 * VECTOR_WIDTH ? valid - first : 2 * VECTOR_WIDTH;
      const float *from = start ? start + first : NULL;
      for (size_t row = 0; row < here; row += TILE_ROWS) {
        switch (here - row < TILE_ROWS ? here - row : TILE_ROWS) { FOR_EACH_ROW_COUNT(PRODUCT_CASE) }
      }
    }
    rows -= here;
  }
}

VECTOR_LOOP void TILE_NAME(transposed_panel_body)(
    size_t rows, size_t length, const float *left, ptrdiff_t left_stride, ptrdiff_t left_group_stride,
    const float *panel, ptrdiff_t panel_stride, float *out, ptrdiff_t out_stride, bool accumulate, size_t valid) {
  for (; rows > 0; left += left_group_stride, out += PRODUCT_ROWS * out_stride) {
    const size_t here = rows < PRODUCT_ROWS ? rows : PRODUCT_ROWS;
    for (size_t first = 0; first < valid; first += 2 * VECTOR_WIDTH) {
      const size_t columns = valid - first < 2 * VECTOR_WIDTH ? valid - first : 2 * VECTOR_WIDTH;
      for (size_t row = 0; row < here; row += TILE_ROWS) {
        float *to = out + (ptrdiff_t)row * out_stride + first;
        switch (here - row < TILE_ROWS ? here - row : TILE_ROWS) { FOR_EACH_ROW_COUNT(TRANSPOSED_CASE) }
      }
    }
    rows -= here;
  }
}

#undef PRODUCT_CASE
#undef TRANSPOSED_CASE
#undef FOR_EACH_ROW_COUNT
#undef tile_vector
#undef tile_load
#undef tile_store
#undef TILE_NAME
#undef TILE_NAME_AT
#undef TILE_PASTE
#undef VECTOR_WIDTH
#undef TILE_ROWS
