// The register tile of the CPU bodies: TILE_ROWS rows × TILE_VECTORS vectors of 16 columns of a matrix product, both
// defined before this is included. LEFT_SPACE and RIGHT_SPACE, the operands' address spaces, are private unless they
// are defined, too. MULTIPLY_ADD is convolution_geometry.h's.

#ifndef LEFT_SPACE
#define LEFT_SPACE private
#endif
#ifndef RIGHT_SPACE
#define RIGHT_SPACE private
#endif

// sums[i][j] = [add] sums[i][j] + Σ left[i][k] · right[k][j] over `terms` terms k. A line of right and of sums has
// right_line and sums_line floats; left[i][k] is at i · left_row + k · left_term.
FORCE_INLINE void multiply_register_tile(LEFT_SPACE const float *left, int left_row, int left_term,
                                         RIGHT_SPACE const float *right, int right_line, int terms, float *sums,
                                         int sums_line, bool add) {
  float16 tile[TILE_ROWS][TILE_VECTORS];
#pragma unroll
  for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
    for (int v = 0; v < TILE_VECTORS; v++) tile[i][v] = add ? vload16(v, sums + i * sums_line) : (float16)(0.0f);
  for (int k = 0; k < terms; k++) {
    float16 line[TILE_VECTORS];
#pragma unroll
    for (int v = 0; v < TILE_VECTORS; v++) line[v] = vload16(v, right + k * right_line);
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
      const float16 value = (float16)(left[i * left_row + k * left_term]);
#pragma unroll
      for (int v = 0; v < TILE_VECTORS; v++) tile[i][v] = MULTIPLY_ADD(value, line[v], tile[i][v]);
    }
  }
#pragma unroll
  for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
    for (int v = 0; v < TILE_VECTORS; v++) vstore16(tile[i][v], v, sums + i * sums_line);
}
