// What the kernels of convolution and transposed convolution share: the gather formulation and its index arithmetic.
//
// Forward, data gradient and transposed convolution are one sum, read from the output's side:
//
//   out(n, y, x, k) = bias(k) + Σ in(n, v, u, c) · W(i, j, c, k)
//
// over the taps (i, j) that hit and all channels c. The output falls into PHASES × PHASES interleaved grids; on the
// grid of phase (a, b) the output pixel is (y · PHASES + a, x · PHASES + b) and, with
//
//   q = (a + padding) / PHASES,   r = (a + padding) mod PHASES,
//
// the taps that hit are i = r, r + PHASES, r + 2 · PHASES, …; the m-th of them reads line
// v = y · step + direction · (m − q). So no tap is visited in vain but for the image's border.
//
//                                          phases   step     direction
//   convolution                            1        stride   +1
//   its data gradient, and transposed      stride   1        −1
//
// Rows are the pixels of one phase grid: image by image, or, on small maps, position by position with the images of the
// batch innermost. Neighbouring rows then share their position, and taps that fall into the padding are skipped for
// whole tiles.

// A multiply-add in the form that is fast on the device.
#ifdef FP_FAST_FMAF
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

typedef struct {
  int batch, height, width;
  int position_major;
} RowGrid;

typedef struct {
  int image, y, x;
} RowPosition;

// The row's image and place on the phase grid.
RowPosition row_position(int row, RowGrid grid) {
  RowPosition position;
  if (grid.position_major) {
    const int place = row / grid.batch;
    position.image = row - place * grid.batch;
    position.y = place / grid.width;
    position.x = place - position.y * grid.width;
  } else {
    const int line = row / grid.width;
    position.x = row - line * grid.width;
    position.image = line / grid.height;
    position.y = line - position.image * grid.height;
  }
  return position;
}

// The taps of one phase along one axis.
typedef struct {
  // First tap, and how many there are (every phases-th one).
  int first, count;
  // Where the first tap reads for grid coordinate 0.
  int origin;
} PhaseTaps;

PhaseTaps phase_taps(int phase, int phases, int padding, int kernel_extent, int direction) {
  PhaseTaps taps;
  const int quotient = (phase + padding) / phases;
  taps.first = (phase + padding) - quotient * phases;
  taps.count = taps.first < kernel_extent ? (kernel_extent - taps.first + phases - 1) / phases : 0;
  taps.origin = -direction * quotient;
  return taps;
}

// A range of taps, or of pixels, along one axis: begin ..< end.
typedef struct {
  int begin, end;
} Range;

// Those of a phase's taps with which at least one of the grid coordinates low ... high falls into the input's extent.
Range hitting_taps(PhaseTaps taps, int low, int high, int step, int direction, int extent) {
  const int from = low * step + taps.origin, to = high * step + taps.origin;
  Range range;
  range.begin = max(0, direction > 0 ? -to : from - extent + 1);
  range.end = max(range.begin, min(taps.count, direction > 0 ? extent - from : to + 1));
  return range;
}

// The grid coordinates, of 0 ..< grid_extent, whose sample at coordinate · stride + shift is inside 0 ..< extent.
Range sampled_range(int shift, int stride, int grid_extent, int extent) {
  Range range;
  range.begin = shift < 0 ? (stride - 1 - shift) / stride : 0;
  range.end = extent - shift > 0 ? min(grid_extent, (extent - 1 - shift) / stride + 1) : 0;
  range.end = max(range.begin, range.end);
  return range;
}

// A number with three digits of mixed radix, so that walking through (tap row, tap column, channel) or (image, y, x)
// with a constant stride needs no division.
typedef struct {
  int high, middle, low;
} Digits;

Digits digits_of(int number, int middle_radix, int low_radix) {
  Digits digits;
  const int upper = number / low_radix;
  digits.low = number - upper * low_radix;
  digits.high = upper / middle_radix;
  digits.middle = upper - digits.high * middle_radix;
  return digits;
}

Digits digits_sum(Digits a, Digits b, int middle_radix, int low_radix) {
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
