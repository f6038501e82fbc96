// The moments of equally large parts of a batch, joined to those of the whole (Chan, Golub and LeVeque 1983):
//
//   mean = (mean0 + mean1) / 2, variance = (variance0 + variance1) / 2 + ((mean0 - mean1) / 2)^2
//
// moments: [parts][2][channels], each part's means and biased variances; parts is a power of two. Parts are joined in
// place by a binary tree, neighbors first, so that the first part's become those of all. One work-item per channel.

#include "common.h"

kernel void join_moments(ARRAY(float *, moments), uint channels, uint parts) {
  const size_t channel = get_global_id(0), part_size = 2 * (size_t)channels;
  if (channel >= channels) return;
  for (uint distance = 1; distance < parts; distance *= 2) {
    for (uint part = 0; part < parts; part += 2 * distance) {
      global float *mean = BASE(moments) + part * part_size + channel;
      global const float *other = mean + distance * part_size;
      const float half_difference = 0.5f * (mean[0] - other[0]);
      mean[0] = 0.5f * (mean[0] + other[0]);
      mean[channels] = 0.5f * (mean[channels] + other[channels]) + half_difference * half_difference;
    }
  }
}
