#pragma once

// Pixels that lie apart, one after the other, as a library's products need them.

#include <stddef.h>
#include <string.h>

/// Copies the `length` floats of a pixel, or as many zeros for NULL.
static inline void copy_pixel(const float *pixel, size_t length, float *to) {
  if (!pixel) {
    memset(to, 0, length * sizeof(float));
  } else if (length >= 8) {
    memcpy(to, pixel, length * sizeof(float));
  } else {
    // The call, which the compiler would make of this, costs more than the copy.
#pragma clang loop vectorize(disable) unroll(disable)
    for (size_t i = 0; i < length; i++) ((volatile float *)to)[i] = pixel[i];
  }
}
