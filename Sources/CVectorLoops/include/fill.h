#pragma once

#include "layout.h"

/// Sets every element to `value`.
void vector_fill(struct vector_rows output, struct vector_size size, float value);
