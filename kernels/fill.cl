// Sets every element to one value.
//
// output: [pixels][channels]. One work-item per element: direction 0 the channel, row_index() the pixel.

#include "common.h"

kernel void fill(TENSOR(float *, output), ulong channels, ulong pixels, float value) {
  const size_t channel = get_global_id(0), pixel = row_index();
  if (channel >= channels || pixel >= pixels) return;
  AT(output, pixel)[channel] = value;
}
