// Double-precision arithmetic.
#include <math.h>
#include <string.h>

#include "../measure.h"

struct Body {
  double x, y, z, vx, vy, vz, mass;
};

static const struct Body planets[5] = {
    {0, 0, 0, 0, 0, 0, 39.478417604357432},
    {4.841431442464721, -1.1603200440274284, -0.1036220444711231, 0.6063263929958396, 2.81198684491626,
     -0.02521836165988763, 0.03769367487038949},
    {8.34336671824458, 4.124798564124305, -0.4035234171143214, -1.0107743461787924, 1.8256623712304119,
     0.008415761376584154, 0.011286326131968767},
    {12.894369562139131, -15.111151401698631, -0.22330757889265573, 1.0827910064415354, 0.8687130181696082,
     -0.010832637401363636, 0.0017237240570597112},
    {15.379697114850917, -25.919314609987964, 0.17925877295037118, 0.979090732243898, 0.5946989986476762,
     -0.034755955550407824, 0.0020336868699246304},
};

static struct Body bodies[5];

static void advance(double dt) {
  for (int i = 0; i < 5; ++i) {
    for (int j = i + 1; j < 5; ++j) {
      const double dx = bodies[i].x - bodies[j].x, dy = bodies[i].y - bodies[j].y, dz = bodies[i].z - bodies[j].z;
      const double squared = dx * dx + dy * dy + dz * dz;
      const double magnitude = dt / (squared * sqrt(squared));
      bodies[i].vx -= dx * bodies[j].mass * magnitude;
      bodies[i].vy -= dy * bodies[j].mass * magnitude;
      bodies[i].vz -= dz * bodies[j].mass * magnitude;
      bodies[j].vx += dx * bodies[i].mass * magnitude;
      bodies[j].vy += dy * bodies[i].mass * magnitude;
      bodies[j].vz += dz * bodies[i].mass * magnitude;
    }
  }
  for (int i = 0; i < 5; ++i) {
    bodies[i].x += dt * bodies[i].vx;
    bodies[i].y += dt * bodies[i].vy;
    bodies[i].z += dt * bodies[i].vz;
  }
}

static uint64_t mandelbrots(int size) {
  uint64_t inside = 0;
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      const double cr = 2.0 * column / size - 1.5, ci = 2.0 * row / size - 1.0;
      double zr = 0, zi = 0;
      int i = 0;
      for (; i < 100 && zr * zr + zi * zi < 4.0; ++i) {
        const double next = zr * zr - zi * zi + cr;
        zi = 2.0 * zr * zi + ci;
        zr = next;
      }
      inside += i == 100;
    }
  }
  return inside;
}

static double spectral(int i, int j) {
  return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

static uint64_t spectral_norm(int n) {
  static double u[256], v[256];
  for (int i = 0; i < n; ++i) u[i] = 1;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < n; ++i) {
      v[i] = 0;
      for (int j = 0; j < n; ++j) v[i] += spectral(i, j) * u[j];
    }
    for (int i = 0; i < n; ++i) {
      u[i] = 0;
      for (int j = 0; j < n; ++j) u[i] += spectral(j, i) * v[j];
    }
  }
  return (uint64_t)(u[n / 2] * 1e6);
}

static uint64_t nbody(void) {
  memcpy(bodies, planets, sizeof bodies);
  for (int i = 0; i < 200000; ++i) advance(0.01);
  return (uint64_t)(int64_t)(bodies[0].x * 1e9);
}
static uint64_t mandelbrot(void) {
  return mandelbrots(300);
}
static uint64_t spectral_norm_256(void) {
  return spectral_norm(256);
}

int main(int argc, char** argv) {
  static const struct Kernel kernels[] = {
      {"nbody", nbody}, {"mandelbrot", mandelbrot}, {"spectral", spectral_norm_256}};
  return RUN_KERNELS(kernels);
}
