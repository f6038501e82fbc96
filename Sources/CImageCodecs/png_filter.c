#include "png_filter.h"

#include <string.h>

// The loops are simple enough to be vectorized. Each writes a whole row, and returns the sum of the bytes' absolute
// values as signed numbers.

static uint64_t sum(const uint8_t *bytes, size_t count) {
  uint64_t total = 0;
  while (count > 0) {
    // A 32-bit sum, of which a vector holds more, of as many bytes as cannot overflow it.
    size_t part = count < 1 << 24 ? count : 1 << 24;
    uint32_t partial = 0;
    for (size_t index = 0; index < part; index++) {
      int8_t value = (int8_t)bytes[index];
      partial += (uint32_t)(value < 0 ? -value : value);
    }
    total += partial;
    bytes += part;
    count -= part;
  }
  return total;
}

static uint64_t sub(const uint8_t *restrict row, size_t count, size_t step, uint8_t *restrict result) {
  memcpy(result, row, step);
  for (size_t index = step; index < count; index++) result[index] = (uint8_t)(row[index] - row[index - step]);
  return sum(result, count);
}

static uint64_t up(
    const uint8_t *restrict row, const uint8_t *restrict above, size_t count, uint8_t *restrict result) {
  for (size_t index = 0; index < count; index++) result[index] = (uint8_t)(row[index] - above[index]);
  return sum(result, count);
}

static uint64_t average(
    const uint8_t *restrict row, const uint8_t *restrict above, size_t count, size_t step, uint8_t *restrict result) {
  for (size_t index = 0; index < step; index++) result[index] = (uint8_t)(row[index] - above[index] / 2);
  for (size_t index = step; index < count; index++) {
    result[index] = (uint8_t)(row[index] - (row[index - step] + above[index]) / 2);
  }
  return sum(result, count);
}

static uint64_t paeth(
    const uint8_t *restrict row, const uint8_t *restrict above, size_t count, size_t step, uint8_t *restrict result) {
  for (size_t index = 0; index < step; index++) result[index] = (uint8_t)(row[index] - above[index]);
  for (size_t index = step; index < count; index++) {
    int16_t left = row[index - step], upper = above[index], corner = above[index - step];
    // The distances of left + upper - corner to the three.
    int16_t to_left = (int16_t)(upper - corner), to_upper = (int16_t)(left - corner);
    int16_t to_corner = (int16_t)(to_left + to_upper);
    to_left = (int16_t)(to_left < 0 ? -to_left : to_left);
    to_upper = (int16_t)(to_upper < 0 ? -to_upper : to_upper);
    to_corner = (int16_t)(to_corner < 0 ? -to_corner : to_corner);
    int16_t predicted = to_left <= to_upper && to_left <= to_corner ? left : to_upper <= to_corner ? upper : corner;
    result[index] = (uint8_t)(row[index] - predicted);
  }
  return sum(result, count);
}

void recolor_png_filter(
    const uint8_t *row, const uint8_t *above, size_t count, size_t pixel_size, uint8_t *filtered, uint8_t *scratch) {
  uint64_t least = UINT64_MAX;
  for (uint8_t filter = 1; filter <= 4; filter++) {
    uint64_t found = filter == 1   ? sub(row, count, pixel_size, scratch)
                     : filter == 2 ? up(row, above, count, scratch)
                     : filter == 3 ? average(row, above, count, pixel_size, scratch)
                                   : paeth(row, above, count, pixel_size, scratch);
    if (found >= least) continue;
    least = found;
    filtered[0] = filter;
    memcpy(filtered + 1, scratch, count);
  }
}
