#pragma once

// Compiles a loop once per instruction set and picks one at run time.
//
//   VECTOR_LOOP void scale_body(float *x, float factor, size_t count) { for (...) x[i] *= factor; }
//   MULTIVERSION(vector_scale, scale_body, (float *x, float factor, size_t count), (x, factor, count))
//
// defines `void vector_scale(float *x, float factor, size_t count)`, which runs the body compiled for x86-64-v4
// (AVX-512), x86-64-v3 (AVX2 and FMA) or the baseline, whichever the processor has.
//
// Why C: Swift compiles a package for the baseline processor (SSE2) and has no attribute that raises it for one
// function; and why not `target_clones`: its resolvers run before a sanitizer is up and crash under it, it is
// missing from some C libraries, and it cannot be combined with `min_vector_width`, without which clang uses 256-bit
// vectors on processors with AVX-512.

#include <stddef.h>
#include <stdint.h>

/// The instruction sets that the loops are compiled for.
enum vector_instruction_set {
  vector_baseline = 0,
  vector_x86_64_v3 = 1,
  vector_x86_64_v4 = 2,
};

/// Returns the best of them that the processor and the operating system support.
int processor_instruction_set(void);
/// Returns the instruction set that the loops run with: the processor's, or the limit where that is lower.
int vector_instruction_set(void);
/// Limits the loops to `limit` and below, for tests of every version. Initially there is no limit.
void vector_limit_instruction_set(int limit);

// A body takes vectors by value only where it is inlined, so the calling convention that this warns of is never used.
#pragma clang diagnostic ignored "-Wpsabi"

#define VECTOR_LOOP static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define MULTIVERSION(name, body, parameters, arguments)                                            \
  __attribute__((target("arch=x86-64-v4,no-prefer-256-bit"), min_vector_width(512))) static void   \
      name##_x86_64_v4 parameters {                                                                \
    body arguments;                                                                                \
  }                                                                                                \
  __attribute__((target("arch=x86-64-v3"))) static void name##_x86_64_v3 parameters {              \
    body arguments;                                                                                \
  }                                                                                                \
  static void name##_baseline parameters { body arguments; }                                       \
  void name parameters {                                                                           \
    switch (vector_instruction_set()) {                                                            \
      case vector_x86_64_v4: name##_x86_64_v4 arguments; return;                                   \
      case vector_x86_64_v3: name##_x86_64_v3 arguments; return;                                   \
      default: name##_baseline arguments;                                                          \
    }                                                                                              \
  }
#else
#define MULTIVERSION(name, body, parameters, arguments)                                            \
  void name parameters { body arguments; }
#endif

/// Sixteen floats anywhere in memory: one AVX-512 register, two of AVX2, four of SSE2 or NEON.
typedef float vector_float16 __attribute__((vector_size(64), aligned(4)));
/// Sixteen integers; also the result of comparing two `vector_float16`: all bits set where the comparison holds.
typedef int32_t vector_int16 __attribute__((vector_size(64), aligned(4)));
