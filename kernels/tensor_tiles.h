// The tiled matrix product of the tensor-core bodies: tiles of rows and columns in local memory, fragments and sums in
// registers. The host gives every size, as its ranges depend on them; the defaults are for a compiler that is run by hand.

// Warps of a group: along the rows, along the columns.
#ifndef WARPS_ALONG_ROWS
#define WARPS_ALONG_ROWS 2
#endif
#ifndef WARPS_ALONG_COLUMNS
#define WARPS_ALONG_COLUMNS 2
#endif
// Rows and columns that a warp sums up; multiples of 32.
#ifndef WARP_ROWS
#define WARP_ROWS 64
#endif
#ifndef WARP_COLUMNS
#define WARP_COLUMNS 32
#endif
// Terms of the sum that a tile holds; a multiple of 16.
#ifndef TILE_DEPTH
#define TILE_DEPTH 16
#endif
// 1: tiles are filled by cp.async, and each operand is encoded whenever it is loaded from one. 0: by way of registers, and
// each operand is encoded once.
#ifndef ASYNC_COPY
#define ASYNC_COPY 0
#endif
// Tiles that are in local memory at a time: 2 by way of registers, 2 or more by cp.async.
#ifndef TILE_STAGES
#define TILE_STAGES 2
#endif
// 4 where every offset, stride and number of channels is a multiple of four, so that memory is read and written four
// elements at a time; else 1.
#ifndef VECTOR
#define VECTOR 1
#endif

#define COLUMN_FRAGMENTS (WARP_COLUMNS / 8)
#include "tensor_core.h"

#define ITEMS (WARPS_ALONG_ROWS * WARPS_ALONG_COLUMNS * WARP_SIZE)
#define TILE_ROWS (WARPS_ALONG_ROWS * WARP_ROWS)
#define TILE_COLUMNS (WARPS_ALONG_COLUMNS * WARP_COLUMNS)
// Slabs of 32 rows, or columns, of a warp.
#define ROW_SLABS (WARP_ROWS / 32)
#define COLUMN_SLABS (WARP_COLUMNS / 32)

#if WARP_ROWS % 32 || WARP_COLUMNS % 32 || TILE_DEPTH % 16
#error "a warp takes 32 rows, 32 columns and 16 terms at a time"
#endif
#if TILE_STAGES < 2 || (!ASYNC_COPY && TILE_STAGES != 2)
#error "a tile is filled while another one is multiplied"
#endif

// A tile lies deep, [line][term], or wide, [term][line], as its matrix does in global memory; lines are rows or columns. Of
// each slab of 32 lines a lane has the four from 4 · group on, and of 16 terms the four from 4 · place on: 16 bytes at a time
// either way. Eight lanes load together without meeting in a bank: in a deep tile because its lines are 4 words longer than
// a multiple of 8, in a wide one because they are 8 words longer than a multiple of 32 and the terms of 16, as a 4 × 4 matrix,
// are turned over (wide_line).
#define DEEP_LINE (TILE_DEPTH + 4)
#define WIDE_LINE(lines) ((lines) + 8)

int wide_line(int term) { return (term & ~15) | (term & 3) << 2 | (term >> 2 & 3); }

// How a group's items share out a tile that is read along the depth (neighbouring items, neighbouring terms) …
#define DEEP_ITEMS (TILE_DEPTH / VECTOR)
#define DEEP_LINES (ITEMS / DEEP_ITEMS)
#define DEEP_ROW_LOADS (TILE_ROWS / DEEP_LINES)
#define DEEP_COLUMN_LOADS (TILE_COLUMNS / DEEP_LINES)
// … or across it.
#define WIDE_ROW_ITEMS (TILE_ROWS / VECTOR)
#define WIDE_ROW_LINES (ITEMS / WIDE_ROW_ITEMS)
#define WIDE_ROW_LOADS (TILE_DEPTH / WIDE_ROW_LINES)
#define WIDE_COLUMN_ITEMS (TILE_COLUMNS / VECTOR)
#define WIDE_COLUMN_LINES (ITEMS / WIDE_COLUMN_ITEMS)
#define WIDE_COLUMN_LOADS (TILE_DEPTH / WIDE_COLUMN_LINES)

#if ITEMS % DEEP_ITEMS || TILE_ROWS % DEEP_LINES || TILE_COLUMNS % DEEP_LINES || DEEP_LINES % 8
#error "the group does not share out a tile evenly along the depth"
#endif
#if ITEMS % WIDE_ROW_ITEMS || TILE_DEPTH % WIDE_ROW_LINES || ITEMS % WIDE_COLUMN_ITEMS || TILE_DEPTH % WIDE_COLUMN_LINES
#error "the group does not share out a tile evenly across the depth"
#endif

// The first line of a deep tile that an item fills. Of eight items that store together the second four are four lines on, where
// the banks are others.
int deep_line_of(int item) {
  const int line = item / DEEP_ITEMS;
  return (line & ~7) | (line & 1) << 2 | (line >> 1 & 3);
}

// Run: VECTOR neighbouring elements on their way from global memory to a tile by way of registers.
#if VECTOR == 4
typedef float4 Run;
Run load_run(global const float *source) { return *(global const float4 *)source; }
void store_run(Run run, local uint *target) {
  *(local uint4 *)target =
      (uint4)(encode_operand(run.s0), encode_operand(run.s1), encode_operand(run.s2), encode_operand(run.s3));
}
#else
typedef float Run;
Run load_run(global const float *source) { return *source; }
void store_run(Run run, local uint *target) { *target = encode_operand(run); }
#endif

#if ASYNC_COPY
#define FETCH(run, target, source, exists) begin_copy(target, source, VECTOR, exists)
#define STORE_FETCHED(run, target)
#else
#define FETCH(run, target, source, exists) run = (exists) ? load_run(source) : (Run)(0.0f)
#define STORE_FETCHED(run, target) store_run(run, target)
#endif

// Four words of a tile as operands.
uint4 load_operands(local const uint *source) {
  uint4 words = *(local const uint4 *)source;
#if ASYNC_COPY
  words.s0 = encode_operand(as_float(words.s0));
  words.s1 = encode_operand(as_float(words.s1));
  words.s2 = encode_operand(as_float(words.s2));
  words.s3 = encode_operand(as_float(words.s3));
#endif
  return words;
}

// operands[e][q]: term q, of this lane's four, of line e, of its four in the slab.
__attribute__((always_inline)) inline
void load_deep(local const uint *tile, int line, int first_term, uint (*operands)[4]) {
  const int lane = get_local_id(0) % WARP_SIZE;
#pragma unroll
  for (int e = 0; e < 4; e++) {
    const uint4 words = load_operands(tile + (line + lane / 4 * 4 + e) * DEEP_LINE + first_term + lane % 4 * 4);
    operands[e][0] = words.s0;
    operands[e][1] = words.s1;
    operands[e][2] = words.s2;
    operands[e][3] = words.s3;
  }
}

__attribute__((always_inline)) inline
void load_wide(local const uint *tile, int lines, int line, int first_term, uint (*operands)[4]) {
  const int lane = get_local_id(0) % WARP_SIZE;
#pragma unroll
  for (int q = 0; q < 4; q++) {
    const uint4 words =
        load_operands(tile + (first_term + 4 * q + lane % 4) * WIDE_LINE(lines) + line + lane / 4 * 4);
    operands[0][q] = words.s0;
    operands[1][q] = words.s1;
    operands[2][q] = words.s2;
    operands[3][q] = words.s3;
  }
}

// sums += row tile · column tile, for this warp's rows and columns. Inlined, as the sums are registers. Lines 2i + h of a row
// slab are row half h of its matrix i, lines j of a column slab columns of its matrix j.
__attribute__((always_inline)) inline
void multiply_tiles(local const uint *rows, int deep_rows, local const uint *columns, int deep_columns,
                    float sums[ROW_SLABS * ROW_FRAGMENTS][COLUMN_FRAGMENTS][4], local uint *exchange) {
  const int warp = get_local_id(0) / WARP_SIZE;
  const int first_row = warp / WARPS_ALONG_COLUMNS * WARP_ROWS, first_column = warp % WARPS_ALONG_COLUMNS * WARP_COLUMNS;
#pragma unroll
  for (int term = 0; term < TILE_DEPTH; term += 16) {
    uint column_operands[COLUMN_FRAGMENTS][4];
#pragma unroll
    for (int slab = 0; slab < COLUMN_SLABS; slab++) {
      if (deep_columns)
        load_deep(columns, first_column + 32 * slab, term, column_operands + 4 * slab);
      else
        load_wide(columns, TILE_COLUMNS, first_column + 32 * slab, term, column_operands + 4 * slab);
    }
#pragma unroll
    for (int slab = 0; slab < ROW_SLABS; slab++) {
      uint row_operands[2 * ROW_FRAGMENTS][4];
      if (deep_rows)
        load_deep(rows, first_row + 32 * slab, term, row_operands);
      else
        load_wide(rows, TILE_ROWS, first_row + 32 * slab, term, row_operands);
      multiply_operands(row_operands, column_operands, sums + ROW_FRAGMENTS * slab, exchange);
    }
  }
}

// The tile's rows and columns of this lane's sums: row e of four of a slab, column f of eight, and where their sum is.
int sum_row(int slab, int e) {
  const int item = get_local_id(0);
  return item / WARP_SIZE / WARPS_ALONG_COLUMNS * WARP_ROWS + 32 * slab + item % WARP_SIZE / 4 * 4 + e;
}
int sum_column(int slab) {
  const int item = get_local_id(0);
  return item / WARP_SIZE % WARPS_ALONG_COLUMNS * WARP_COLUMNS + 32 * slab + item % 4 * 8;
}
#define SUM(row_slab, e, column_slab, f) \
  sums[ROW_FRAGMENTS * (row_slab) + (e) / 2][4 * (column_slab) + (f) % 4][2 * ((e) % 2) + (f) / 4]
