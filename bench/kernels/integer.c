// Integer arithmetic in registers: shifts, multiplication, division.
#include "../measure.h"

static uint64_t xorshifts(uint32_t rounds) {
  uint64_t x = 88172645463325252u, sum = 0;
  for (uint32_t i = 0; i < rounds; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum += x;
  }
  return sum;
}

static uint64_t collatz_steps(uint32_t limit) {
  uint64_t steps = 0;
  for (uint32_t start = 1; start < limit; ++start) {
    for (uint64_t n = start; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  }
  return steps;
}

static uint64_t gcds(uint32_t limit) {
  uint64_t sum = 0;
  for (uint32_t i = 1; i < limit; ++i) {
    for (uint32_t a = i, b = 40902; b != 0;) {
      const uint32_t rest = a % b;
      a = b;
      b = rest;
      if (b == 0) sum += a;
    }
  }
  return sum;
}

static uint64_t xorshift(void) {
  return xorshifts(20000000);
}
static uint64_t collatz(void) {
  return collatz_steps(200000);
}
static uint64_t gcd(void) {
  return gcds(400000);
}

int main(int argc, char** argv) {
  static const struct Kernel kernels[] = {{"xorshift", xorshift}, {"collatz", collatz}, {"gcd", gcd}};
  return RUN_KERNELS(kernels);
}
