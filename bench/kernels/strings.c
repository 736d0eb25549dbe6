// Text: numbers to digits and back, search, UTF-8.
#include <string.h>

#include "../measure.h"

static uint32_t digits(uint64_t value, char* out) {
  char reversed[20];
  uint32_t count = 0;
  do {
    reversed[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  for (uint32_t i = 0; i < count; ++i) out[i] = reversed[count - 1 - i];
  return count;
}

static uint64_t numbers(void) {
  static char text[1 << 16];
  uint64_t sum = 0, x = 1;
  for (int round = 0; round < 40; ++round) {
    uint32_t end = 0;
    while (end + 24 < sizeof text) {
      x = x * 6364136223846793005u + 1442695040888963407u;
      end += digits(x >> (x >> 58), text + end);
      text[end++] = ',';
    }
    uint64_t value = 0;
    for (uint32_t i = 0; i < end; ++i) {
      if (text[i] == ',') {
        sum ^= value;
        value = 0;
      } else {
        value = value * 10 + (uint64_t)(text[i] - '0');
      }
    }
  }
  return sum;
}

/// Horspool's algorithm.
static uint64_t find(void) {
  static uint8_t text[1 << 16];
  static const char* words[] = {"needle", "haystacks", "in a row", "abcabcabd", "zzzz"};
  uint32_t x = 5;
  for (uint32_t i = 0; i < sizeof text; ++i) {
    x = x * 1103515245u + 12345u;
    text[i] = (uint8_t)("abc in row needlz "[(x >> 16) % 18]);
  }
  memcpy(text + sizeof text - 40, "a needle, haystacks in a row abcabcabd", 38);
  uint64_t places = 0;
  for (int round = 0; round < 40; ++round) {
    for (int w = 0; w < 5; ++w) {
      const uint32_t length = (uint32_t)strlen(words[w]);
      uint32_t skip[256];
      for (int i = 0; i < 256; ++i) skip[i] = length;
      for (uint32_t i = 0; i + 1 < length; ++i) skip[(uint8_t)words[w][i]] = length - 1 - i;
      for (uint32_t at = 0; at + length <= sizeof text; at += skip[text[at + length - 1]]) {
        uint32_t i = length;
        while (i > 0 && text[at + i - 1] == (uint8_t)words[w][i - 1]) --i;
        if (i == 0) places += at;
      }
    }
  }
  return places;
}

static uint64_t utf8(void) {
  static const char line[] = "Größe, naïve façade — Ελληνικά, русский текст, 日本語, plain ASCII words too 🎈\n";
  uint64_t check = 0;
  for (int round = 0; round < 60000; ++round) {
    for (const uint8_t* c = (const uint8_t*)line; *c;) {
      uint32_t code = *c++;
      const int more = code < 0x80 ? 0 : code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;
      if (more > 0) code &= 0x3fu >> more;
      for (int i = 0; i < more; ++i) code = code << 6 | (*c++ & 0x3fu);
      check += code ^ (uint32_t)round;
    }
  }
  return check;
}

int main(int argc, char** argv) {
  static const struct Kernel kernels[] = {{"numbers", numbers}, {"find", find}, {"utf8", utf8}};
  return RUN_KERNELS(kernels);
}
