// Max-pooling of one row of windows.

#include <math.h>
#include <string.h>

#include "CVectorLoops.h"
#include "checks.h"

static void check_window(size_t pixels, size_t channels, size_t window, size_t gap, bool has_places) {
  begin_case("max-pooling %zu, %zu x %zu + %zu%s", window, pixels, channels, gap, has_places ? "" : ", no places");
  const size_t stride = channels + gap, row_stride = (pixels * window + 1) * stride;
  float values[window * row_stride];
  for (size_t i = 0; i < window * row_stride; i++)
    // Equal numbers now and then, of which the first wins; NaN, which beats all.
    values[i] = random_index(50) == 0 ? NAN : (float)random_index(9) - 4;
  const float *input = input_of(values, window * row_stride);
  float *output = output_floats(pixels * stride);
  uint8_t *places = output_bytes(pixels * stride), expected_places[pixels * stride];
  memcpy(expected_places, places, pixels * stride);
  for (size_t x = 0; x < pixels; x++)
    for (size_t c = 0; c < channels; c++) {
      float best = input[x * window * stride + c];
      size_t place = 0;
      for (size_t i = 1; i < window * window; i++) {
        const float value = input[i / window * row_stride + (x * window + i % window) * stride + c];
        if (value > best || isnan(value)) best = value, place = i;
      }
      values[x * stride + c] = best;
      if (has_places) expected_places[x * stride + c] = (uint8_t)place;
    }
  vector_max_pooling_forward(
      (struct vector_rows){output, stride}, (struct vector_places){has_places ? places : NULL, stride},
      (struct vector_pixels){(float *)input, stride, row_stride}, (struct vector_size){pixels, channels}, window);
  for (size_t x = 0; x < pixels; x++)
    for (size_t c = 0; c < channels; c++) {
      const float found = output[x * stride + c], best = values[x * stride + c];
      if (!(found == best || (isnan(found) && isnan(best)))) fail("maximum %g, not %g", (double)found, (double)best);
    }
  expect_bytes("places", places, expected_places, pixels * stride);
  end_case();
}

static void check_gradient(size_t pixels, size_t channels, size_t window, size_t gap, bool in_place, bool has_addend) {
  begin_case(
      "max-pooling's gradient %zu, %zu x %zu + %zu%s", window, pixels, channels, gap,
      in_place ? ", in place" : has_addend ? ", added" : "");
  // One column more than the windows cover, which stays as it is.
  const size_t stride = channels + gap, row_stride = (pixels * window + 1) * stride, count = window * row_stride;
  const float *upstream = input_floats(pixels * stride, -1, 1), *addend = input_floats(count, -1, 1);
  const uint8_t *places = input_bytes(pixels * stride, (unsigned)(window * window));
  float *gradient = in_place ? changing_floats(count, -1, 1) : output_floats(count);
  double *expected = expected_doubles(count);
  if (in_place)
    for (size_t i = 0; i < count; i++) expected[i] = (double)gradient[i];
  for (size_t x = 0; x < pixels; x++)
    for (size_t c = 0; c < channels; c++)
      for (size_t place = 0; place < window * window; place++) {
        const size_t i = place / window * row_stride + (x * window + place % window) * stride + c;
        const double before = in_place ? expected[i] : has_addend ? (double)addend[i] : 0;
        expected[i] = before + (places[x * stride + c] == place ? (double)upstream[x * stride + c] : 0);
      }
  vector_max_pooling_backward(
      (struct vector_pixels){gradient, stride, row_stride},
      (struct vector_pixels){in_place ? gradient : has_addend ? (float *)addend : NULL, stride, row_stride},
      (struct vector_rows){(float *)upstream, stride}, (struct vector_places){(uint8_t *)places, stride},
      (struct vector_size){pixels, channels}, window);
  expect_floats("gradient", gradient, expected, count, 1e-6);
  end_case();
}

void check_pooling(void) {
  static const size_t channels[] = {1, 3, 16, 17, 40};
  for (size_t c = 0; c < sizeof channels / sizeof *channels; c++)
    for (size_t window = 2; window < 4; window++)
      for (size_t gap = 0; gap < 3; gap += 2)
        for (size_t pixels = 1; pixels < 8; pixels += 6) {
          check_window(pixels, channels[c], window, gap, true);
          check_window(pixels, channels[c], window, gap, false);
          check_gradient(pixels, channels[c], window, gap, false, false);
          check_gradient(pixels, channels[c], window, gap, false, true);
          check_gradient(pixels, channels[c], window, gap, true, true);
        }
}
