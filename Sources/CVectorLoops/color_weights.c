#include "color_weights.h"

#include "vector_math.h"

/// Places between two neighbours of a row of numbers: low and low + 1, and the distances from the first.
struct places {
  vector_int16 low;
  vector_float16 distance;
};

/// Returns the places of −1...1 among `count` numbers. `vector_maximum` takes NaN as −1, so that it stays inside as
/// well.
VECTOR_LOOP struct places places_of(vector_float16 component, size_t count) {
  float half_length = 0.5f * (float)(count - 1);
  vector_float16 one = vector_broadcast(1.0f);
  vector_float16 inside = vector_select(component > 1.0f, one, vector_maximum(component, -one));
  vector_float16 position = inside * half_length + half_length;
  vector_int16 low = __builtin_convertvector(position, vector_int16);
  // The last number is the end of the last interval.
  low += low > (int32_t)(count - 2);
  return (struct places){low, position - __builtin_convertvector(low, vector_float16)};
}

VECTOR_LOOP void color_weights(
    struct vector_rows weights, struct vector_rows colors, struct vector_color_table table, size_t count) {
  const size_t columns = table.size.columns;
  for (size_t first = 0; first < count; first += 16) {
    size_t here = count - first < 16 ? count - first : 16;
    // Lanes past the end have a color inside the table.
    float components[2][16] = {{0}};
    for (size_t i = 0; i < here; i++, colors.start += colors.stride)
      for (int c = 0; c < 2; c++) components[c][i] = colors.start[c];
    struct places column = places_of(vector_load(components[0], 16), columns);
    struct places row = places_of(vector_load(components[1], 16), table.size.rows);
    float corners[4][16];
    for (int i = 0; i < 16; i++) {
      const float *upper = table.start + (size_t)row.low[i] * columns + (size_t)column.low[i];
      corners[0][i] = upper[0];
      corners[1][i] = upper[1];
      corners[2][i] = upper[columns];
      corners[3][i] = upper[columns + 1];
    }
    vector_float16 above = vector_load(corners[0], 16), below = vector_load(corners[2], 16);
    above = above + column.distance * (vector_load(corners[1], 16) - above);
    below = below + column.distance * (vector_load(corners[3], 16) - below);
    float result[16];
    vector_store(result, above + row.distance * (below - above), 16);
    for (size_t i = 0; i < here; i++, weights.start += weights.stride) weights.start[0] = result[i];
  }
}

MULTIVERSION(
    vector_color_weights, color_weights,
    (struct vector_rows weights, struct vector_rows colors, struct vector_color_table table, size_t count),
    (weights, colors, table, count))
