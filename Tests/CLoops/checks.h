#pragma once

// Memory and comparisons of the checks. A case takes memory, runs a loop, compares what it wrote with a reference in
// double precision, and ends: then everything that the loop had no business with must be as it was.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Begins a case; its name is a format like printf's.
void begin_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Checks guard bytes and inputs, frees all memory of the case, and counts it.
void end_case(void);
/// Makes the case a failure, and says why, once for each case.
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Returns a number of 0 ..< limit, the next of a fixed sequence.
size_t random_index(size_t limit);
/// Returns a number of low ..< high.
double random_number(double low, double high);

/// Returns `count` random numbers of low ..< high, which must not change, or those in `values` where it is not NULL.
const float *input_floats(size_t count, double low, double high);
const float *input_of(const float *values, size_t count);
const uint8_t *input_bytes(size_t count, unsigned limit);

/// Returns memory for results: poisoned, with guard bytes before and after it.
float *output_floats(size_t count);
double *output_doubles(size_t count);
uint8_t *output_bytes(size_t count);
/// The same, with random numbers of low ..< high that a loop adds to.
float *changing_floats(size_t count, double low, double high);

/// Returns memory for a reference; floats that must keep their poison are NaN there, as all are at first.
double *expected_doubles(size_t count);
/// Returns scratch memory, poisoned, aligned to 64 bytes.
void *scratch_bytes(size_t count);

/// Compares results with a reference. An error is relative to the largest number of the reference, or to 1, which most
/// inputs are about, where that is larger; `tolerance` 0 wants the very float.
void expect_floats(const char *name, const float *found, const double *expected, size_t count, double tolerance);
void expect_doubles(const char *name, const double *found, const double *expected, size_t count, double tolerance);
void expect_bytes(const char *name, const uint8_t *found, const uint8_t *expected, size_t count);

/// Returns the number of failed cases, after a closing line.
size_t finish(void);

// The checks, each with the cases of some loops.
void check_elementwise(void);
void check_random(void);
void check_losses(void);
void check_images(void);
void check_normalization(void);
void check_pooling(void);
void check_upsampling(void);
void check_spectral(void);
void check_products(void);
void check_shifted(void);
void check_winograd(void);
void check_few_channels(void);
