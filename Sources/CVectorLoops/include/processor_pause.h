#pragma once

/// Tells the processor that this thread waits in a loop, so that it saves power and leaves the core's other hardware
/// thread alone. In C because Swift has no such instruction.
static inline void processor_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __builtin_arm_yield();
#endif
}
