#include "checks.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Results begin at addresses that are multiples of their elements' size alone.
enum { GUARD_BYTES = 256, FLOAT_GUARD_BYTES = GUARD_BYTES + 4, DOUBLE_GUARD_BYTES = GUARD_BYTES + 8, MOST_BLOCKS = 64 };

/// A quiet NaN that no computation gives.
static const uint32_t poison = 0x7ffadead;
static const uint8_t guard = 0x5a;

/// Memory of the case.
struct block {
  uint8_t *whole;
  /// Bytes between the guard bytes.
  size_t count;
  size_t guard_count;
  /// The bytes that an input must still hold; NULL for others.
  uint8_t *copy;
};

static struct block blocks[MOST_BLOCKS];
static size_t block_count, passed_count, failed_count;
static char case_name[256];
static bool has_failed;
static uint64_t state = 1;

void begin_case(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(case_name, sizeof case_name, format, arguments);
  va_end(arguments);
  has_failed = false;
}

void fail(const char *format, ...) {
  if (has_failed) return;
  has_failed = true;
  va_list arguments;
  va_start(arguments, format);
  printf("FAILED %s: ", case_name);
  vprintf(format, arguments);
  printf("\n");
  va_end(arguments);
}

void end_case(void) {
  for (size_t i = 0; i < block_count; i++) {
    struct block *block = &blocks[i];
    for (size_t byte = 0; byte < block->guard_count; byte++) {
      if (block->whole[byte] != guard) fail("byte %zu before a result was changed", block->guard_count - byte);
      if (block->whole[block->guard_count + block->count + byte] != guard)
        fail("byte %zu after a result was changed", byte + 1);
    }
    if (block->copy && memcmp(block->copy, block->whole, block->count) != 0) fail("an input was changed");
    free(block->copy);
    free(block->whole);
  }
  block_count = 0;
  if (has_failed)
    failed_count++;
  else
    passed_count++;
}

size_t finish(void) {
  printf("%zu passed, %zu failed\n", passed_count, failed_count);
  return failed_count;
}

static void *allocated(void *memory) {
  if (memory) return memory;
  fprintf(stderr, "out of memory\n");
  exit(2);
}

static uint8_t *take(size_t count, size_t guard_count) {
  if (block_count == MOST_BLOCKS) {
    fprintf(stderr, "%s: too many blocks of memory\n", case_name);
    exit(2);
  }
  // Inputs have no guard bytes, so that the address sanitizer sees what is read behind them.
  const size_t whole = count + 2 * guard_count;
  struct block *block = &blocks[block_count++];
  *block = (struct block){allocated(guard_count ? aligned_alloc(64, (whole + 63) / 64 * 64) : malloc(whole + !whole)),
                          count, guard_count, NULL};
  memset(block->whole, guard, guard_count);
  memset(block->whole + guard_count + count, guard, guard_count);
  return block->whole + guard_count;
}

/// Has the last block checked for changes.
static void keep(void) {
  struct block *block = &blocks[block_count - 1];
  block->copy = allocated(malloc(block->count + 1));
  memcpy(block->copy, block->whole, block->count);
}

static void spoil(void *memory, size_t count) {
  for (size_t byte = 0; byte < count; byte++) ((uint8_t *)memory)[byte] = (uint8_t)(poison >> (byte % 4 * 8));
}

/// SplitMix64 (Steele, Lea and Flood 2014).
static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

size_t random_index(size_t limit) { return next() % limit; }
double random_number(double low, double high) { return low + (high - low) * (double)(next() >> 11) * 0x1p-53; }

static float *random_floats(float *to, size_t count, double low, double high) {
  for (size_t i = 0; i < count; i++) to[i] = (float)random_number(low, high);
  return to;
}

const float *input_floats(size_t count, double low, double high) {
  float *values = random_floats((float *)take(count * sizeof(float), 0), count, low, high);
  keep();
  return values;
}

const float *input_of(const float *values, size_t count) {
  float *copy = (float *)take(count * sizeof(float), 0);
  memcpy(copy, values, count * sizeof(float));
  keep();
  return copy;
}

const uint8_t *input_bytes(size_t count, unsigned limit) {
  uint8_t *values = take(count, 0);
  for (size_t i = 0; i < count; i++) values[i] = (uint8_t)random_index(limit);
  keep();
  return values;
}

float *changing_floats(size_t count, double low, double high) {
  return random_floats((float *)take(count * sizeof(float), FLOAT_GUARD_BYTES), count, low, high);
}

static void *output(size_t byte_count, size_t guard_count) {
  void *memory = take(byte_count, guard_count);
  spoil(memory, byte_count);
  return memory;
}

float *output_floats(size_t count) { return output(count * sizeof(float), FLOAT_GUARD_BYTES); }
double *output_doubles(size_t count) { return output(count * sizeof(double), DOUBLE_GUARD_BYTES); }
uint8_t *output_bytes(size_t count) { return output(count, GUARD_BYTES + 1); }
void *scratch_bytes(size_t count) { return output(count, GUARD_BYTES); }

double *expected_doubles(size_t count) {
  double *values = (double *)take(count * sizeof(double), 0);
  for (size_t i = 0; i < count; i++) values[i] = NAN;
  return values;
}

/// Returns the largest of `values`, or 1.
static double scale_of(const double *values, size_t count) {
  double result = 1;
  for (size_t i = 0; i < count; i++)
    if (fabs(values[i]) > result) result = fabs(values[i]);
  return result;
}

void expect_floats(const char *name, const float *found, const double *expected, size_t count, double tolerance) {
  const double scale = scale_of(expected, count);
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &found[i], sizeof bits);
    if (isnan(expected[i])) {
      if (bits != poison) fail("%s[%zu] is no result and was changed to %g", name, i, (double)found[i]);
    } else if (tolerance == 0 ? found[i] != (float)expected[i]
                              : !(fabs((double)found[i] - expected[i]) <= tolerance * scale)) {
      fail("%s[%zu] is %.9g, not %.9g", name, i, (double)found[i], expected[i]);
    }
  }
}

void expect_doubles(const char *name, const double *found, const double *expected, size_t count, double tolerance) {
  const double scale = scale_of(expected, count);
  for (size_t i = 0; i < count; i++)
    if (!(fabs(found[i] - expected[i]) <= tolerance * scale))
      fail("%s[%zu] is %.17g, not %.17g", name, i, found[i], expected[i]);
}

void expect_bytes(const char *name, const uint8_t *found, const uint8_t *expected, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (found[i] != expected[i]) fail("%s[%zu] is %d, not %d", name, i, found[i], expected[i]);
}
