#define _GNU_SOURCE
#include "processor_affinity.h"

#include <sched.h>

bool processor_is_usable(int number) {
  cpu_set_t set;
  if (number < 0 || number >= CPU_SETSIZE) return false;
  return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_ISSET(number, &set);
}
