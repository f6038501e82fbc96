#pragma once

#include <stddef.h>
#include <stdint.h>

// Philox 4×32-10 (Salmon, Moraes, Dror and Shaw 2011). Element i takes word i mod 4 of the block with counter
// (i / 4, 0, stream low, stream high) and key (seed low, seed high).

/// output[i] = low + span · u for elements first ..< first + count, u in 0 ..< 1; `first` is a multiple of 4.
void vector_random_uniform(
    float *output, uint64_t first, size_t count, uint64_t seed, uint64_t stream, float low, float span);

/// output[i] = mean + deviation · z, z normal by Box and Muller's method; `first` is a multiple of 4.
void vector_random_normal(
    float *output, uint64_t first, size_t count, uint64_t seed, uint64_t stream, float mean, float deviation);
