#pragma once

#include <stdbool.h>

/// Whether this process may run on the logical processor `number`; false where the system does not tell.
/// In C because `sched_getaffinity` and the macros around `cpu_set_t` are not available in Swift.
bool processor_is_usable(int number);
