// Control flow that depends on data: a byte-code interpreter, a lexer, and binary search.
#include "../measure.h"

enum Code { push, add, mul, less, jump_if, jump, load, store, halt };

static const uint8_t program[] = {
    push, 0, store, 0, push, 0,       store, 1,               // i = 0, sum = 0
    load, 1, load,  0, load, 0,       mul,   add,  store, 1,  // 8: sum += i * i
    load, 0, push,  1, add,  store,   0,                      // i += 1
    load, 0, load,  2, less, jump_if, 8,     halt,            // while (i < n)
};

static uint64_t run(uint32_t n) {
  uint32_t stack[16], locals[4] = {0, 0, n, 0};
  uint32_t top = 0, at = 0;
  for (;;) {
    switch (program[at++]) {
      case push:
        stack[top++] = program[at++];
        break;
      case add:
        --top;
        stack[top - 1] += stack[top];
        break;
      case mul:
        --top;
        stack[top - 1] *= stack[top];
        break;
      case less:
        --top;
        stack[top - 1] = stack[top - 1] < stack[top];
        break;
      case jump_if:
        at = stack[--top] ? program[at] : at + 1;
        break;
      case jump:
        at = program[at];
        break;
      case load:
        stack[top++] = locals[program[at++]];
        break;
      case store:
        locals[program[at++]] = stack[--top];
        break;
      default:
        return locals[1];
    }
  }
}

static uint64_t lex(uint32_t rounds) {
  static const char text[] = "for (int i = 0; i < 42; ++i) { total += values[i] * 17; /* all */ name_2 = other; }";
  uint64_t words = 0, numbers = 0, signs = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    for (const char* c = text; *c;) {
      if (*c == ' ') {
        ++c;
      } else if ((*c >= 'a' && *c <= 'z') || *c == '_') {
        ++words;
        while ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_') ++c;
      } else if (*c >= '0' && *c <= '9') {
        while (*c >= '0' && *c <= '9') numbers += (uint64_t)(*c++ - '0');
      } else {
        ++signs;
        ++c;
      }
    }
  }
  return words * 1000 + numbers * 10 + signs;
}

static uint64_t searches(uint32_t rounds) {
  static uint32_t values[65536];
  for (uint32_t i = 0; i < 65536; ++i) values[i] = i * 3;
  uint64_t sum = 0;
  uint32_t x = 1;
  for (uint32_t i = 0; i < rounds; ++i) {
    x = x * 1664525u + 1013904223u;
    const uint32_t wanted = (x >> 8) % 196608;
    uint32_t low = 0, high = 65536;
    while (high - low > 1) {
      const uint32_t middle = (low + high) / 2;
      if (values[middle] <= wanted) {
        low = middle;
      } else {
        high = middle;
      }
    }
    sum += low;
  }
  return sum;
}

static uint64_t bytecode(void) {
  return run(1000000);
}
static uint64_t lexer(void) {
  return lex(100000);
}
static uint64_t search(void) {
  return searches(400000);
}

int main(int argc, char** argv) {
  static const struct Kernel kernels[] = {{"bytecode", bytecode}, {"lexer", lexer}, {"search", search}};
  return RUN_KERNELS(kernels);
}
