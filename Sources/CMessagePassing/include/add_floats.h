#pragma once

#include <stddef.h>

/// Adds `count` floats to others, which are elsewhere in memory.
void add_floats(float *restrict sum, const float *restrict term, size_t count);
