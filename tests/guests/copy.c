// Copies the file argv[1] to argv[2].
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(const char* program, const char* what, const char* path) {
  fprintf(stderr, "%s: cannot %s %s: %s\n", program, what, path, strerror(errno));
  return 1;
}

/// Writes all of it, however little each call takes.
static int write_all(int fd, const char* bytes, ssize_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, bytes, (size_t)size);
    if (written < 0) return -1;
    bytes += written;
    size -= written;
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s FROM TO\n", argv[0]);
    return 2;
  }
  const int from = open(argv[1], O_RDONLY);
  if (from < 0) return fail(argv[0], "open", argv[1]);
  const int to = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (to < 0) return fail(argv[0], "create", argv[2]);

  char buffer[4096];
  ssize_t size;
  while ((size = read(from, buffer, sizeof buffer)) > 0) {
    if (write_all(to, buffer, size) != 0) return fail(argv[0], "write", argv[2]);
  }
  if (size < 0) return fail(argv[0], "read", argv[1]);
  if (close(to) != 0) return fail(argv[0], "close", argv[2]);
  return close(from);
}
