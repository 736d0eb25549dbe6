// Loads and stores in arrays.
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

int main(void) {
  uint64_t start = now_ns();
  uint64_t check = sieve() + sieve();
  report("sieve", now_ns() - start, 2, check);
  start = now_ns();
  check = matmul() + matmul();
  report("matmul", now_ns() - start, 2, check);
  start = now_ns();
  check = quicksort();
  report("quicksort", now_ns() - start, 1, check);
  start = now_ns();
  check = trees();
  report("trees", now_ns() - start, 40, check);
}
