// Checks for guest programs: each failure is printed, and `finish` sums up.
#ifndef WISP_GUESTS_CHECK_H
#define WISP_GUESTS_CHECK_H

#include <stdio.h>

static int checks;
static int failures;

static inline void check(int holds, const char* what, int line) {
  ++checks;
  if (holds) return;
  ++failures;
  printf("line %d: %s does not hold\n", line, what);
}

static inline void check_equal(long long left, long long right, const char* what, int line) {
  ++checks;
  if (left == right) return;
  ++failures;
  printf("line %d: %s: %lld is not %lld\n", line, what, left, right);
}

#define CHECK(condition) check(!!(condition), #condition, __LINE__)
#define CHECK_EQ(left, right) check_equal((long long)(left), (long long)(right), #left " == " #right, __LINE__)

/// The exit code.
static inline int finish(const char* name) {
  if (failures == 0) {
    printf("%s: all checks hold\n", name);
  } else {
    printf("%s: %d of %d checks failed\n", name, failures, checks);
  }
  return failures != 0;
}

#endif
