#define _GNU_SOURCE
#include "polling.h"

#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

void polling_pause(unsigned empty_looks, int is_awaited) {
  if (empty_looks < 8) {
    sched_yield();
    return;
  }
  // Linux lets a thread sleep 50 µs longer than asked for unless told otherwise.
  static _Thread_local int is_precise;
  if (!is_precise) {
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    is_precise = 1;
  }
  const long least = is_awaited ? 5 : 20, most = is_awaited ? 20 : 200;
  const long microseconds = empty_looks < 16 ? least : empty_looks < 32 ? most / 2 : most;
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = microseconds * 1000};
  nanosleep(&pause, 0);
}
