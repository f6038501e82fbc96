// The tiled matrix product of the GPU bodies: a tile of rows and a tile of columns in local memory, sums in registers.
// The host defines every size and derives its NDRange from them; the defaults are for a compiler that is run by hand.
//
// Tiles are [TILE_DEPTH][LINE_ROWS] and [TILE_DEPTH][LINE_COLUMNS]. A work-item sums up ITEM_ROWS × 4 ITEM_COLUMN_RUNS
// elements: sums[i][j] are the four columns from item_column(j) on of row item_row(i).

// Work-items of a group: GROUP_X along the columns, GROUP_Y along the rows.
#ifndef GROUP_X
#define GROUP_X 16
#endif
#ifndef GROUP_Y
#define GROUP_Y 8
#endif
// Runs of four rows, and of four columns, that a work-item sums up.
#ifndef ITEM_ROW_RUNS
#define ITEM_ROW_RUNS 2
#endif
#ifndef ITEM_COLUMN_RUNS
#define ITEM_COLUMN_RUNS 1
#endif
// Terms of the sum that are held in local memory at a time; a multiple of 4.
#ifndef TILE_DEPTH
#define TILE_DEPTH 16
#endif
// 4 where every offset, stride and number of channels is a multiple of four, so that memory is read and written four
// elements at a time; else 1.
#ifndef VECTOR
#define VECTOR 1
#endif

#define ITEMS (GROUP_X * GROUP_Y)
#define ITEM_ROWS (4 * ITEM_ROW_RUNS)
#define TILE_ROWS (GROUP_Y * ITEM_ROWS)
#define TILE_COLUMNS (GROUP_X * 4 * ITEM_COLUMN_RUNS)
// Four more elements in a line of a tile keep the stores that transpose a tile in different banks.
#define LINE_ROWS (TILE_ROWS + 4)
#define LINE_COLUMNS (TILE_COLUMNS + 4)

// How a group's work-items divide a tile that is read along the depth (neighbouring items, neighbouring terms) …
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

#if ITEMS % DEEP_ITEMS || TILE_ROWS % DEEP_LINES || TILE_COLUMNS % DEEP_LINES
#error "the group does not share out a tile evenly along the depth"
#endif
#if ITEMS % WIDE_ROW_ITEMS || TILE_DEPTH % WIDE_ROW_LINES || ITEMS % WIDE_COLUMN_ITEMS || TILE_DEPTH % WIDE_COLUMN_LINES
#error "the group does not share out a tile evenly across the depth"
#endif

// The tiles' local memory.
#define ROW_TILE(tile) local float tile[TILE_DEPTH * LINE_ROWS] __attribute__((aligned(16)))
#define COLUMN_TILE(tile) local float tile[TILE_DEPTH * LINE_COLUMNS] __attribute__((aligned(16)))

// VECTOR neighbouring elements, between global memory and a tile: stored across, as neighbours, or along the depth.
#if VECTOR == 4
typedef float4 Run;
static inline Run load_run(global const float *source) { return *(global const float4 *)source; }
FORCE_INLINE void store_across(Run run, local float *line) { *(local float4 *)line = run; }
FORCE_INLINE void store_along(Run run, local float *place, int line) {
  place[0] = run.s0;
  place[line] = run.s1;
  place[2 * line] = run.s2;
  place[3 * line] = run.s3;
}
#else
typedef float Run;
static inline Run load_run(global const float *source) { return *source; }
FORCE_INLINE void store_across(Run run, local float *line) { *line = run; }
FORCE_INLINE void store_along(Run run, local float *place, int line) { *place = run; }
#endif

FORCE_INLINE void clear_sums(float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS]) {
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++)
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) sums[i][j] = (float4)(0.0f);
}

// sums += row tile · column tile, for this item's rows and columns.
FORCE_INLINE void multiply_tiles(local const float *rows, local const float *columns,
                                 float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS]) {
  const int item_x = get_local_id(0), item_y = get_local_id(1);
#pragma unroll
  for (int k = 0; k < TILE_DEPTH; k++) {
    float4 b[ITEM_COLUMN_RUNS];
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++)
      b[j] = ((local const float4 *)(columns + k * LINE_COLUMNS))[j * GROUP_X + item_x];
#pragma unroll
    for (int i = 0; i < ITEM_ROW_RUNS; i++) {
      const float4 a = ((local const float4 *)(rows + k * LINE_ROWS))[i * GROUP_Y + item_y];
#pragma unroll
      for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
        sums[4 * i][j] = MULTIPLY_ADD((float4)(a.s0), b[j], sums[4 * i][j]);
        sums[4 * i + 1][j] = MULTIPLY_ADD((float4)(a.s1), b[j], sums[4 * i + 1][j]);
        sums[4 * i + 2][j] = MULTIPLY_ADD((float4)(a.s2), b[j], sums[4 * i + 2][j]);
        sums[4 * i + 3][j] = MULTIPLY_ADD((float4)(a.s3), b[j], sums[4 * i + 3][j]);
      }
    }
  }
}

// Return the row, and the first of four columns, of the tile that this item's sums belong to.
static inline int item_row(int i) { return (i / 4 * GROUP_Y + (int)get_local_id(1)) * 4 + i % 4; }
static inline int item_column(int j) { return (j * GROUP_X + (int)get_local_id(0)) * 4; }

// Returns the elements from `index` on, of `count` in all; zeros behind them.
static inline float4 load_four(global const float *source, int index, int count) {
  float4 value = (float4)(0.0f);
  if (index < count) value.s0 = source[index];
  if (index + 1 < count) value.s1 = source[index + 1];
  if (index + 2 < count) value.s2 = source[index + 2];
  if (index + 3 < count) value.s3 = source[index + 3];
  return value;
}

// Stores the first `count` of four elements, `stride` apart.
static inline void store_four(float4 value, global float *target, int count, size_t stride) {
#if VECTOR == 4
  if (stride == 1) {
    *(global float4 *)target = value;
    return;
  }
#endif
  target[0] = value.s0;
  if (count > 1) target[stride] = value.s1;
  if (count > 2) target[2 * stride] = value.s2;
  if (count > 3) target[3 * stride] = value.s3;
}
