// Files and directories through the C library, below the directory argv[1].
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"

static char path_buffer[2][512];

/// "ROOT/name", in one of two buffers.
static const char* root;
static const char* at(const char* name) {
  static int turn;
  turn = !turn;
  snprintf(path_buffer[turn], sizeof path_buffer[turn], "%s/%s", root, name);
  return path_buffer[turn];
}

static void streams(void) {
  FILE* file = fopen(at("stream.txt"), "w+");
  CHECK(file != NULL);
  if (file == NULL) return;
  for (int i = 0; i < 1000; ++i) fprintf(file, "line %d\n", i);
  CHECK_EQ(fseek(file, 0, SEEK_SET), 0);
  char line[32];
  int lines = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    char expected[32];
    snprintf(expected, sizeof expected, "line %d\n", lines++);
    CHECK(strcmp(line, expected) == 0);
  }
  CHECK_EQ(lines, 1000);
  CHECK_EQ(ftell(file), 8890);
  CHECK_EQ(fclose(file), 0);

  file = fopen(at("stream.txt"), "a");
  CHECK(file != NULL && fputs("appended", file) >= 0);
  CHECK_EQ(fclose(file), 0);
  struct stat stat_buffer;
  CHECK_EQ(stat(at("stream.txt"), &stat_buffer), 0);
  CHECK_EQ(stat_buffer.st_size, 8898);
  CHECK(S_ISREG(stat_buffer.st_mode));
  CHECK_EQ(remove(at("stream.txt")), 0);
}

static void descriptors(void) {
  const int fd = open(at("data"), O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK(fd >= 0);
  CHECK_EQ(open(at("data"), O_RDWR | O_CREAT | O_EXCL, 0600), -1);
  CHECK_EQ(errno, EEXIST);
  struct iovec vectors[] = {{"abc", 3}, {"defg", 4}};
  CHECK_EQ(writev(fd, vectors, 2), 7);
  CHECK_EQ(lseek(fd, 0, SEEK_CUR), 7);
  CHECK_EQ(pwrite(fd, "XY", 2, 1), 2);
  char buffer[16] = {0};
  CHECK_EQ(pread(fd, buffer, sizeof buffer, 0), 7);
  CHECK(strcmp(buffer, "aXYdefg") == 0);
  CHECK_EQ(lseek(fd, -3, SEEK_END), 4);
  CHECK_EQ(read(fd, buffer, sizeof buffer), 3);
  CHECK_EQ(ftruncate(fd, 2), 0);
  CHECK_EQ(posix_fallocate(fd, 0, 100), 0);
  CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
  CHECK_EQ(fsync(fd), 0);
  CHECK_EQ(fdatasync(fd), 0);

  const struct timespec times[2] = {{1000, 1}, {2000, 2}};
  CHECK_EQ(futimens(fd, times), 0);
  struct stat stat_buffer;
  CHECK_EQ(fstat(fd, &stat_buffer), 0);
  CHECK_EQ(stat_buffer.st_size, 100);
  CHECK_EQ(stat_buffer.st_atim.tv_sec, 1000);
  CHECK_EQ(stat_buffer.st_mtim.tv_nsec, 2);
  CHECK_EQ(fcntl(fd, F_GETFL) & O_APPEND, 0);
  CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
  CHECK_EQ(fcntl(fd, F_GETFL) & O_APPEND, O_APPEND);
  CHECK_EQ(isatty(fd), 0);
  CHECK_EQ(close(fd), 0);
  CHECK_EQ(close(fd), -1);
  CHECK_EQ(errno, EBADF);

  CHECK_EQ(open(at("data"), O_WRONLY | O_DIRECTORY), -1);
  const int read_only = open(at("data"), O_RDONLY);
  CHECK(read_only >= 0);
  CHECK_EQ(write(read_only, "x", 1), -1);
  CHECK_EQ(close(read_only), 0);
}

static void names(void) {
  CHECK_EQ(rename(at("data"), at("renamed")), 0);
  CHECK_EQ(access(at("data"), F_OK), -1);
  CHECK_EQ(errno, ENOENT);
  CHECK_EQ(access(at("renamed"), R_OK | W_OK), 0);
  CHECK_EQ(link(at("renamed"), at("second")), 0);
  CHECK_EQ(symlink("renamed", at("link")), 0);
  char target[32] = {0};
  CHECK_EQ(readlink(at("link"), target, sizeof target), 7);
  CHECK(strcmp(target, "renamed") == 0);
  struct stat stat_buffer;
  CHECK_EQ(lstat(at("link"), &stat_buffer), 0);
  CHECK(S_ISLNK(stat_buffer.st_mode));
  CHECK_EQ(stat(at("link"), &stat_buffer), 0);
  CHECK_EQ(stat_buffer.st_nlink, 2);
  const struct timespec times[2] = {{5, 0}, {6, 0}};
  CHECK_EQ(utimensat(AT_FDCWD, at("renamed"), times, 0), 0);
  CHECK_EQ(stat(at("second"), &stat_buffer), 0);
  CHECK_EQ(stat_buffer.st_mtim.tv_sec, 6);
  CHECK_EQ(unlink(at("link")), 0);
  CHECK_EQ(unlink(at("second")), 0);
  CHECK_EQ(unlink(at("renamed")), 0);
}

static int by_name(const struct dirent** a, const struct dirent** b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void directories(void) {
  CHECK_EQ(mkdir(at("tree"), 0777), 0);
  CHECK_EQ(mkdir(at("tree/b"), 0777), 0);
  CHECK_EQ(mkdir(at("tree/a"), 0777), 0);
  struct dirent** entries = NULL;
  const int count = scandir(at("tree"), &entries, NULL, by_name);
  CHECK_EQ(count, 4);
  const char* expected[] = {".", "..", "a", "b"};
  for (int i = 0; i < count; ++i) {
    CHECK(i < 4 && strcmp(entries[i]->d_name, expected[i]) == 0);
    CHECK_EQ(entries[i]->d_type, DT_DIR);
    free(entries[i]);
  }
  free(entries);

  DIR* dir = opendir(at("tree"));
  CHECK(dir != NULL);
  for (int pass = 0; dir != NULL && pass < 2; ++pass) {
    int seen = 0;
    while (readdir(dir) != NULL) ++seen;
    CHECK_EQ(seen, 4);
    rewinddir(dir);
  }
  CHECK_EQ(closedir(dir), 0);
  CHECK_EQ(rmdir(at("tree")), -1);
  CHECK_EQ(errno, ENOTEMPTY);
  CHECK_EQ(rmdir(at("tree/a")), 0);
  CHECK_EQ(rmdir(at("tree/b")), 0);
  CHECK_EQ(rmdir(at("tree")), 0);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  root = argv[1];
  streams();
  descriptors();
  names();
  directories();
  return finish("files");
}
