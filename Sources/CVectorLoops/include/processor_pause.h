#pragma once

/// Tells the processor that this thread waits in a loop, which saves power and leaves resources to the core's other
/// hardware thread. In C because Swift has no such instruction.
static inline void processor_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
