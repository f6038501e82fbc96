// NVIDIA's tensor cores from OpenCL C, through inline PTX; compute capability 8.0 and later.
//
// PRODUCT_PRECISION says how the float operands of a product are rounded:
//
//   PRODUCT_TF32   each is rounded to 11 significant bits: a relative error of at most 2^-11 per operand.
//   PRODUCT_BF16   each is split into the bfloat16 nearest to it and the bfloat16 nearest to the rest, x ≈ high + low,
//                  and high · high + high · low + low · high are added up: at most 3 · 2^-18 per product.
//
// Sums are float. Either way an operand is one 32-bit word (encode_operand), so that both share tiles and loads.
//
// A product is of a warp: 32 neighbouring work-items, the lanes, hold the fragments of three matrices in registers.
// With group = lane / 4 and place = lane mod 4 (PTX ISA, "Matrix Fragments for mma.m16n8k8", and m16n8k16)
//
//   left     16 × depth   register 2s + h: line group + 8h,  term place + 4s   (bfloat16: terms 2 · place + 8s, next)
//   right    depth × 8    register s:      line group,       term place + 4s   (likewise)
//   sums     16 × 8       register 2h + f: left line group + 8h, right line 2 · place + f
//
// The terms of a sum may come in any order, and lines too, so the tiles are laid out for loads of several registers at
// once.
//
// TENSOR_EMULATION, for tests on other devices, has the lanes exchange their registers through local memory instead;
// all work-items of a group must then come to each product together.

// The values of PRODUCT_PRECISION. No value is 0, as an undefined name would be.
#define PRODUCT_TF32 1
#define PRODUCT_BF16 2

#ifndef PRODUCT_PRECISION
#define PRODUCT_PRECISION PRODUCT_TF32
#endif
#if PRODUCT_PRECISION != PRODUCT_TF32 && PRODUCT_PRECISION != PRODUCT_BF16
#error "PRODUCT_PRECISION must be PRODUCT_TF32 or PRODUCT_BF16"
#endif
// Whether lanes exchange their registers through local memory.
#ifndef TENSOR_EMULATION
#define TENSOR_EMULATION 0
#endif
#if !TENSOR_EMULATION && !defined(__NV_CL_C_VERSION) && !defined(__NVPTX__)
#error "only NVIDIA's compilers take inline PTX"
#endif

#define WARP_SIZE 32

// Left and right fragments that one call multiplies, each with each.
#ifndef LEFT_FRAGMENTS
#define LEFT_FRAGMENTS 2
#endif
#define RIGHT_FRAGMENTS 4

// Registers of a lane that the emulation keeps in local memory.
#define LANE_WORDS (4 * LEFT_FRAGMENTS + 2 * RIGHT_FRAGMENTS)

// A word whose upper 19 bits are the value rounded to TF32: to nearest, ties away from zero, as by cvt.rna.tf32.f32,
// which takes four instructions where this takes one or two. Tensor cores ignore the lower bits. The larger of both
// words is taken, as the sum of a positive NaN, which is what arithmetic gives, may pass over to negative numbers.
static inline uint tf32_word(float value) {
  const int rounded = as_int(as_uint(value) + 0x1000u);
  return as_uint(max(rounded, as_int(value)));
}

#if TENSOR_EMULATION

// The nearest bfloat16, ties to even, in the upper half of a word.
static inline uint bf16_word(float value) {
  const uint bits = as_uint(value);
  return isnan(value) ? bits & 0xffff0000u : (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
}

static inline uint bf16_pair_word(float high, float low) { return bf16_word(high) | bf16_word(low) >> 16; }

// The term k of a line whose fragment is in `words`; `first` is its first register, `stride` the distance to the
// register with the second half of the terms.
FORCE_INLINE float fragment_term(local const uint *words, int line, int first, int stride, int k) {
#if PRODUCT_PRECISION == PRODUCT_TF32
  return as_float(words[(4 * line + k % 4) * LANE_WORDS + first + k / 4 * stride] & 0xffffe000u);
#else
  const uint pair = words[(4 * line + k % 8 / 2) * LANE_WORDS + first + k / 8 * stride];
  return as_float(k % 2 ? pair & 0xffff0000u : pair << 16);
#endif
}

#define FRAGMENT_DEPTH (PRODUCT_PRECISION == PRODUCT_TF32 ? 8 : 16)

FORCE_INLINE void multiply_fragments(uint left[LEFT_FRAGMENTS][4], uint right[RIGHT_FRAGMENTS][2],
                                     float sums[LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4], local uint *exchange) {
  const int item = get_local_id(0), lane = item % WARP_SIZE;
  local uint *own = exchange + item * LANE_WORDS;
  for (int i = 0; i < LEFT_FRAGMENTS; i++)
    for (int e = 0; e < 4; e++) own[4 * i + e] = left[i][e];
  for (int j = 0; j < RIGHT_FRAGMENTS; j++)
    for (int e = 0; e < 2; e++) own[4 * LEFT_FRAGMENTS + 2 * j + e] = right[j][e];
  barrier(CLK_LOCAL_MEM_FENCE);
  local const uint *words = exchange + (item - lane) * LANE_WORDS;
  for (int i = 0; i < LEFT_FRAGMENTS; i++)
    for (int j = 0; j < RIGHT_FRAGMENTS; j++)
      for (int e = 0; e < 4; e++) {
        float sum = sums[i][j][e];
        for (int k = 0; k < FRAGMENT_DEPTH; k++)
          sum += fragment_term(words, lane / 4, 4 * i + e / 2, 2, k) *
                 fragment_term(words, 2 * (lane % 4) + e % 2, 4 * LEFT_FRAGMENTS + 2 * j, 1, k);
        sums[i][j][e] = sum;
      }
  barrier(CLK_LOCAL_MEM_FENCE);
}

#else

// Both to nearest, ties to even: `high` in the upper half.
static inline uint bf16_pair_word(float high, float low) {
  uint word;
  __asm__("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

static inline uint bf16_word(float value) { return bf16_pair_word(value, 0.0f); }

// sums += left · right.
FORCE_INLINE void multiply_fragments(uint left[LEFT_FRAGMENTS][4], uint right[RIGHT_FRAGMENTS][2],
                                     float sums[LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4], local uint *exchange) {
#pragma unroll
  for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
    for (int j = 0; j < RIGHT_FRAGMENTS; j++) {
#if PRODUCT_PRECISION == PRODUCT_TF32
#define PRODUCT_INSTRUCTION "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"
#else
#define PRODUCT_INSTRUCTION "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"
#endif
      __asm__ volatile(PRODUCT_INSTRUCTION " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                   : "+f"(sums[i][j][0]), "+f"(sums[i][j][1]), "+f"(sums[i][j][2]), "+f"(sums[i][j][3])
                   : "r"(left[i][0]), "r"(left[i][1]), "r"(left[i][2]), "r"(left[i][3]), "r"(right[j][0]),
                     "r"(right[j][1]));
    }
}

#endif

// An operand as the tiles hold it: rounded to TF32, or high bfloat16 in the upper half and low one in the lower. A
// value that is infinite, or rounds to it, has a NaN as its low part, and so is its product.
static inline uint encode_operand(float value) {
#if PRODUCT_PRECISION == PRODUCT_TF32
  return tf32_word(value);
#else
  const uint high = bf16_word(value);
  return bf16_pair_word(as_float(high), value - as_float(high));
#endif
}

// The upper halves of two operands, and the lower ones, as a register of a fragment.
static inline uint upper_halves(uint first, uint second) { return first >> 16 | (second & 0xffff0000u); }
static inline uint lower_halves(uint first, uint second) { return (first & 0xffffu) | second << 16; }

// sums += left · right over 16 terms, of which each lane has four: left[i][h][q] and right[j][q] are the lane's q-th
// term of line group + 8h of left fragment i, and of line group of right fragment j.
FORCE_INLINE void multiply_operands(uint left[LEFT_FRAGMENTS][2][4], uint right[RIGHT_FRAGMENTS][4],
                                    float sums[LEFT_FRAGMENTS][RIGHT_FRAGMENTS][4], local uint *exchange) {
  uint left_registers[LEFT_FRAGMENTS][4], right_registers[RIGHT_FRAGMENTS][2];
#if PRODUCT_PRECISION == PRODUCT_TF32
#pragma unroll
  for (int pair = 0; pair < 2; pair++) {
#pragma unroll
    for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
      for (int e = 0; e < 4; e++) left_registers[i][e] = left[i][e % 2][2 * pair + e / 2];
#pragma unroll
    for (int j = 0; j < RIGHT_FRAGMENTS; j++)
#pragma unroll
      for (int e = 0; e < 2; e++) right_registers[j][e] = right[j][2 * pair + e];
    multiply_fragments(left_registers, right_registers, sums, exchange);
  }
#else
  // The smallest products first.
#pragma unroll
  for (int part = 0; part < 3; part++) {
    const int left_is_low = part == 0, right_is_low = part == 1;
#pragma unroll
    for (int i = 0; i < LEFT_FRAGMENTS; i++)
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const uint first = left[i][e % 2][e / 2 * 2], second = left[i][e % 2][e / 2 * 2 + 1];
        left_registers[i][e] = left_is_low ? lower_halves(first, second) : upper_halves(first, second);
      }
#pragma unroll
    for (int j = 0; j < RIGHT_FRAGMENTS; j++)
#pragma unroll
      for (int e = 0; e < 2; e++) {
        const uint first = right[j][2 * e], second = right[j][2 * e + 1];
        right_registers[j][e] = right_is_low ? lower_halves(first, second) : upper_halves(first, second);
      }
    multiply_fragments(left_registers, right_registers, sums, exchange);
  }
#endif
}

// Copies that do not pass through registers: begun by cp.async, known to have arrived after copies_arrived(pending),
// which lets the last `pending` batches be under way still. A copy of nothing writes zeros.
#if TENSOR_EMULATION
FORCE_INLINE void begin_copy(local uint *target, global const float *source, int count, int exists) {
  for (int i = 0; i < count; i++) target[i] = exists ? as_uint(source[i]) : 0u;
}
static inline void end_batch_of_copies(void) {}
#define copies_arrived(pending)
#else
FORCE_INLINE void begin_copy(local uint *target, global const float *source, int count, int exists) {
  const uint to = (uint)(size_t)target;
  const int bytes = exists ? count * (int)sizeof(float) : 0;
  if (count == 4)
    __asm__ volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" : : "r"(to), "l"(source), "r"(bytes) : "memory");
  else
    __asm__ volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" : : "r"(to), "l"(source), "r"(bytes) : "memory");
}
static inline void end_batch_of_copies(void) { __asm__ volatile("cp.async.commit_group;" : : : "memory"); }
#define copies_arrived(pending) __asm__ volatile("cp.async.wait_group %0;" : : "n"(pending) : "memory")
#endif
