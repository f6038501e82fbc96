// Process file descriptors (pidfd_open(2)), which stay with one process: its number may go to another one when it has
// ended. By system calls, since the C library has functions for them only from glibc 2.36 on.

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// Older headers lack the numbers, which are these on the processors for which Swift is made.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

// Returns a descriptor of the process, closed on exec; -1 with errno where there is none.
static inline int process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

// Sends a signal to the descriptor's process; -1 with errno where that has ended, or is another user's.
static inline int signal_process(int descriptor, int number) {
  return (int)syscall(SYS_pidfd_send_signal, descriptor, number, NULL, 0);
}
