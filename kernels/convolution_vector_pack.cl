// The weights of a convolution for CPUs, arranged for convolution_vector.cl:
//
//   packed[columns / block columns][taps][channels][block columns]
//
// from weights [taps][channels][columns], or [taps][columns][channels] if transposed: blocks of `vectors` vectors of 16
// columns that the register tile reads in one stream, filled up with zeros; then `channels` zeros. One work-item per
// work-group.

#include "common.h"
#include "convolution_vectors.h"

// Group (16 channels, block, tap).
kernel WORK_GROUP(1, 1, 1) void convolution_vector_pack(TENSOR(const float *restrict, weights),
                                                        global float *restrict packed, int taps, int channels,
                                                        int columns, int transposed, int vectors) {
  const int first = get_group_id(0) * 16;
  const int block = get_group_id(1), block_columns = 16 * vectors;
  const int tap = get_group_id(2);
  const int count = min(16, channels - first);
  const int column = block * block_columns;
  global float *target = packed + (((size_t)block * taps + tap) * channels + first) * block_columns;
  global const float *source = AT(weights, tap * (transposed ? columns : channels));

  if (transposed) {
    for (int vector = 0; vector < vectors; vector++) {
      float16 square[16];
#pragma unroll
      for (int k = 0; k < 16; k++) {
        const int from = column + vector * 16 + k;
        square[k] = from < columns ? load_some(source + from * weights_stride + first, count) : (float16)(0.0f);
      }
      transpose_square(square);
#pragma unroll
      for (int c = 0; c < 16; c++)
        if (c < count) vstore16(square[c], vector, target + c * block_columns);
    }
  } else {
    for (int c = 0; c < count; c++)
      for (int vector = 0; vector < vectors; vector++) {
        const int from = column + vector * 16;
        vstore16(load_some(source + (first + c) * weights_stride + from, columns - from), vector,
                 target + c * block_columns);
      }
  }

  if (block == 0 && tap == 0) {
    global float *zeros = packed + (size_t)get_num_groups(1) * taps * channels * block_columns;
    for (int c = first; c < first + count; c++) zeros[c] = 0.0f;
  }
}
