// Sets every element to one value.
//
// output: [pixels][channels] with an offset and a pixel stride. One work-item per element.

#include "common.h"

kernel void fill(global float *output, const ulong output_offset, const ulong output_stride, const ulong channels,
                 const ulong pixels, const float value) {
  const size_t channel = get_global_id(0);
  const size_t pixel = row_index();
  if (channel >= channels || pixel >= pixels) return;
  output[output_offset + pixel * output_stride + channel] = value;
}
