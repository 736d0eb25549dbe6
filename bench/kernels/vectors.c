// Vectors of 128 bits: by clang's vector types, which become SSE2 here and simd128 there, and by loops for the
// vectoriser.
#include "../measure.h"

typedef float Floats __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));
typedef uint32_t Words __attribute__((vector_size(16)));

enum { length = 1 << 14, image_width = 512, image_height = 256 };

static uint64_t dot(void) {
  static float a[length], b[length];
  for (int i = 0; i < length; ++i) {
    a[i] = (float)(i % 17) * 0.5f;
    b[i] = (float)(i % 13) - 6.0f;
  }
  Floats sum = {0, 0, 0, 0};
  for (int round = 0; round < 2001; ++round) {
    for (int i = 0; i < length; i += 4) {
      sum += *(const Floats*)(a + i) * *(const Floats*)(b + i);
      *(Floats*)(b + i) = -*(const Floats*)(b + i);
    }
  }
  return (uint64_t)(int64_t)(sum[0] + sum[1] * 3 + sum[2] * 5 + sum[3] * 7);
}

/// Four points at a time.
static uint64_t mandelbrot4(void) {
  uint64_t inside = 0;
  for (int row = 0; row < 400; ++row) {
    for (int column = 0; column < 400; column += 4) {
      const Floats x = {(float)column, (float)column + 1, (float)column + 2, (float)column + 3};
      const Floats cr = x * 0.005f - 1.5f, ci = (Floats){0, 0, 0, 0} + ((float)row * 0.005f - 1.0f);
      Floats zr = {0, 0, 0, 0}, zi = zr;
      Ints steps = {0, 0, 0, 0};
      for (int i = 0; i < 64; ++i) {
        const Floats rr = zr * zr, ii = zi * zi;
        const Ints stays = rr + ii < 4.0f;
        steps -= stays;
        zi = 2.0f * zr * zi + ci;
        zr = rr - ii + cr;
        if (!(stays[0] | stays[1] | stays[2] | stays[3])) break;
      }
      for (int lane = 0; lane < 4; ++lane) inside += steps[lane] == 64;
    }
  }
  return inside;
}

static Words turn(Words x, int bits) {
  return x << bits | x >> (32 - bits);
}
static void quarter(Words* a, Words* b, Words* c, Words* d) {
  *a += *b;
  *d = turn(*d ^ *a, 16);
  *c += *d;
  *b = turn(*b ^ *c, 12);
  *a += *b;
  *d = turn(*d ^ *a, 8);
  *c += *d;
  *b = turn(*b ^ *c, 7);
}
/// Four blocks of ChaCha at a time.
static uint64_t chacha(void) {
  Words total = {0, 0, 0, 0};
  for (uint32_t block = 0; block < 60000; block += 4) {
    Words state[16];
    for (uint32_t i = 0; i < 16; ++i) state[i] = (Words){0, 0, 0, 0} + i * 0x9e3779b9u;
    state[12] = (Words){block, block + 1, block + 2, block + 3};
    for (int round = 0; round < 10; ++round) {
      for (int i = 0; i < 4; ++i) quarter(&state[i], &state[4 + i], &state[8 + i], &state[12 + i]);
      for (int i = 0; i < 4; ++i) {
        quarter(&state[i], &state[4 + (i + 1) % 4], &state[8 + (i + 2) % 4], &state[12 + (i + 3) % 4]);
      }
    }
    for (int i = 0; i < 16; ++i) total ^= state[i];
  }
  return total[0] ^ total[1] ^ (uint64_t)(total[2] ^ total[3]) << 32;
}

/// A loop over bytes that the vectoriser has to widen and narrow.
static uint64_t blur(void) {
  static uint8_t from[image_height][image_width], to[image_height][image_width];
  for (int y = 0; y < image_height; ++y) {
    for (int x = 0; x < image_width; ++x) from[y][x] = (uint8_t)(x * y + (x ^ y));
  }
  for (int round = 0; round < 60; ++round) {
    for (int y = 1; y < image_height - 1; ++y) {
      const uint8_t *above = from[y - 1], *here = from[y], *below = from[y + 1];
      for (int x = 1; x < image_width - 1; ++x) {
        to[y][x] = (uint8_t)((above[x] + below[x] + here[x - 1] + here[x + 1] + 4 * here[x] + 4) >> 3);
      }
    }
    for (int y = 1; y < image_height - 1; ++y) {
      for (int x = 1; x < image_width - 1; ++x) from[y][x] = to[y][x];
    }
  }
  uint64_t check = 0;
  for (int x = 0; x < image_width; ++x) check = check * 31 + from[image_height / 2][x];
  return check;
}

/// Sum of absolute differences, minimum and maximum.
static uint64_t differences(void) {
  static int16_t a[length], b[length];
  for (int i = 0; i < length; ++i) {
    a[i] = (int16_t)(i * 7919);
    b[i] = (int16_t)(i * 104729);
  }
  uint64_t check = 0;
  for (int round = 0; round < 800; ++round) {
    int32_t sum = 0;
    int16_t low = INT16_MAX, high = INT16_MIN;
    for (int i = 0; i < length; ++i) {
      const int32_t difference = a[i] - b[i];
      sum += difference < 0 ? -difference : difference;
      low = b[i] < low ? b[i] : low;
      high = b[i] > high ? b[i] : high;
    }
    a[round % length] = (int16_t)(sum >> 4);
    check += (uint64_t)sum + (uint64_t)(high - low);
  }
  return check;
}

int main(int argc, char** argv) {
  static const struct Kernel kernels[] = {
      {"dot", dot}, {"mandelbrot4", mandelbrot4}, {"chacha", chacha}, {"blur", blur}, {"differences", differences}};
  return RUN_KERNELS(kernels);
}
