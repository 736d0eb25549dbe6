// What a host call costs over the same call made natively. argv[1] is a folder to work in.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../measure.h"

enum { calls = 200000, opens = 50000, entries = 10000 };

static char path[512];
static const char* in(const char* root, const char* name) {
  snprintf(path, sizeof path, "%s/%s", root, name);
  return path;
}

static void clock_reads(void) {
  uint64_t sum = 0;
  const uint64_t start = now_ns();
  for (int i = 0; i < calls; ++i) sum += now_ns();
  report("clock_time_get", now_ns() - start, calls, sum != 0);
}

static void reads(int fd, const char* name, size_t size) {
  static char buffer[4096];
  uint64_t sum = 0;
  const uint64_t start = now_ns();
  for (int i = 0; i < calls; ++i) sum += (uint64_t)pread(fd, buffer, size, i % 4096);
  report(name, now_ns() - start, calls, sum);
}

static void writes(int fd, const char* name, size_t size) {
  static char buffer[4096];
  uint64_t sum = 0;
  const uint64_t start = now_ns();
  for (int i = 0; i < calls; ++i) {
    if (i % 256 == 0) lseek(fd, 0, SEEK_SET);
    sum += (uint64_t)write(fd, buffer, size);
  }
  report(name, now_ns() - start, calls, sum);
}

static void open_close(const char* root) {
  char deep[512];
  snprintf(deep, sizeof deep, "%s/a/b/f", root);
  uint64_t sum = 0;
  const uint64_t start = now_ns();
  for (int i = 0; i < opens; ++i) {
    const int fd = open(deep, O_RDONLY);
    sum += fd >= 0;
    close(fd);
  }
  report("path_open+close", now_ns() - start, opens, sum);
}

static void list(const char* root) {
  uint64_t names = 0;
  const uint64_t start = now_ns();
  for (int round = 0; round < 10; ++round) {
    DIR* folder = opendir(in(root, "many"));
    if (folder == NULL) exit(1);
    while (readdir(folder) != NULL) ++names;
    closedir(folder);
  }
  report("fd_readdir", now_ns() - start, names, names);
}

static void touch(const char* name, size_t size) {
  static char zeros[8192];
  const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || write(fd, zeros, size) != (ssize_t)size) exit(1);
  close(fd);
}

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const char* root = argv[1];
  mkdir(in(root, "a"), 0755);
  mkdir(in(root, "a/b"), 0755);
  mkdir(in(root, "many"), 0755);
  touch(in(root, "a/b/f"), 8192);
  for (int i = 0; i < entries; ++i) {
    char name[32];
    snprintf(name, sizeof name, "many/entry-%d", i);
    touch(in(root, name), 0);
  }
  const int reader = open(in(root, "a/b/f"), O_RDONLY);
  const int writer = open(in(root, "w"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (reader < 0 || writer < 0) return 1;
  clock_reads();
  reads(reader, "pread-1", 1);
  reads(reader, "pread-4096", 4096);
  writes(writer, "fd_write-1", 1);
  writes(writer, "fd_write-4096", 4096);
  open_close(root);
  list(root);
  return 0;
}
