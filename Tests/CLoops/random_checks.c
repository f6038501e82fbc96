// Random numbers: Philox 4x32-10 and Box and Muller's method, one number at a time.

#include <math.h>

#include "CVectorLoops.h"
#include "checks.h"

/// Returns word `index` % 4 of block `index` / 4.
static uint32_t philox(uint64_t index, uint64_t seed, uint64_t stream) {
  uint32_t word[4] = {(uint32_t)(index / 4), 0, (uint32_t)stream, (uint32_t)(stream >> 32)};
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (int round = 0; round < 10; round++) {
    const uint64_t a = (uint64_t)word[0] * 0xD2511F53u, b = (uint64_t)word[2] * 0xCD9E8D57u;
    const uint32_t next[4] = {
        (uint32_t)(b >> 32) ^ word[1] ^ key[0], (uint32_t)b, (uint32_t)(a >> 32) ^ word[3] ^ key[1], (uint32_t)a};
    for (int i = 0; i < 4; i++) word[i] = next[i];
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return word[index % 4];
}

void check_random(void) {
  static const size_t counts[] = {1, 4, 63, 64, 65, 200};
  static const uint64_t firsts[] = {0, 4, 1024, 4000000000};
  const uint64_t seed = 0x123456789abcdef, stream = 0xfedcba9876543210;
  // The generator by its authors' test vector: counter and key 0.
  begin_case("Philox's known answer");
  if (philox(0, 0, 0) != 0x6627e8d5) fail("the reference is wrong");
  end_case();
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
    for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++) {
      const size_t count = counts[c];
      const uint64_t first = firsts[f];
      begin_case("random numbers, %zu from %llu on", count, (unsigned long long)first);
      float *uniform = output_floats(count), *normal = output_floats(count);
      double *expected = expected_doubles(count), *expected_normal = expected_doubles(count);
      for (size_t i = 0; i < count; i++) {
        const uint64_t index = first + i, pair = index / 2 * 2;
        expected[i] = -0.5 + 3 * (double)(philox(index, seed, stream) >> 8) * 0x1p-24;
        const double u = (double)((philox(pair, seed, stream) >> 8) + 1) * 0x1p-24;
        const double turns = (double)(philox(pair + 1, seed, stream) >> 8) * 0x1p-24;
        const double radius = sqrt(-2 * log(u)), angle = 2 * M_PI * turns;
        expected_normal[i] = 0.25 + 2 * radius * (index % 2 ? sin(angle) : cos(angle));
      }
      vector_random_uniform(uniform, first, count, seed, stream, -0.5f, 3);
      vector_random_normal(normal, first, count, seed, stream, 0.25f, 2);
      expect_floats("uniform", uniform, expected, count, 1e-6);
      expect_floats("normal", normal, expected_normal, count, 2e-6);
      end_case();
    }
}
