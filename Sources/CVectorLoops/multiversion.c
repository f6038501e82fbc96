#include "multiversion.h"

static int limit = vector_x86_64_v4;

int processor_instruction_set(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) return vector_x86_64_v4;
  if (__builtin_cpu_supports("x86-64-v3")) return vector_x86_64_v3;
#endif
  return vector_baseline;
}

int vector_instruction_set(void) {
  int best = processor_instruction_set();
  int allowed = __atomic_load_n(&limit, __ATOMIC_RELAXED);
  return best < allowed ? best : allowed;
}

void vector_limit_instruction_set(int new_limit) { __atomic_store_n(&limit, new_limit, __ATOMIC_RELAXED); }
