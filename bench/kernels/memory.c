// Loads and stores in arrays and in allocated nodes.
#include <stdlib.h>
#include <string.h>

#include "../measure.h"

enum { sieve_size = 2000000, matrix = 160, items = 400000 };

static uint64_t sieve(void) {
  static uint8_t composite[sieve_size];
  memset(composite, 0, sizeof composite);
  uint64_t primes = 0;
  for (uint32_t i = 2; i < sieve_size; ++i) {
    if (composite[i]) continue;
    ++primes;
    for (uint64_t j = (uint64_t)i * i; j < sieve_size; j += i) composite[j] = 1;
  }
  return primes;
}

static uint64_t matmul(void) {
  static double a[matrix][matrix], b[matrix][matrix], c[matrix][matrix];
  for (int i = 0; i < matrix; ++i) {
    for (int j = 0; j < matrix; ++j) {
      a[i][j] = i + j;
      b[i][j] = i - j;
    }
  }
  for (int i = 0; i < matrix; ++i) {
    for (int j = 0; j < matrix; ++j) {
      double sum = 0;
      for (int k = 0; k < matrix; ++k) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  return (uint64_t)(int64_t)c[17][23];
}

static void sort(int32_t* from, int32_t* to) {
  while (to - from > 1) {
    const int32_t pivot = from[(to - from) / 2];
    int32_t *low = from, *high = to - 1;
    while (low <= high) {
      while (*low < pivot) ++low;
      while (*high > pivot) --high;
      if (low > high) break;
      const int32_t value = *low;
      *low++ = *high;
      *high-- = value;
    }
    sort(from, high + 1);
    from = low;
  }
}

static uint64_t quicksort(void) {
  static int32_t values[items];
  uint32_t x = 12345;
  for (int i = 0; i < items; ++i) {
    x = x * 1103515245u + 12345u;
    values[i] = (int32_t)(x >> 4);
  }
  sort(values, values + items);
  uint64_t check = 0;
  for (int i = 0; i < items; i += 997) check = check * 31 + (uint32_t)values[i];
  return check;
}

struct Node {
  struct Node *left, *right;
};

static struct Node* grow(int depth) {
  struct Node* node = malloc(sizeof *node);
  node->left = depth > 0 ? grow(depth - 1) : NULL;
  node->right = depth > 0 ? grow(depth - 1) : NULL;
  return node;
}

static uint64_t fell(struct Node* node) {
  const uint64_t count = node->left ? 1 + fell(node->left) + fell(node->right) : 1;
  free(node);
  return count;
}

static uint64_t trees(void) {
  uint64_t nodes = 0;
  for (int i = 0; i < 40; ++i) nodes += fell(grow(13));
  return nodes;
}

/// Blocks of many sizes that live for different times.
static uint64_t churn(void) {
  static uint8_t* blocks[1024];
  uint32_t x = 7;
  uint64_t check = 0;
  for (int i = 0; i < 400000; ++i) {
    x = x * 1664525u + 1013904223u;
    const uint32_t slot = x >> 22, bytes = 1 + ((x >> 8) & 0x3ff);
    if (blocks[slot]) check = check * 31 + blocks[slot][0];
    free(blocks[slot]);
    blocks[slot] = malloc(bytes);
    blocks[slot][0] = (uint8_t)x;
    blocks[slot][bytes - 1] = (uint8_t)i;
  }
  for (int i = 0; i < 1024; ++i) {
    free(blocks[i]);
    blocks[i] = NULL;
  }
  return check;
}

/// Small and middle-sized copies, moves and fills.
static uint64_t copies(void) {
  static uint8_t bytes[1 << 16];
  uint32_t x = 3;
  for (int i = 0; i < 1000000; ++i) {
    x = x * 1664525u + 1013904223u;
    const uint32_t from = x >> 17, to = (x >> 3) & 0x7fff, length = (x >> 11) & (i % 16 == 0 ? 0xfff : 0x3f);
    if (x & 1) {
      memmove(bytes + to, bytes + from, length);
    } else {
      memset(bytes + to, (int)(x >> 24), length);
    }
  }
  uint64_t check = 0;
  for (uint32_t i = 0; i < sizeof bytes; ++i) check = check * 31 + bytes[i];
  return check;
}

int main(int argc, char** argv) {
  static const struct Kernel kernels[] = {{"sieve", sieve}, {"matmul", matmul}, {"quicksort", quicksort},
                                          {"trees", trees}, {"churn", churn},   {"copies", copies}};
  return RUN_KERNELS(kernels);
}
