#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "wasi.h"

/// Enough that the host makes it in pieces.
enum { BIG = 3 * 1024 * 1024 };

int main(void) {
  unsigned char first[32] = {0};
  unsigned char second[32] = {0};
  CHECK_EQ(random_get(first, sizeof first), E_SUCCESS);
  CHECK_EQ(random_get(second, sizeof second), E_SUCCESS);
  CHECK(memcmp(first, second, sizeof first) != 0);
  CHECK_EQ(random_get(first, 0), E_SUCCESS);
  CHECK_EQ(getentropy(second, sizeof second), 0);

  unsigned char* big = calloc(BIG, 1);
  CHECK_EQ(random_get(big, BIG), E_SUCCESS);
  // Of 256 values each should be there in any 64 KiB: at 2^16 draws one is missing with probability 1e-109.
  for (int piece = 0; piece < BIG; piece += 65536) {
    int seen[256] = {0};
    int different = 0;
    for (int i = 0; i < 65536; ++i) different += seen[big[piece + i]]++ == 0;
    CHECK_EQ(different, 256);
  }
  return finish("random");
}
