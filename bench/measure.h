// What benchmark programs share: the same source is compiled natively and to WASI, and prints "NAME NANOSECONDS" lines.
#ifndef WISP_BENCH_MEASURE_H
#define WISP_BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

static inline uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// Prints the time of one operation. `check` depends on the work, so that no compiler can drop it.
static inline void report(const char* name, uint64_t elapsed_ns, uint64_t operations, uint64_t check) {
  printf("%s %.2f %llu\n", name, (double)elapsed_ns / (double)operations, (unsigned long long)check);
}

#endif
