// Data structures and compression: a hash table, a heap, LZ and a Rice code, there and back.
#include <string.h>

#include "../measure.h"

enum { slots = 1 << 16, size = 1 << 20, items = 1 << 18 };

static uint64_t hash_table(void) {
  static struct {
    uint32_t key, value;
  } table[slots];
  memset(table, 0, sizeof table);
  uint64_t check = 0;
  uint32_t x = 1;
  for (int i = 0; i < 1500000; ++i) {
    x = x * 1664525u + 1013904223u;
    const uint32_t key = 1 + (x >> 10) % 40000;
    uint32_t at = key * 2654435761u >> 16;
    while (table[at].key != 0 && table[at].key != key) at = (at + 1) % slots;
    table[at].key = key;
    check += table[at].value++;
  }
  return check;
}

static uint64_t heap(void) {
  static uint32_t entries[items + 1];
  uint32_t count = 0, x = 9;
  uint64_t check = 0;
  for (uint32_t i = 0; i < items; ++i) {
    x = x * 1103515245u + 12345u;
    uint32_t at = ++count;
    for (; at > 1 && entries[at / 2] > x; at /= 2) entries[at] = entries[at / 2];
    entries[at] = x;
  }
  while (count > 0) {
    check = check * 31 + entries[1];
    const uint32_t last = entries[count--];
    uint32_t at = 1;
    while (2 * at <= count) {
      uint32_t child = 2 * at;
      if (child < count && entries[child + 1] < entries[child]) ++child;
      if (entries[child] >= last) break;
      entries[at] = entries[child];
      at = child;
    }
    entries[at] = last;
  }
  return check;
}

static uint8_t text[size], packed[size * 2], unpacked[size];

/// A byte below 128: so many literal bytes follow; else a match of its lower bits plus 4, and its distance.
static uint32_t pack(void) {
  static uint32_t seen[4096];
  memset(seen, 0xff, sizeof seen);
  uint32_t out = 0, literals = 0;
  for (uint32_t i = 0; i < size;) {
    uint32_t word = 0, length = 0, candidate = 0;
    if (i + 4 <= size) {
      memcpy(&word, text + i, 4);
      const uint32_t slot = word * 2654435761u >> 20;
      candidate = seen[slot];
      seen[slot] = i;
      if (candidate != ~0u && i - candidate < 65536) {
        while (i + length < size && length < 131 && text[candidate + length] == text[i + length]) ++length;
      }
    }
    if (length >= 4) {
      const uint32_t distance = i - candidate;
      packed[out++] = (uint8_t)(128 + length - 4);
      packed[out++] = (uint8_t)distance;
      packed[out++] = (uint8_t)(distance >> 8);
      i += length;
      literals = 0;
    } else {
      if (literals == 0) packed[out++] = 0;
      packed[out - literals - 1] = (uint8_t)(literals + 1);
      packed[out++] = text[i++];
      literals = literals == 126 ? 0 : literals + 1;
    }
  }
  return out;
}

static uint64_t lz(void) {
  const uint32_t end = pack();
  uint32_t out = 0;
  for (uint32_t at = 0; at < end;) {
    const uint32_t head = packed[at++];
    if (head < 128) {
      memcpy(unpacked + out, packed + at, head);
      at += head;
      out += head;
    } else {
      const uint32_t distance = packed[at] | (uint32_t)packed[at + 1] << 8;
      at += 2;
      for (uint32_t i = 0; i < head - 128 + 4; ++i, ++out) unpacked[out] = unpacked[out - distance];
    }
  }
  return out == size && memcmp(text, unpacked, size) == 0 ? end : 0;
}

static uint32_t bit_count;
static void put_bit(uint32_t bit) {
  if (bit_count % 8 == 0) packed[bit_count / 8] = 0;
  packed[bit_count / 8] |= (uint8_t)(bit << bit_count % 8);
  ++bit_count;
}
static uint32_t get_bit(void) {
  const uint32_t bit = (uint32_t)packed[bit_count / 8] >> bit_count % 8 & 1;
  ++bit_count;
  return bit;
}

/// Differences of neighbours in a Rice code with three low bits.
static uint64_t rice(void) {
  enum { samples = 600000 };
  static int16_t values[samples];
  uint32_t x = 11;
  for (int i = 1; i < samples; ++i) {
    x = x * 1664525u + 1013904223u;
    values[i] = (int16_t)(values[i - 1] + (int)(x >> 28) - 7);
  }
  bit_count = 0;
  for (int i = 1; i < samples; ++i) {
    const int32_t difference = values[i] - values[i - 1];
    const uint32_t zigzag = (uint32_t)(difference << 1 ^ difference >> 31);
    for (uint32_t high = zigzag >> 3; high > 0; --high) put_bit(1);
    put_bit(0);
    for (int bit = 0; bit < 3; ++bit) put_bit(zigzag >> bit & 1);
  }
  const uint32_t bits = bit_count;
  bit_count = 0;
  int16_t value = values[0];
  for (int i = 1; i < samples; ++i) {
    uint32_t zigzag = 0;
    while (get_bit()) zigzag += 8;
    for (int bit = 0; bit < 3; ++bit) zigzag |= get_bit() << bit;
    value = (int16_t)(value + ((int32_t)(zigzag >> 1) ^ -(int32_t)(zigzag & 1)));
    if (value != values[i]) return 0;
  }
  return bits;
}

int main(int argc, char** argv) {
  static const char* words[] = {"the ", "engine ", "of ", "a ", "program ", "memory, ", "and ", "stack\n"};
  uint32_t x = 1;
  for (uint32_t at = 0; at < size;) {
    x = x * 1103515245u + 12345u;
    for (const char* c = words[x >> 29]; *c && at < size; ++c) text[at++] = (uint8_t)*c;
    if (x % 5 == 0 && at < size) text[at++] = (uint8_t)(x >> 16);
  }
  static const struct Kernel kernels[] = {{"hash_table", hash_table}, {"heap", heap}, {"lz", lz}, {"rice", rice}};
  return RUN_KERNELS(kernels);
}
