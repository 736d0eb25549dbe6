// What benchmark programs in C share: each source is compiled natively and to WASI, and prints lines NAME NANOSECONDS
// CHECK.
#ifndef WISP_BENCH_MEASURE_H
#define WISP_BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

struct Kernel {
  const char* name;
  uint64_t (*run)(void);  // the same result each time
};

/// Runs each kernel again and again for argv[1] milliseconds, once at least, and reports its fastest run: what a tier
/// that compiles in the background comes to.
static inline int run_kernels(int argc, char** argv, const struct Kernel* kernels, unsigned count) {
  const uint64_t budget_ns = argc > 1 ? strtoull(argv[1], NULL, 10) * 1000000u : 0;
  for (unsigned i = 0; i < count; ++i) {
    const uint64_t begin = now_ns();
    uint64_t fastest_ns = UINT64_MAX, check = 0, runs = 0;
    do {
      const uint64_t start = now_ns();
      const uint64_t result = kernels[i].run();
      const uint64_t elapsed_ns = now_ns() - start;
      if (elapsed_ns < fastest_ns) fastest_ns = elapsed_ns;
      if (runs++ > 0 && result != check) {
        fprintf(stderr, "%s: another result in another run\n", kernels[i].name);
        return 1;
      }
      check = result;
    } while (now_ns() - begin < budget_ns);
    report(kernels[i].name, fastest_ns, 1, check);
  }
  return 0;
}

#define RUN_KERNELS(kernels) run_kernels(argc, argv, kernels, sizeof(kernels) / sizeof *(kernels))

#endif
