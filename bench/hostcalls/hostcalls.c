// What a host call costs over the same call made natively. argv[1] is a folder with what bench/run puts there.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#ifdef __wasi__
#include <wasi/api.h>
#endif

#include "../measure.h"

enum { batches = 60, calls = 2500, opens = 800, lists = 7 };

static char path[512];
static const char* in(const char* root, const char* name) {
  snprintf(path, sizeof path, "%s/%s", root, name);
  return path;
}

/// The fastest batch counts: one is shorter than a time slice, so that other programs disturb some of them only.
#define MEASURE(name, operations, statement)                \
  do {                                                      \
    uint64_t fastest_ns = UINT64_MAX, sum = 0;              \
    for (int batch = 0; batch < batches; ++batch) {         \
      const uint64_t start = now_ns();                      \
      for (int i = 0; i < (operations); ++i) statement;     \
      const uint64_t elapsed_ns = now_ns() - start;         \
      if (elapsed_ns < fastest_ns) fastest_ns = elapsed_ns; \
    }                                                       \
    report(name, fastest_ns, (uint64_t)(operations), sum);  \
  } while (0)

/// The call itself, and not wasi-libc's way from nanoseconds to seconds, whose division the next reading of the
/// processor's clock waits for.
static uint64_t host_now_ns(void) {
#ifdef __wasi__
  __wasi_timestamp_t now = 0;
  (void)__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &now);
  return now;
#else
  return now_ns();
#endif
}

/// The calls themselves, below a folder that is open, and without wasi-libc's search for the folder that has the path.
static uint64_t host_open_close(int folder, const char* name) {
#ifdef __wasi__
  __wasi_fd_t fd = 0;
  const __wasi_rights_t rights = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_FILESTAT_GET;
  if (__wasi_path_open(folder, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, name, 0, rights, rights, 0, &fd) != 0) return 0;
  return __wasi_fd_close(fd) == 0;
#else
  const int fd = openat(folder, name, O_RDONLY);
  return fd >= 0 && close(fd) == 0;
#endif
}

static uint64_t open_close(const char* name) {
  const int fd = open(name, O_RDONLY);
  close(fd);
  return fd >= 0;
}

static uint64_t write_at_start(int fd, const void* bytes, size_t size, int i) {
  if (i % 256 == 0) lseek(fd, 0, SEEK_SET);
  return (uint64_t)write(fd, bytes, size);
}

static void list(const char* name, const char* folder) {
  uint64_t fastest_ns = UINT64_MAX, entries = 0;
  for (int batch = 0; batch < lists; ++batch) {
    const uint64_t start = now_ns();
    DIR* stream = opendir(folder);
    if (stream == NULL) exit(1);
    for (entries = 0; readdir(stream) != NULL; ++entries) {
    }
    closedir(stream);
    const uint64_t elapsed_ns = now_ns() - start;
    if (elapsed_ns < fastest_ns) fastest_ns = elapsed_ns;
  }
  report(name, fastest_ns, entries, entries);
}

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const char* root = argv[1];
  static char buffer[4096], deep[512];
  const int reader = open(in(root, "a/b/f"), O_RDONLY);
  const int writer = open(in(root, "w"), O_WRONLY);
  const int folder = open(root, O_RDONLY | O_DIRECTORY);
  if (reader < 0 || writer < 0 || folder < 0) return 1;
  snprintf(deep, sizeof deep, "%s/a/b/f", root);
  MEASURE("clock_time_get", calls, sum += host_now_ns() != 0);
  MEASURE("clock_gettime", calls, sum += now_ns() != 0);
  MEASURE("pread-1", calls, sum += (uint64_t)pread(reader, buffer, 1, i % 4096));
  MEASURE("pread-4096", calls, sum += (uint64_t)pread(reader, buffer, 4096, i % 4096));
  MEASURE("fd_write-1", calls, sum += write_at_start(writer, buffer, 1, i));
  MEASURE("fd_write-4096", calls, sum += write_at_start(writer, buffer, 4096, i));
  MEASURE("path_open+close", opens, sum += host_open_close(folder, "a/b/f"));
  MEASURE("open+close", opens, sum += open_close(deep));
  list("fd_readdir-1000", in(root, "few"));
  list("fd_readdir-100000", in(root, "many"));
  return 0;
}
