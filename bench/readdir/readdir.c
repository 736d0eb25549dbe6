// What an entry of a directory costs by how many there are. argv[1] is a folder to work in; argv[2] says "keep" if the
// directories in it are those of an earlier run.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../measure.h"

enum { few = 10000, many = 1000000 };

static void fill(const char* root, const char* name, int entries) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", root, name);
  mkdir(path, 0755);
  for (int i = 0; i < entries; ++i) {
    snprintf(path, sizeof path, "%s/%s/entry-%d", root, name, i);
    const int fd = open(path, O_WRONLY | O_CREAT, 0644);
    if (fd < 0) exit(1);
    close(fd);
  }
}

static void list(const char* root, const char* name, int times) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", root, name);
  uint64_t names = 0;
  const uint64_t start = now_ns();
  for (int i = 0; i < times; ++i) {
    DIR* folder = opendir(path);
    if (folder == NULL) exit(1);
    while (readdir(folder) != NULL) ++names;
    closedir(folder);
  }
  report(name, now_ns() - start, names, names / (uint64_t)times);
}

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  if (argc < 3 || strcmp(argv[2], "keep") != 0) {
    fill(argv[1], "few", few);
    fill(argv[1], "many", many);
  }
  list(argv[1], "few", many / few);
  list(argv[1], "many", 1);
  return 0;
}
