// The tiled matrix product of the tensor-core bodies: a left and a right tile in local memory, fragments and sums in
// registers. The host gives every size, as its ranges depend on them; the defaults are for a compiler that is run by
// hand. A kernel defines RIGHT_TILE_IS_DEEP before it includes this.

// Warps of a group: along the left tile's lines, along the right tile's.
#ifndef WARPS_ALONG_LEFT
#define WARPS_ALONG_LEFT 2
#endif
#ifndef WARPS_ALONG_RIGHT
#define WARPS_ALONG_RIGHT 2
#endif
// Left lines that a warp multiplies, a multiple of 16, and right lines, a multiple of 32.
#ifndef WARP_LEFT
#define WARP_LEFT 32
#endif
#ifndef WARP_RIGHT
#define WARP_RIGHT 32
#endif
// Terms of the sum that a tile holds; a multiple of 16.
#ifndef TILE_DEPTH
#define TILE_DEPTH 16
#endif
// 1: tiles are filled by cp.async, and each operand is encoded whenever it is loaded from one. 0: through registers,
// and each operand is encoded once.
#ifndef ASYNC_COPY
#define ASYNC_COPY 0
#endif
// Tiles that are in local memory at a time: 2 through registers, 2 or more by cp.async.
#ifndef TILE_STAGES
#define TILE_STAGES 2
#endif
// 4 where every offset, stride and number of channels is a multiple of four, so that memory is read four elements at a
// time; else 1.
#ifndef VECTOR
#define VECTOR 1
#endif

#define LEFT_FRAGMENTS (WARP_LEFT / 16)
#include "tensor_core.h"

#define ITEMS (WARPS_ALONG_LEFT * WARPS_ALONG_RIGHT * WARP_SIZE)
#define TILE_LEFT (WARPS_ALONG_LEFT * WARP_LEFT)
#define TILE_RIGHT (WARPS_ALONG_RIGHT * WARP_RIGHT)
// The right lines of a warp are multiplied 32 at a time.
#define RIGHT_SLABS (WARP_RIGHT / 32)

#if WARP_LEFT % 16 || WARP_RIGHT % 32 || TILE_DEPTH % 16
#error "a warp takes 16 left lines, 32 right lines and 16 terms at a time"
#endif
#if TILE_STAGES < 2 || (!ASYNC_COPY && TILE_STAGES != 2)
#error "a tile is filled while another one is multiplied"
#endif

// A tile lies deep, [line][term], or wide, [term][line], as its matrix does in global memory. The words that a lane
// loads at once are registers that follow each other in a fragment, so that they need not be moved there:
//
//   left, wide    lines 2 · group and 2 · group + 1 of 16: 8 bytes
//   right, wide   line group of 8: 4 bytes
//   right, deep   four terms of line 4 · group + e of 32: 16 bytes
//
// Of each 16 terms a lane takes four: those from 4 · place on, which a wide tile beside a deep one has on lines 4q +
// place (term_line); where both are wide they are simply 4q + place. The lanes that load together never meet in a bank,
// as a deep tile's lines are 4 words longer than a multiple of 8, and a wide one's 8 words longer than a multiple of
// 32.
#define DEEP_LINE (TILE_DEPTH + 4)
#define WIDE_LINE(lines) ((lines) + ((lines) % 32 ? 24 : 8))

#define LEFT_TILE (TILE_DEPTH * WIDE_LINE(TILE_LEFT))
#if RIGHT_TILE_IS_DEEP
#define RIGHT_TILE (TILE_RIGHT * DEEP_LINE)
static inline int term_line(int term) { return (term & ~15) | (term & 3) << 2 | (term >> 2 & 3); }
#else
#define RIGHT_TILE (TILE_DEPTH * WIDE_LINE(TILE_RIGHT))
static inline int term_line(int term) { return term; }
#endif

// The local memory of the tiles, and of the registers that emulated lanes exchange.
#define TILES(tiles, words) local uint tiles[TILE_STAGES][words] __attribute__((aligned(16)))
#if TENSOR_EMULATION
#define EXCHANGE(exchange) local uint exchange[ITEMS * LANE_WORDS]
#else
#define EXCHANGE(exchange) local uint *const exchange = 0
#endif

// How a group's work-items divide a tile that is read along the depth (neighbouring items, neighbouring terms) …
#define DEEP_ITEMS (TILE_DEPTH / VECTOR)
#define DEEP_LINES (ITEMS / DEEP_ITEMS)
#define DEEP_LEFT_LOADS (TILE_LEFT / DEEP_LINES)
#define DEEP_RIGHT_LOADS (TILE_RIGHT / DEEP_LINES)
// … or across it.
#define WIDE_LEFT_ITEMS (TILE_LEFT / VECTOR)
#define WIDE_LEFT_TERMS (ITEMS / WIDE_LEFT_ITEMS)
#define WIDE_LEFT_LOADS (TILE_DEPTH / WIDE_LEFT_TERMS)
#define WIDE_RIGHT_ITEMS (TILE_RIGHT / VECTOR)
#define WIDE_RIGHT_TERMS (ITEMS / WIDE_RIGHT_ITEMS)
#define WIDE_RIGHT_LOADS (TILE_DEPTH / WIDE_RIGHT_TERMS)

#if ITEMS % DEEP_ITEMS || TILE_LEFT % DEEP_LINES || TILE_RIGHT % DEEP_LINES || DEEP_LINES % 8
#error "the group does not share out a tile evenly along the depth"
#endif
#if ITEMS % WIDE_LEFT_ITEMS || TILE_DEPTH % WIDE_LEFT_TERMS || ITEMS % WIDE_RIGHT_ITEMS || TILE_DEPTH % WIDE_RIGHT_TERMS
#error "the group does not share out a tile evenly across the depth"
#endif

// The first line of a deep tile that an item fills. Of eight items that store together the second four are four lines
// on, where the banks are others.
static inline int deep_line_of(int item) {
  const int line = item / DEEP_ITEMS;
  return (line & ~7) | (line & 1) << 2 | (line >> 1 & 3);
}

// Run: VECTOR neighbouring elements between global memory and a tile, in registers. store_run leaves them
// neighbours, store_run_across transposes them, as a run of terms has to be for a wide tile: `stride` words apart.
#if VECTOR == 4
typedef float4 Run;
static inline Run load_run(global const float *source) { return *(global const float4 *)source; }
FORCE_INLINE void store_run(Run run, local uint *target) {
  *(local uint4 *)target =
      (uint4)(encode_operand(run.s0), encode_operand(run.s1), encode_operand(run.s2), encode_operand(run.s3));
}
FORCE_INLINE void store_run_across(Run run, local uint *target, int stride) {
  target[0] = encode_operand(run.s0);
  target[stride] = encode_operand(run.s1);
  target[2 * stride] = encode_operand(run.s2);
  target[3 * stride] = encode_operand(run.s3);
}
#else
typedef float Run;
static inline Run load_run(global const float *source) { return *source; }
FORCE_INLINE void store_run(Run run, local uint *target) { *target = encode_operand(run); }
FORCE_INLINE void store_run_across(Run run, local uint *target, int stride) { store_run(run, target); }
#endif

// SOURCE: an address that may be read whether it exists or not; loads through registers read only what exists.
#if ASYNC_COPY
#define SOURCE(source, valid, exists) ((exists) ? (source) : (valid))
#define FETCH(run, target, source, exists) begin_copy(target, source, VECTOR, exists)
#define FETCH_ACROSS(run, target, stride, source, exists) \
  for (int word = 0; word < VECTOR; word++) begin_copy((target) + word * (stride), (source) + word, 1, exists)
#else
#define SOURCE(source, valid, exists) (source)
#define FETCH(run, target, source, exists) run = (exists) ? load_run(source) : (Run)(0.0f)
#define FETCH_ACROSS(run, target, stride, source, exists) FETCH(run, target, source, exists)
#endif

// A word of a tile as an operand.
#if ASYNC_COPY
#define OPERAND(word) encode_operand(as_float(word))
#else
#define OPERAND(word) (word)
#endif

FORCE_INLINE void clear_sums(float sums[RIGHT_SLABS][LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4]) {
#pragma unroll
  for (int slab = 0; slab < RIGHT_SLABS; slab++)
#pragma unroll
    for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
      for (int j = 0; j < RIGHT_FRAGMENTS; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) sums[slab][i][j][e] = 0.0f;
}

// sums += left tile · right tile, for this warp's lines.
FORCE_INLINE void multiply_tiles(local const uint *left_tile, local const uint *right_tile,
                                 float sums[RIGHT_SLABS][LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4], local uint *exchange) {
  const int item = get_local_id(0), warp = item / WARP_SIZE, group = item % WARP_SIZE / 4, place = item % 4;
  const int first_left = warp / WARPS_ALONG_RIGHT * WARP_LEFT, first_right = warp % WARPS_ALONG_RIGHT * WARP_RIGHT;
#pragma unroll
  for (int term = 0; term < TILE_DEPTH; term += 16) {
    uint left[LEFT_FRAGMENTS][2][4];
#pragma unroll
    for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
      for (int q = 0; q < 4; q++) {
        const uint2 words = *(local const uint2 *)(left_tile + (term + 4 * q + place) * WIDE_LINE(TILE_LEFT) +
                                                   first_left + 16 * i + 2 * group);
        left[i][0][q] = OPERAND(words.s0);
        left[i][1][q] = OPERAND(words.s1);
      }
#pragma unroll
    for (int slab = 0; slab < RIGHT_SLABS; slab++) {
      const int line = first_right + 32 * slab;
      uint right[RIGHT_FRAGMENTS][4];
#pragma unroll
      for (int j = 0; j < RIGHT_FRAGMENTS; j++) {
#if RIGHT_TILE_IS_DEEP
        const uint4 words =
            *(local const uint4 *)(right_tile + (line + 4 * group + j) * DEEP_LINE + term + 4 * place);
        right[j][0] = OPERAND(words.s0);
        right[j][1] = OPERAND(words.s1);
        right[j][2] = OPERAND(words.s2);
        right[j][3] = OPERAND(words.s3);
#else
#pragma unroll
        for (int q = 0; q < 4; q++)
          right[j][q] = OPERAND(right_tile[(term + 4 * q + place) * WIDE_LINE(TILE_RIGHT) + line + 8 * j + group]);
#endif
      }
      multiply_operands(left, right, sums[slab], exchange);
    }
  }
}

// The first of the two left lines of fragment i that this lane's sums belong to, and the first of the right lines of a
// slab: eight that follow each other, 4f + j, where the right tile is deep; else two of each fragment.
// sums[slab][i][j][2h + f] is of left line left_line(i) + h.
static inline int left_line(int i) {
  const int item = get_local_id(0);
  return item / WARP_SIZE / WARPS_ALONG_RIGHT * WARP_LEFT + 16 * i + item % WARP_SIZE / 4 * 2;
}
static inline int right_line(int slab, int j) {
  const int item = get_local_id(0);
  const int first = item / WARP_SIZE % WARPS_ALONG_RIGHT * WARP_RIGHT + 32 * slab;
  return first + (RIGHT_TILE_IS_DEEP ? item % 4 * 8 : 8 * j + item % 4 * 2);
}
