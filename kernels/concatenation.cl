// Copies channels: an input into its slice of a concatenation, or a slice of one into an output (split).
//
// source, target: [pixels][channels], each with its own offset and pixel stride. One work-item per element.

#include "common.h"

kernel void copy_channels(const global float *source, const ulong source_offset, const ulong source_stride,
                          global float *target, const ulong target_offset, const ulong target_stride,
                          const ulong channels, const ulong pixels) {
  const size_t channel = get_global_id(0);
  const size_t pixel = row_index();
  if (channel >= channels || pixel >= pixels) return;
  target[target_offset + pixel * target_stride + channel] = source[source_offset + pixel * source_stride + channel];
}
