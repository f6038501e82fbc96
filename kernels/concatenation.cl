// Copies channels: an input into its slice of a concatenation, or a slice of one into an output (split). target =
// source.
//
// source, target: [pixels][channels]. One work-item per element: direction 0 the channel, row_index() the pixel.

#include "common.h"

kernel void copy_channels(TENSOR(const float *, source), TENSOR(float *, target), ulong channels, ulong pixels) {
  const size_t channel = get_global_id(0), pixel = row_index();
  if (channel >= channels || pixel >= pixels) return;
  AT(target, pixel)[channel] = AT(source, pixel)[channel];
}
