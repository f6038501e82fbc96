// Looks up each pixel's weight in a table by its color, interpolated bilinearly.
//
//   weights(pixel) = table at row (b + 1) / 2 * (rows - 1), column (a + 1) / 2 * (columns - 1)
//
// for the color (a, b), each limited to -1...1.
//
// colors: [pixels][2]; table: [rows][columns] without gaps, at least two of each; weights: [pixels][1]. One work-item
// per pixel: row_index().

#include "common.h"

// A place between two neighbours of a row of numbers: low and low + 1, and the distance from the first.
typedef struct {
  uint low;
  float distance;
} Place;

// Returns the place of -1...1 among `count` numbers. fmax and fmin take NaN as -1, so that it stays inside as well.
static inline Place place_of(float component, uint count) {
  const float half_length = 0.5f * (float)(count - 1);
  const float position = fma(fmin(fmax(component, -1.0f), 1.0f), half_length, half_length);
  Place place;
  place.low = min((uint)position, count - 2);
  place.distance = position - (float)place.low;
  return place;
}

kernel void color_weights(TENSOR(const float *, colors), ARRAY(const float *, table), TENSOR(float *, weights),
                          ulong pixels, uint rows, uint columns) {
  const size_t pixel = row_index();
  if (pixel >= pixels) return;
  global const float *color = AT(colors, pixel);
  const Place column = place_of(color[0], columns), row = place_of(color[1], rows);
  global const float *upper = BASE(table) + (size_t)row.low * columns + column.low, *lower = upper + columns;
  const float above = mix(upper[0], upper[1], column.distance), below = mix(lower[0], lower[1], column.distance);
  *AT(weights, pixel) = mix(above, below, row.distance);
}
