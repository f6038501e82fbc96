// Convolution and transposed convolution for CPUs: the data sum in explicit float16 vectors over the output channels, a
// register tile of rows × vectors. convolution_geometry.h has the formula.
//
// input, output: [batch][height][width][channels]; packed: the weights as convolution_vector_pack.cl arranges them;
// bias: [columns], may be null. One work-item per work-group.

#include "common.h"
#include "convolution_geometry.h"
#include "convolution_vectors.h"

// Pixels of the register tile.
#ifndef TILE_ROWS
#define TILE_ROWS 6
#endif
// Vectors of 16 output channels of the register tile; TILE_ROWS · TILE_VECTORS sums have to fit into the registers.
#ifndef TILE_VECTORS
#define TILE_VECTORS 4
#endif

#define TILE_COLUMNS (16 * TILE_VECTORS)

// Group (tile of rows, block of columns, phase).
kernel WORK_GROUP(1, 1, 1) void convolution_vector_data(
    TENSOR(const float *restrict, input), int input_height, int input_width, global const float *restrict packed,
    ARRAY(const float *restrict, bias), TENSOR(float *restrict, output), int output_height, int output_width, int batch,
    int channels, int columns, int kernel_height, int kernel_width, int padding, int phases, int step, int direction,
    int position_major) {
  const int tile = get_group_id(0), block = get_group_id(1);
  const DataSum problem = {input_height, input_width, output_height, output_width, batch, channels,
                           kernel_height, kernel_width, padding, phases, step, direction, position_major};
  const Phase phase = phase_of(get_group_id(2), problem);
  if (tile * TILE_ROWS >= phase.rows) return;

  const int taps = kernel_height * kernel_width;
  global const float *panel = packed + (size_t)block * taps * channels * TILE_COLUMNS;
  global const float *zeros = packed + (size_t)get_num_groups(1) * taps * channels * TILE_COLUMNS;

  int row_y[TILE_ROWS], row_x[TILE_ROWS];
  long row_base[TILE_ROWS], row_target[TILE_ROWS];
  // Rows past the end repeat the last one; they are not stored.
  for (int i = 0; i < TILE_ROWS; i++) {
    const RowPosition at = row_position(min(tile * TILE_ROWS + i, phase.rows - 1), phase.grid);
    row_y[i] = at.y * step + phase.taps_y.origin;
    row_x[i] = at.x * step + phase.taps_x.origin;
    row_base[i] = input_offset + pixel_index(at.n, row_y[i], row_x[i], input_height, input_width) * input_stride;
    row_target[i] = output_offset + output_pixel(at, phase, problem) * output_stride;
  }

  float16 sums[TILE_ROWS][TILE_VECTORS];
  const int column = block * TILE_COLUMNS;
#pragma unroll
  for (int v = 0; v < TILE_VECTORS; v++) {
    const int from = column + v * 16;
    const float16 start = bias && from < columns ? load_some(BASE(bias) + from, columns - from) : (float16)(0.0f);
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) sums[i][v] = start;
  }

  for (int m = 0; m < phase.taps_y.count; m++)
    for (int l = 0; l < phase.taps_x.count; l++) {
      const int shift_y = direction * m, shift_x = direction * l;
      const long shift = ((long)shift_y * input_width + shift_x) * (long)input_stride;
      global const float *source[TILE_ROWS];
      int hits = 0;
#pragma unroll
      for (int i = 0; i < TILE_ROWS; i++) {
        const int hit = ((uint)(row_y[i] + shift_y) < (uint)input_height) &
                        ((uint)(row_x[i] + shift_x) < (uint)input_width);
        source[i] = hit ? input + (row_base[i] + shift) : zeros;
        hits |= hit;
      }
      if (!hits) continue;
      global const float *weights = panel + (size_t)tap_of(m, l, phase, problem) * channels * TILE_COLUMNS;
      for (int c = 0; c < channels; c++) {
        float16 line[TILE_VECTORS];
#pragma unroll
        for (int v = 0; v < TILE_VECTORS; v++) line[v] = vload16(v, weights);
        weights += TILE_COLUMNS;
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
          const float16 value = (float16)(source[i][c]);
#pragma unroll
          for (int v = 0; v < TILE_VECTORS; v++) sums[i][v] = MULTIPLY_ADD(value, line[v], sums[i][v]);
        }
      }
    }

  // The sums leave the registers first: the stores, with their many cases, need not be unrolled then.
  float16 results[TILE_ROWS][TILE_VECTORS];
#pragma unroll
  for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
    for (int v = 0; v < TILE_VECTORS; v++) results[i][v] = sums[i][v];
  const int row_count = min(TILE_ROWS, phase.rows - tile * TILE_ROWS);
  for (int i = 0; i < row_count; i++)
    for (int from = column, v = 0; v < TILE_VECTORS && from < columns; v++, from += 16)
      store_some(results[i][v], output + row_target[i] + from, columns - from);
}
