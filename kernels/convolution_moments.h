// The moments of a tile of a convolution's output, from the sums in the registers of a group's work-items: of each
// column the mean and the sum of squared deviations from it. They are stage 1 of a batch normalization's statistics
// (batch_normalization.cl), with the tile's rows for a block, and save the pass that reads the output again.
//
// partials: [2][tiles of rows][columns], means and sums of squares. Means are sums of differences from the column's
// first value, so both hold for data far from zero. A kernel defines, before it includes this:
//
//   MOMENT_ROWS, MOMENT_COLUMNS   rows and columns of an item's sums
//   MOMENT_SUMS(sums)             declares the parameter that holds them
//   MOMENT_VALUE(sums, i, e)      the sum of the item's row i and column e
//   moment_row(i)                 returns the tile's row of the item's row i
//   moment_column(e)              returns the tile's column of the item's column e
//   MOMENT_PARTS, moment_part()   items that share a column, and which of them this is; the first has row 0
//   MOMENT_LINE, MOMENT_FLOATS    columns of a tile; floats of local memory that are free after the products

#if MOMENT_PARTS * MOMENT_LINE > MOMENT_FLOATS
#error "the tiles' local memory does not hold the parts of the columns' sums"
#endif

// Replaces each value by the sum, in the parts' order, of those that all items have for its column. All call it.
FORCE_INLINE void total_columns(float values[MOMENT_COLUMNS], local float *lines) {
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
  for (int e = 0; e < MOMENT_COLUMNS; e++) lines[moment_part() * MOMENT_LINE + moment_column(e)] = values[e];
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
  for (int e = 0; e < MOMENT_COLUMNS; e++) {
    values[e] = lines[moment_column(e)];
    for (int part = 1; part < MOMENT_PARTS; part++) values[e] += lines[part * MOMENT_LINE + moment_column(e)];
  }
}

// Stores the moments of a tile that has `rows` rows and, from first_column on, the columns below `columns`. All call
// it.
FORCE_INLINE void store_moments(MOMENT_SUMS(sums), int rows, local float *lines, global float *partials,
                                int first_column, int columns) {
  float reference[MOMENT_COLUMNS], mean[MOMENT_COLUMNS], squares[MOMENT_COLUMNS];
  barrier(CLK_LOCAL_MEM_FENCE);
  if (moment_part() == 0) {
#pragma unroll
    for (int e = 0; e < MOMENT_COLUMNS; e++) lines[moment_column(e)] = MOMENT_VALUE(sums, 0, e);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
  for (int e = 0; e < MOMENT_COLUMNS; e++) {
    reference[e] = lines[moment_column(e)];
    mean[e] = 0.0f;
#pragma unroll
    for (int i = 0; i < MOMENT_ROWS; i++)
      if (moment_row(i) < rows) mean[e] += MOMENT_VALUE(sums, i, e) - reference[e];
  }
  total_columns(mean, lines);
#pragma unroll
  for (int e = 0; e < MOMENT_COLUMNS; e++) {
    mean[e] = reference[e] + mean[e] / (float)rows;
    squares[e] = 0.0f;
#pragma unroll
    for (int i = 0; i < MOMENT_ROWS; i++) {
      const float d = MOMENT_VALUE(sums, i, e) - mean[e];
      if (moment_row(i) < rows) squares[e] += d * d;
    }
  }
  total_columns(squares, lines);
  if (moment_part() != 0) return;
  global float *means = partials + (size_t)get_group_id(0) * columns + first_column;
#pragma unroll
  for (int e = 0; e < MOMENT_COLUMNS; e++) {
    if (first_column + moment_column(e) >= columns) continue;
    means[moment_column(e)] = mean[e];
    means[(size_t)get_num_groups(0) * columns + moment_column(e)] = squares[e];
  }
}
