// The matrix products of Winograd's algorithm, tiled into local memory and registers:
//
//   sums[part][element][row][column] = Σ left(element, row, k) · right[element][k][column]
//
// over one part of the `depth` terms k, for each element of the transform domain.
//
// A file that includes this, after convolution_tiles.h, defines first
//   PRODUCT       the kernel's name,
//   LEFT_IS_DEEP  1 if left is [element][rows][depth], 0 if it is [element][depth][rows].

#if LEFT_IS_DEEP
#define LEFT_LOADS DEEP_ROW_LOADS
#else
#define LEFT_LOADS WIDE_ROW_LOADS
#endif

// Group (tile of rows, tile of columns, part · elements + element) of GROUP_X × GROUP_Y work-items; convolution_tiles.h
// has the share of each.
kernel WORK_GROUP(GROUP_X, GROUP_Y, 1) void PRODUCT(
    ARRAY(const float *restrict, left), ARRAY(const float *restrict, right), ARRAY(float *restrict, sums_out), int rows,
    int depth, int columns) {
  ROW_TILE(row_tile);
  COLUMN_TILE(column_tile);

  const int parts = (int)get_num_groups(2) / ELEMENTS, part = (int)get_group_id(2) / ELEMENTS;
  const size_t element = (int)get_group_id(2) - part * ELEMENTS;
  const int first_row = (int)get_group_id(0) * TILE_ROWS, first_column = (int)get_group_id(1) * TILE_COLUMNS;
  const Range steps = part_of((depth + TILE_DEPTH - 1) / TILE_DEPTH, part, parts);
  left += left_offset + element * depth * rows;
  right += right_offset + element * depth * columns;

  // Each item reads the same columns, and of a wide left the same rows, in every step.
  const int item = get_local_id(1) * GROUP_X + get_local_id(0);
#if LEFT_IS_DEEP
  const int left_term = item % DEEP_ITEMS * VECTOR, left_row = first_row + item / DEEP_ITEMS;
#else
  const int left_term = item / WIDE_ROW_ITEMS, left_row = first_row + item % WIDE_ROW_ITEMS * VECTOR;
#endif
  const int right_term = item / WIDE_COLUMN_ITEMS, column = first_column + item % WIDE_COLUMN_ITEMS * VECTOR;

  float4 sums[ITEM_ROWS][ITEM_COLUMN_RUNS];
  clear_sums(sums);
  // The next step's terms are prefetched from global memory while this step's are multiplied.
  for (int at = steps.begin; at <= steps.end; at++) {
    Run left_run[LEFT_LOADS], right_run[WIDE_COLUMN_LOADS];
#pragma unroll
    for (int i = 0; i < LEFT_LOADS; i++) {
#if LEFT_IS_DEEP
      const int row = left_row + i * DEEP_LINES, term = at * TILE_DEPTH + left_term;
      global const float *from = left + (size_t)row * depth + term;
#else
      const int row = left_row, term = at * TILE_DEPTH + left_term + i * WIDE_ROW_LINES;
      global const float *from = left + (size_t)term * rows + row;
#endif
      left_run[i] = row < rows && term < depth ? load_run(from) : (Run)(0.0f);
    }
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++) {
      const int term = at * TILE_DEPTH + right_term + i * WIDE_COLUMN_LINES;
      right_run[i] =
          term < depth && column < columns ? load_run(right + (size_t)term * columns + column) : (Run)(0.0f);
    }
    if (at > steps.begin) multiply_tiles(row_tile, column_tile, sums);
    if (at == steps.end) break;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < LEFT_LOADS; i++)
#if LEFT_IS_DEEP
      store_along(left_run[i], row_tile + left_term * LINE_ROWS + left_row - first_row + i * DEEP_LINES, LINE_ROWS);
#else
      store_across(left_run[i], row_tile + (left_term + i * WIDE_ROW_LINES) * LINE_ROWS + left_row - first_row);
#endif
#pragma unroll
    for (int i = 0; i < WIDE_COLUMN_LOADS; i++)
      store_across(right_run[i],
                   column_tile + (right_term + i * WIDE_COLUMN_LINES) * LINE_COLUMNS + column - first_column);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  global float *to = BASE(sums_out) + ((size_t)part * ELEMENTS + element) * rows * columns;
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++) {
    const int row = first_row + item_row(i);
#pragma unroll
    for (int j = 0; j < ITEM_COLUMN_RUNS; j++) {
      const int at = first_column + item_column(j);
      if (row < rows && at < columns) store_four(sums[i][j], to + (size_t)row * columns + at, columns - at, 1);
    }
  }
}
