// The linear transforms of Winograd's minimal filtering F(4 × 4, 3 × 3) (Winograd 1980; Lavin and Gray 2016), for a
// stride of 1 and a padding of 1. A tile is 4 × 4 pixels of the output:
//
//   output tile = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A,   summed over the channels before the output transform Aᵀ … A
//
// The input transform Bᵀ d B brings 6 × 6 pixels of the input, and the weight transform G g Gᵀ brings 3 × 3 weights, to
// the transform domain, where the 36 products of its elements take the place of 144. The gradient of the weights is Gᵀ
// [(Bᵀ d B) ⊙ (A e Aᵀ)] G, e being the output's gradient.
//
// Toom-Cook at the interpolation points 0, ±1/√2, ±√2 and infinity, which keep the error of float sums at 1e-6 of the
// largest value, a fifth of that at the usual 0, ±1, ±2. With p = 1/√2, q = √2 and M(t) = t (t² − p²)(t² − q²): row j
// of Bᵀ holds the coefficients of M(t) / (t − point j) (of M itself for infinity), G(j, k) = point_jᵏ / Π over l ≠ j of
// (point_j − point_l), and A(j, i) = point_jⁱ.
//
// A map of 2 × 2 pixels, which is mostly padding to such a tile, is a tile of its own with MAP_2X2. Along one side it
// is a 2 × 2 Toeplitz matrix of three weights times a vector, for which 3 products do: y₀ = w₁ (x₀ + x₁) + (w₂ − w₁) x₁
// and y₁ = w₁ (x₀ + x₁) + (w₀ − w₁) x₀.
//
// The CPU bodies also compute 3 × 3 with stride 2, with STRIDE_2_TO_IMAGE from a map to its image and with
// STRIDE_2_TO_MAP back: convolution_winograd_stride_2.h. A tile is then 4 × 4 pixels of the map and 8 × 8 of the image.
//
// TILE_CHANNELS, the channels that are transformed at a time, is defined before this is included: 16 with CPU bodies,
// which hold a tile in memory, and of which some may not exist (convolution_vectors.h); 1 with GPU bodies, which hold a
// tile in registers. VALUE is their type.

#if TILE_CHANNELS == 16
#define VALUE float16
// Address space of the elements of the transform domain.
#define ELEMENT_SPACE private
#define LOAD_VALUE(pointer, count) load_some(pointer, count)
#define STORE_VALUE(value, pointer) vstore16(value, 0, pointer)
#define UNROLL_TILE
#else
#define VALUE float
#define ELEMENT_SPACE global
#define LOAD_VALUE(pointer, count) (*(pointer))
#define STORE_VALUE(value, pointer) (*(pointer) = (value))
#define UNROLL_TILE _Pragma("unroll")
#endif

// Whether a tile is a map of 2 × 2 pixels.
#ifndef MAP_2X2
#define MAP_2X2 0
#endif
// Whether the stride is 2, onto the image or onto the map.
#ifndef STRIDE_2_TO_IMAGE
#define STRIDE_2_TO_IMAGE 0
#endif
#ifndef STRIDE_2_TO_MAP
#define STRIDE_2_TO_MAP 0
#endif
#if MAP_2X2 + STRIDE_2_TO_IMAGE + STRIDE_2_TO_MAP > 1
#error "a tile is of one kind"
#endif

// Along one side: the pixels of the map of a tile, the pixels that it reads and computes, and the elements of the
// transform domain and of the transformed weights. BORDER is how far its input pixels begin before the first one that
// belongs to it alone, and a pixel of the map is INPUT_SCALE pixels of the input and OUTPUT_SCALE of the output.
#if MAP_2X2
#define TILE_SIDE 2
#define INPUT_SIDE 2
#define OUTPUT_SIDE 2
#define TRANSFORM_SIDE 3
#define WEIGHTS_SIDE 3
#define BORDER 0
#elif STRIDE_2_TO_IMAGE
#define TILE_SIDE 4
#define INPUT_SIDE 5
#define OUTPUT_SIDE 8
#define TRANSFORM_SIDE 9
#define WEIGHTS_SIDE 6
#define BORDER 0
#elif STRIDE_2_TO_MAP
#define TILE_SIDE 4
#define INPUT_SIDE 9
#define OUTPUT_SIDE 4
#define TRANSFORM_SIDE 9
#define WEIGHTS_SIDE 6
#define BORDER 1
#else
#define TILE_SIDE 4
#define INPUT_SIDE 6
#define OUTPUT_SIDE 4
#define TRANSFORM_SIDE 6
#define WEIGHTS_SIDE 6
#define BORDER 1
#endif
#define INPUT_SCALE (1 + STRIDE_2_TO_MAP)
#define OUTPUT_SCALE (1 + STRIDE_2_TO_IMAGE)
#define ELEMENTS (TRANSFORM_SIDE * TRANSFORM_SIDE)
#define WEIGHT_ELEMENTS (WEIGHTS_SIDE * WEIGHTS_SIDE)
// Along one side, elements FIRST_ELEMENT(w) ..< FIRST_ELEMENT(w + 1) are multiplied with transformed weight w.
#if STRIDE_2_TO_IMAGE || STRIDE_2_TO_MAP
#define FIRST_ELEMENT(weight) ((weight) == 0 ? 0 : (weight) + 3)
#else
#define FIRST_ELEMENT(weight) (weight)
#endif

#define HALF_ROOT 0.70710678118654752440f
#define ROOT 1.41421356237309504880f

#if STRIDE_2_TO_IMAGE || STRIDE_2_TO_MAP
#include "convolution_winograd_stride_2.h"
#elif !MAP_2X2
// Bᵀ: 6 input pixels to 6 elements.
FORCE_INLINE void input_transform_line(const VALUE *x, int stride, VALUE *v) {
  const VALUE x0 = x[0], x1 = x[stride], x2 = x[2 * stride], x3 = x[3 * stride], x4 = x[4 * stride];
  const VALUE x5 = x[5 * stride];
  const VALUE even = x4 - 2.0f * x2, odd = HALF_ROOT * (x3 - 2.0f * x1);
  const VALUE even2 = x4 - 0.5f * x2, odd2 = ROOT * (x3 - 0.5f * x1);
  v[0] = x0 - 2.5f * x2 + x4;
  v[1] = even + odd;
  v[2] = even - odd;
  v[3] = even2 + odd2;
  v[4] = even2 - odd2;
  v[5] = x1 - 2.5f * x3 + x5;
}

// Aᵀ: 6 elements to 4 output pixels.
FORCE_INLINE void output_transform_line(const VALUE *m, int stride, VALUE *y) {
  const VALUE sum = m[stride] + m[2 * stride], difference = HALF_ROOT * (m[stride] - m[2 * stride]);
  const VALUE sum2 = m[3 * stride] + m[4 * stride], difference2 = ROOT * (m[3 * stride] - m[4 * stride]);
  y[0] = m[0] + sum + sum2;
  y[1] = difference + difference2;
  y[2] = 0.5f * sum + 2.0f * sum2;
  y[3] = m[5 * stride] + 0.5f * difference + 2.0f * difference2;
}

// A: 4 pixels of the output's gradient to 6 elements.
FORCE_INLINE void output_gradient_transform_line(const VALUE *y, int stride, VALUE *m) {
  const VALUE y0 = y[0], y1 = y[stride], y2 = y[2 * stride], y3 = y[3 * stride];
  const VALUE even = y0 + 0.5f * y2, odd = HALF_ROOT * (y1 + 0.5f * y3);
  const VALUE even2 = y0 + 2.0f * y2, odd2 = ROOT * (y1 + 2.0f * y3);
  m[0] = y0;
  m[1] = even + odd;
  m[2] = even - odd;
  m[3] = even2 + odd2;
  m[4] = even2 - odd2;
  m[5] = y3;
}

// G: 3 weights to 6 elements.
FORCE_INLINE void weight_transform_line(const VALUE *g, int stride, VALUE *u) {
  const VALUE g0 = g[0], g1 = g[stride], g2 = g[2 * stride];
  const VALUE even = (-2.0f / 3.0f) * g0 + (-1.0f / 3.0f) * g2, odd = (-2.0f / 3.0f * HALF_ROOT) * g1;
  const VALUE even2 = (1.0f / 6.0f) * g0 + (1.0f / 3.0f) * g2, odd2 = (1.0f / 6.0f * ROOT) * g1;
  u[0] = g0;
  u[1] = even + odd;
  u[2] = even - odd;
  u[3] = even2 + odd2;
  u[4] = even2 - odd2;
  u[5] = g2;
}

// Gᵀ: 6 elements to the gradient of 3 weights.
FORCE_INLINE void weights_gradient_transform_line(const VALUE *u, int stride, VALUE *g) {
  const VALUE sum = u[stride] + u[2 * stride], difference = u[stride] - u[2 * stride];
  const VALUE sum2 = u[3 * stride] + u[4 * stride], difference2 = u[3 * stride] - u[4 * stride];
  g[0] = u[0] + (-2.0f / 3.0f) * sum + (1.0f / 6.0f) * sum2;
  g[1] = (-2.0f / 3.0f * HALF_ROOT) * difference + (1.0f / 6.0f * ROOT) * difference2;
  g[2] = u[5 * stride] + (-1.0f / 3.0f) * sum + (1.0f / 3.0f) * sum2;
}
#else
// The same five for a map of 2 pixels.
FORCE_INLINE void input_transform_line(const VALUE *x, int stride, VALUE *v) {
  v[0] = x[0] + x[stride];
  v[1] = x[stride];
  v[2] = x[0];
}

FORCE_INLINE void output_transform_line(const VALUE *m, int stride, VALUE *y) {
  y[0] = m[0] + m[stride];
  y[1] = m[0] + m[2 * stride];
}

FORCE_INLINE void output_gradient_transform_line(const VALUE *y, int stride, VALUE *m) {
  m[0] = y[0] + y[stride];
  m[1] = y[0];
  m[2] = y[stride];
}

FORCE_INLINE void weight_transform_line(const VALUE *g, int stride, VALUE *u) {
  u[0] = g[stride];
  u[1] = g[2 * stride] - g[stride];
  u[2] = g[0] - g[stride];
}

FORCE_INLINE void weights_gradient_transform_line(const VALUE *u, int stride, VALUE *g) {
  g[0] = u[2 * stride];
  g[1] = u[0] - u[stride] - u[2 * stride];
  g[2] = u[stride];
}
#endif

// A tile's image and the first of its pixels of the map; tiles are counted row by row, image by image.
typedef struct {
  int n, y, x;
} TilePlace;

// Returns the tiles of a batch of maps of height × width.
static inline int tile_count(int batch, int height, int width) {
  return batch * ((height + TILE_SIDE - 1) / TILE_SIDE) * ((width + TILE_SIDE - 1) / TILE_SIDE);
}

// Returns the place of a tile of maps of height × width.
static inline TilePlace tile_place(int tile, int height, int width) {
  const int across = (width + TILE_SIDE - 1) / TILE_SIDE, down = (height + TILE_SIDE - 1) / TILE_SIDE;
  const int row = tile / across;
  TilePlace place;
  place.x = (tile - row * across) * TILE_SIDE;
  place.n = row / down;
  place.y = (row - place.n * down) * TILE_SIDE;
  return place;
}

// The input transform of the tile at `place`; its elements are element_stride floats apart. `input`, of height × width,
// points to a channel.
static inline void transform_input_tile(global const float *input, ulong stride, TilePlace place, int height, int width,
                                        int count, ELEMENT_SPACE float *elements, size_t element_stride) {
  const int first_y = place.y * INPUT_SCALE - BORDER, first_x = place.x * INPUT_SCALE - BORDER;
  const long row = width * (long)stride;
  global const float *source = input + (long)(place.n * height + first_y) * row + first_x * (long)stride;
  VALUE once[INPUT_SIDE * TRANSFORM_SIDE];
  // The first round transposes the tile, the second transposes it back. Pixels are loaded where they are needed, as there
  // are more of them than registers.
  UNROLL_TILE
  for (int x = 0; x < INPUT_SIDE; x++) {
    const int column_exists = (uint)(first_x + x) < (uint)width;
    VALUE line[INPUT_SIDE];
#pragma unroll
    for (int i = 0; i < INPUT_SIDE; i++)
      line[i] = column_exists && (uint)(first_y + i) < (uint)height
                    ? LOAD_VALUE(source + i * row + x * (long)stride, count)
                    : (VALUE)(0.0f);
    input_transform_line(line, 1, once + x * TRANSFORM_SIDE);
  }
  UNROLL_TILE
  for (int y = 0; y < TRANSFORM_SIDE; y++) {
    VALUE line[TRANSFORM_SIDE];
    input_transform_line(once + y, TRANSFORM_SIDE, line);
#pragma unroll
    for (int i = 0; i < TRANSFORM_SIDE; i++) STORE_VALUE(line[i], elements + (y * TRANSFORM_SIDE + i) * element_stride);
  }
}

// The same for the gradient of an output tile. Filter sums with stride 2 lead to the image.
#if !STRIDE_2_TO_MAP
static inline void transform_output_gradient_tile(global const float *gradient, ulong stride, TilePlace place,
                                                  int height, int width, int count, ELEMENT_SPACE float *elements,
                                                  size_t element_stride) {
  const int first_y = place.y * OUTPUT_SCALE, first_x = place.x * OUTPUT_SCALE;
  const size_t row = width * stride;
  global const float *source = gradient + (size_t)(place.n * height + first_y) * row + first_x * stride;
  VALUE once[TRANSFORM_SIDE * OUTPUT_SIDE];
  UNROLL_TILE
  for (int x = 0; x < OUTPUT_SIDE; x++) {
    const int column_exists = first_x + x < width;
    VALUE line[OUTPUT_SIDE];
#pragma unroll
    for (int i = 0; i < OUTPUT_SIDE; i++)
      line[i] = column_exists && first_y + i < height ? LOAD_VALUE(source + i * row + x * stride, count)
                                                      : (VALUE)(0.0f);
    output_gradient_transform_line(line, 1, once + x * TRANSFORM_SIDE);
  }
  UNROLL_TILE
  for (int y = 0; y < TRANSFORM_SIDE; y++) {
    VALUE line[TRANSFORM_SIDE];
    output_gradient_transform_line(once + y, TRANSFORM_SIDE, line);
#pragma unroll
    for (int i = 0; i < TRANSFORM_SIDE; i++) STORE_VALUE(line[i], elements + (y * TRANSFORM_SIDE + i) * element_stride);
  }
}
#endif
