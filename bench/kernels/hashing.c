// Hashes and checksums over bytes.
#include <string.h>

#include "../measure.h"

enum { size = 1 << 20 };
static uint8_t data[size];

static uint64_t fnv(void) {
  uint64_t hash = 14695981039346656037u;
  for (int round = 0; round < 10; ++round) {
    for (uint32_t i = 0; i < size; ++i) hash = (hash ^ data[i]) * 1099511628211u;
  }
  return hash;
}

static uint64_t crc32(void) {
  static uint32_t table[256];
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  uint32_t crc = ~0u;
  for (int round = 0; round < 10; ++round) {
    for (uint32_t i = 0; i < size; ++i) crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
  }
  return ~crc;
}

static uint32_t rotate(uint32_t x, int n) {
  return x >> n | x << (32 - n);
}

/// The compression function of SHA-256 with round constants from a recurrence.
static void compress(uint32_t state[8], const uint8_t* block) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i) {
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           block[4 * i + 3];
  }
  for (int i = 16; i < 64; ++i) {
    const uint32_t a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    const uint32_t b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  uint32_t s[8], k = 0x428a2f98u;
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; ++i, k = k * 1664525u + 1013904223u) {
    const uint32_t e = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
    const uint32_t t1 = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k + w[i];
    const uint32_t a = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
    const uint32_t t2 = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += t1;
    s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; ++i) state[i] += s[i];
}

static uint64_t sha(void) {
  uint32_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  for (int round = 0; round < 3; ++round) {
    for (uint32_t i = 0; i + 64 <= size; i += 64) compress(state, data + i);
  }
  return state[0] ^ (uint64_t)state[7] << 32;
}

int main(int argc, char** argv) {
  uint32_t x = 1;
  for (uint32_t i = 0; i < size; ++i) {
    x = x * 1103515245u + 12345u;
    data[i] = (uint8_t)("etaoin shrdlu cmf"[x >> 28]);
  }
  static const struct Kernel kernels[] = {{"fnv", fnv}, {"crc32", crc32}, {"sha", sha}};
  return RUN_KERNELS(kernels);
}
