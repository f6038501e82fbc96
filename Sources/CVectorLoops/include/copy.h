#pragma once

#include "layout.h"

/// output = input. They do not overlap.
void vector_copy(struct vector_rows output, struct vector_rows input, struct vector_size size);
