#include "random_fill.h"

#include <stdbool.h>

#include "vector_math.h"

typedef uint32_t vector_uint16 __attribute__((vector_size(64), aligned(4)));
typedef uint64_t vector_ulong16 __attribute__((vector_size(128), aligned(8)));

/// The upper and lower halves of the products of `x` and one constant.
VECTOR_LOOP void multiply(vector_uint16 x, uint32_t constant, vector_uint16 *high, vector_uint16 *low) {
  vector_ulong16 product = __builtin_convertvector(x, vector_ulong16) * (uint64_t)constant;
  *high = __builtin_convertvector(product >> 32, vector_uint16);
  *low = __builtin_convertvector(product, vector_uint16);
}

/// The four words of the sixteen blocks `first_block` ... `first_block` + 15.
VECTOR_LOOP void philox(uint64_t first_block, uint64_t seed, uint64_t stream, vector_uint16 words[4]) {
  vector_uint16 zero = {0};
  vector_uint16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  words[0] = lane + (uint32_t)first_block;
  words[1] = zero;
  words[2] = zero + (uint32_t)stream;
  words[3] = zero + (uint32_t)(stream >> 32);
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++) {
    vector_uint16 high0, low0, high1, low1;
    multiply(words[0], 0xD2511F53u, &high0, &low0);
    multiply(words[2], 0xCD9E8D57u, &high1, &low1);
    words[0] = high1 ^ words[1] ^ key0;
    words[1] = low1;
    words[2] = high0 ^ words[3] ^ key1;
    words[3] = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

VECTOR_LOOP vector_float16 unit(vector_uint16 word, int offset) {
  // 24 bits and one more at most: exact.
  vector_int16 number = (vector_int16)(word >> 8) + offset;
  return __builtin_convertvector(number, vector_float16) * 0x1p-24f;
}

VECTOR_LOOP void normal_pair(vector_uint16 a, vector_uint16 b, vector_float16 *first, vector_float16 *second) {
  vector_float16 radius = vector_square_root(-2.0f * vector_log(unit(a, 1)));
  vector_float16 cosine, sine;
  vector_circle(unit(b, 0), &cosine, &sine);
  *first = radius * cosine;
  *second = radius * sine;
}

VECTOR_LOOP void fill(
    float *output, uint64_t first, size_t count, uint64_t seed, uint64_t stream, float offset, float factor,
    bool normal) {
  for (size_t i = 0; i < count; i += 64) {
    vector_uint16 words[4];
    philox((first + i) / 4, seed, stream, words);
    vector_float16 values[4];
    if (normal) {
      normal_pair(words[0], words[1], &values[0], &values[1]);
      normal_pair(words[2], words[3], &values[2], &values[3]);
    } else {
      for (int word = 0; word < 4; word++) values[word] = unit(words[word], 0);
    }
    float table[4][16], interleaved[64];
    for (int word = 0; word < 4; word++) {
      values[word] = values[word] * factor + offset;
      __builtin_memcpy(table[word], &values[word], sizeof table[word]);
    }
    for (int block = 0; block < 16; block++)
      for (int word = 0; word < 4; word++) interleaved[4 * block + word] = table[word][block];
    size_t here = count - i < 64 ? count - i : 64;
    for (size_t j = 0; j < here; j++) output[i + j] = interleaved[j];
  }
}

VECTOR_LOOP void uniform(
    float *output, uint64_t first, size_t count, uint64_t seed, uint64_t stream, float low, float span) {
  fill(output, first, count, seed, stream, low, span, false);
}

MULTIVERSION(
    vector_random_uniform, uniform,
    (float *output, uint64_t first, size_t count, uint64_t seed, uint64_t stream, float low, float span),
    (output, first, count, seed, stream, low, span))

VECTOR_LOOP void normal(
    float *output, uint64_t first, size_t count, uint64_t seed, uint64_t stream, float mean, float deviation) {
  fill(output, first, count, seed, stream, mean, deviation, true);
}

MULTIVERSION(
    vector_random_normal, normal,
    (float *output, uint64_t first, size_t count, uint64_t seed, uint64_t stream, float mean, float deviation),
    (output, first, count, seed, stream, mean, deviation))
