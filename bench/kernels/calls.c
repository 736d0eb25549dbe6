// Direct, deep and indirect calls.
#include "../measure.h"

__attribute__((noinline)) static uint32_t fib(uint32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

__attribute__((noinline)) static int32_t tak(int32_t x, int32_t y, int32_t z) {
  return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

typedef uint32_t (*Step)(uint32_t);
static uint32_t add(uint32_t x) {
  return x + 7;
}
static uint32_t mix(uint32_t x) {
  return x ^ (x >> 3);
}
static uint32_t scale(uint32_t x) {
  return x * 2654435761u;
}
static uint32_t turn(uint32_t x) {
  return (x << 5) | (x >> 27);
}
static Step volatile steps[4] = {add, mix, scale, turn};

static uint64_t indirect(uint32_t rounds) {
  const Step table[4] = {steps[0], steps[1], steps[2], steps[3]};
  uint32_t x = 1;
  for (uint32_t i = 0; i < rounds; ++i) x = table[(x >> 7) & 3](x);
  return x;
}

static uint64_t fibs(void) {
  return fib(32);
}
static uint64_t taks(void) {
  return (uint64_t)tak(24, 16, 8);
}
static uint64_t indirects(void) {
  return indirect(10000000);
}

int main(int argc, char** argv) {
  static const struct Kernel kernels[] = {{"fib", fibs}, {"tak", taks}, {"indirect", indirects}};
  return RUN_KERNELS(kernels);
}
