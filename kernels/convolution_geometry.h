// Shared by the kernels of convolution and transposed convolution: their two sums and the index arithmetic of both.
//
// A convolution goes from an image to a map: pixel (y, x) of the map and tap (i, j) meet the image's pixel
// (y · stride + i − padding, x · stride + j − padding). A transposed convolution goes from the map to the image.
//
// The data sum: forward, backward-data and transposed convolution, read from the output's side:
//
//   output(n, y, x, k) = bias(k) + Σ input(n, v, u, c) · W(i, j, c, k)
//
// over the taps (i, j) that hit and all channels c. The output falls into phases × phases interleaved grids; on the
// grid of phase (a, b) the output pixel is (y · phases + a, x · phases + b) and, with
//
//   q = (a + padding) / phases,   r = (a + padding) mod phases,
//
// the taps that hit are i = r, r + phases, r + 2 · phases, …; the m-th of them reads line
// v = y · step + direction · (m − q). So no tap is multiplied in vain but for those beyond the input's border.
//
//                                          phases   step     direction
//   to the map                             1        stride   +1
//   to the image                           stride   1        −1
//
// Rows are the pixels of one phase grid: image by image, or, on small maps, position by position with the images of the
// batch innermost. Neighbouring rows then share their position, and taps that fall into the padding are skipped for
// whole tiles. Columns are the output channels. The terms of a row are (tap, input channel).
//
// The filter sum: the gradient of the weights:
//
//   gradient(i, j, c, k) = Σ image(n, y · stride + i − padding, x · stride + j − padding, c) · map(n, y, x, k)
//
// over the pixels (n, y, x) of the map, its terms. Rows are (tap, c), columns k; of a transposed convolution c is the
// weights' output channel.

// A multiply-add in the form that is fast on the device.
#ifdef FP_FAST_FMAF
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

// ---- Numbers of three digits ----

// A number with three digits of mixed radix, so that walking through (tap row, tap column, channel) or (image, y, x)
// with a constant stride needs no division.
typedef struct {
  int high, middle, low;
} Digits;

static inline Digits digits_of(int number, int middle_radix, int low_radix) {
  Digits digits;
  const int upper = number / low_radix;
  digits.low = number - upper * low_radix;
  digits.high = upper / middle_radix;
  digits.middle = upper - digits.high * middle_radix;
  return digits;
}

// Returns the same, or zeros where a radix is 0: there are no terms.
static inline Digits term_digits(int number, int middle_radix, int low_radix) {
  return middle_radix > 0 && low_radix > 0 ? digits_of(number, middle_radix, low_radix) : digits_of(0, 1, 1);
}

static inline Digits digits_sum(Digits a, Digits b, int middle_radix, int low_radix) {
  a.low += b.low;
  a.middle += b.middle;
  a.high += b.high;
  if (a.low >= low_radix) {
    a.low -= low_radix;
    a.middle++;
  }
  if (a.middle >= middle_radix) {
    a.middle -= middle_radix;
    a.high++;
  }
  return a;
}

// ---- The data sum ----

typedef struct {
  int input_height, input_width, output_height, output_width, batch, channels, kernel_height, kernel_width, padding;
  int phases, step, direction, position_major;
} DataSum;

typedef struct {
  int batch, height, width;
  int position_major;
} RowGrid;

typedef struct {
  int n, y, x;
} RowPosition;

// Returns the row's picture and place on the phase grid.
static inline RowPosition row_position(int row, RowGrid grid) {
  RowPosition position;
  if (grid.position_major) {
    const int place = row / grid.batch;
    position.n = row - place * grid.batch;
    position.y = place / grid.width;
    position.x = place - position.y * grid.width;
  } else {
    const int line = row / grid.width;
    position.x = row - line * grid.width;
    position.n = line / grid.height;
    position.y = line - position.n * grid.height;
  }
  return position;
}

// The taps of one phase along one axis.
typedef struct {
  // First tap, and how many there are (every phases-th one).
  int first, count;
  // Line that the first tap reads at grid coordinate 0.
  int origin;
} PhaseTaps;

static inline PhaseTaps phase_taps(int phase, int phases, int padding, int kernel_extent, int direction) {
  PhaseTaps taps;
  const int quotient = (phase + padding) / phases;
  taps.first = (phase + padding) - quotient * phases;
  taps.count = taps.first < kernel_extent ? (kernel_extent - taps.first + phases - 1) / phases : 0;
  taps.origin = -direction * quotient;
  return taps;
}

// One of the interleaved grids: its phase, its pixels (the rows), and its taps.
typedef struct {
  int y, x, rows;
  RowGrid grid;
  PhaseTaps taps_y, taps_x;
} Phase;

FORCE_INLINE Phase phase_of(int number, DataSum problem) {
  Phase phase;
  phase.y = number / problem.phases;
  phase.x = number - phase.y * problem.phases;
  phase.grid.batch = problem.batch;
  phase.grid.height = (problem.output_height - phase.y + problem.phases - 1) / problem.phases;
  phase.grid.width = (problem.output_width - phase.x + problem.phases - 1) / problem.phases;
  phase.grid.position_major = problem.position_major;
  phase.rows = problem.batch * phase.grid.height * phase.grid.width;
  phase.taps_y = phase_taps(phase.y, problem.phases, problem.padding, problem.kernel_height, problem.direction);
  phase.taps_x = phase_taps(phase.x, problem.phases, problem.padding, problem.kernel_width, problem.direction);
  return phase;
}

// Returns the number of the m-th tap down and l-th across that a phase has, in the weights.
static inline int tap_of(int m, int l, Phase phase, DataSum problem) {
  return (phase.taps_y.first + m * problem.phases) * problem.kernel_width + phase.taps_x.first + l * problem.phases;
}

// Returns the number of the output pixel at a place of the phase grid.
static inline size_t output_pixel(RowPosition at, Phase phase, DataSum problem) {
  return pixel_index(at.n, at.y * problem.phases + phase.y, at.x * problem.phases + phase.x, problem.output_height,
                     problem.output_width);
}

// Returns the range of a phase's taps that read inside the input from at least one of the grid coordinates low ...
// high.
static inline Range hitting_taps(PhaseTaps taps, int low, int high, int step, int direction, int extent) {
  const int from = low * step + taps.origin, to = high * step + taps.origin;
  Range range;
  range.begin = max(0, direction > 0 ? -to : from - extent + 1);
  range.end = max(range.begin, min(taps.count, direction > 0 ? extent - from : to + 1));
  return range;
}

// The terms of a tile of rows.
typedef struct {
  // The rectangle of taps that hit anything from the tile, and its width.
  Range hits_y, hits_x;
  int width;
  // Terms, and the steps of tile_depth of them that a work-group takes.
  int depth;
  Range steps;
} DataTerms;

// Returns the terms of the tile_rows rows from first_row on, one of which exists; the group takes part `split` of
// `splits`.
FORCE_INLINE DataTerms data_terms(DataSum problem, Phase phase, int first_row, int tile_rows, int tile_depth, int split,
                                  int splits) {
  DataTerms terms;
  const RowGrid grid = phase.grid;
  const RowPosition first = row_position(first_row, grid);
  const RowPosition last = row_position(min(first_row + tile_rows, phase.rows) - 1, grid);
  const int lines_apart = !grid.position_major && first.n != last.n;
  const int columns_apart = lines_apart || first.y != last.y;
  terms.hits_y = hitting_taps(phase.taps_y, lines_apart ? 0 : first.y, lines_apart ? grid.height - 1 : last.y,
                              problem.step, problem.direction, problem.input_height);
  terms.hits_x = hitting_taps(phase.taps_x, columns_apart ? 0 : first.x, columns_apart ? grid.width - 1 : last.x,
                              problem.step, problem.direction, problem.input_width);
  terms.width = terms.hits_x.end - terms.hits_x.begin;
  terms.depth = (terms.hits_y.end - terms.hits_y.begin) * terms.width * problem.channels;
  terms.steps = part_of((terms.depth + tile_depth - 1) / tile_depth, split, splits);
  return terms;
}

// ---- The filter sum ----

typedef struct {
  int image_height, image_width, channels, map_height, map_width, batch, kernel_height, kernel_width, stride, padding;
} FilterSum;

// Returns the map's coordinates, of 0 ..< map_extent, that meet a pixel of the image: coordinate · stride + shift is
// inside 0 ..< image_extent.
static inline Range meeting_range(int shift, int stride, int map_extent, int image_extent) {
  Range range;
  range.begin = shift < 0 ? (stride - 1 - shift) / stride : 0;
  range.end = image_extent - shift > 0 ? min(map_extent, (image_extent - 1 - shift) / stride + 1) : 0;
  range.end = max(range.begin, range.end);
  return range;
}

// The terms of a tile of rows.
typedef struct {
  // First line and column of the rectangle of the map that is summed over, and its extents.
  int y, x, height, width;
  // Terms, and the steps of tile_depth of them that a work-group takes.
  int depth;
  Range steps;
} FilterTerms;

// Returns the terms of the tile_rows rows from first_row on: all pixels of the map, or, where the tile is of one tap
// only, the rectangle that meets pixels of the image; the group takes part `split` of `splits`.
FORCE_INLINE FilterTerms filter_terms(FilterSum problem, int first_row, int tile_rows, int tile_depth, int split,
                                      int splits) {
  FilterTerms terms;
  const int last_row = min(first_row + tile_rows, problem.kernel_height * problem.kernel_width * problem.channels) - 1;
  const int tap = first_row / problem.channels;
  Range y = {0, problem.map_height}, x = {0, problem.map_width};
  if (tap == last_row / problem.channels) {
    const int tap_y = tap / problem.kernel_width, tap_x = tap - tap_y * problem.kernel_width;
    y = meeting_range(tap_y - problem.padding, problem.stride, problem.map_height, problem.image_height);
    x = meeting_range(tap_x - problem.padding, problem.stride, problem.map_width, problem.image_width);
  }
  terms.y = y.begin;
  terms.x = x.begin;
  terms.height = y.end - y.begin;
  terms.width = x.end - x.begin;
  terms.depth = problem.batch * terms.height * terms.width;
  terms.steps = part_of((terms.depth + tile_depth - 1) / tile_depth, split, splits);
  return terms;
}
