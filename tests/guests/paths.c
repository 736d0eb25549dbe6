// The path_* calls and fd_readdir, in the first preopened directory.
#include <string.h>

#include "check.h"
#include "wasi.h"

static int open_at(int dir, const char* path, size_t len, int oflags, uint64_t rights, int* fd) {
  Fdstat stat;
  CHECK_EQ(fd_fdstat_get(dir, &stat), E_SUCCESS);
  return path_open(dir, FOLLOW, path, len, oflags, rights & stat.rights_inheriting, stat.rights_inheriting, 0, fd);
}

static void make_file(const char* path, size_t len, const char* text) {
  int fd = -1;
  uint32_t moved = 0;
  Iovec out = {(void*)text, (uint32_t)strlen(text)};
  CHECK_EQ(open_at(ROOT, path, len, OFLAG_CREAT | OFLAG_EXCL, RIGHTS_FILE, &fd), E_SUCCESS);
  CHECK_EQ(fd_write(fd, &out, 1, &moved), E_SUCCESS);
  CHECK_EQ(fd_close(fd), E_SUCCESS);
}

static int type_of(int flags, const char* path, size_t len) {
  Filestat stat;
  const int error = path_filestat_get(ROOT, flags, path, len, &stat);
  return error == E_SUCCESS ? stat.filetype : -error;
}

static void open_modes(void) {
  int fd = -1;
  CHECK_EQ(open_at(ROOT, P("missing"), 0, RIGHTS_FILE, &fd), E_NOENT);
  make_file(P("file"), "text");
  CHECK_EQ(open_at(ROOT, P("file"), OFLAG_CREAT | OFLAG_EXCL, RIGHTS_FILE, &fd), E_EXIST);
  CHECK_EQ(open_at(ROOT, P("file"), OFLAG_DIRECTORY, RIGHTS_FILE, &fd), E_NOTDIR);
  CHECK_EQ(open_at(ROOT, P("file/"), 0, RIGHTS_FILE, &fd), E_NOTDIR);
  CHECK_EQ(open_at(ROOT, P("file/below"), 0, RIGHTS_FILE, &fd), E_NOTDIR);
  CHECK_EQ(open_at(ROOT, P(""), 0, RIGHTS_FILE, &fd), E_NOENT);
  CHECK_EQ(path_open(ROOT, 2, P("file"), 0, RIGHTS_FILE, 0, 0, &fd), E_INVAL);
  CHECK_EQ(path_open(ROOT, 0, P("file"), 16, RIGHTS_FILE, 0, 0, &fd), E_INVAL);

  CHECK_EQ(open_at(ROOT, P("file"), OFLAG_TRUNC, RIGHTS_FILE, &fd), E_SUCCESS);
  Filestat stat;
  CHECK_EQ(fd_filestat_get(fd, &stat), E_SUCCESS);
  CHECK_EQ(stat.size, 0);
  CHECK_EQ(fd_close(fd), E_SUCCESS);

  // A descriptor without the right to write cannot be made to.
  CHECK_EQ(open_at(ROOT, P("file"), 0, RIGHT_FD_READ | RIGHT_FD_FILESTAT_GET, &fd), E_SUCCESS);
  char byte = 'x';
  Iovec one = {&byte, 1};
  uint32_t moved;
  CHECK_EQ(fd_write(fd, &one, 1, &moved), E_NOTCAPABLE);
  CHECK_EQ(fd_read(fd, &one, 1, &moved), E_SUCCESS);
  CHECK_EQ(fd_close(fd), E_SUCCESS);
}

static void directories(void) {
  CHECK_EQ(path_create_directory(ROOT, P("dir")), E_SUCCESS);
  CHECK_EQ(path_create_directory(ROOT, P("dir")), E_EXIST);
  CHECK_EQ(path_create_directory(ROOT, P("no/dir")), E_NOENT);
  CHECK_EQ(path_create_directory(ROOT, P("dir/inner")), E_SUCCESS);
  CHECK_EQ(type_of(0, P("dir")), TYPE_DIRECTORY);
  CHECK_EQ(type_of(0, P("dir/inner/")), TYPE_DIRECTORY);
  CHECK_EQ(type_of(0, P("dir/inner/..")), TYPE_DIRECTORY);

  int dir = -1;
  CHECK_EQ(open_at(ROOT, P("dir"), OFLAG_DIRECTORY, ~RIGHTS_TO_WRITE, &dir), E_SUCCESS);
  int unwanted = -1;
  CHECK_EQ(open_at(ROOT, P("dir"), 0, RIGHTS_TO_WRITE, &unwanted), E_ISDIR);
  CHECK_EQ(path_remove_directory(dir, P("inner")), E_SUCCESS);
  CHECK_EQ(path_remove_directory(dir, P("inner")), E_NOENT);
  CHECK_EQ(path_create_directory(dir, P("inner")), E_SUCCESS);
  CHECK_EQ(fd_close(dir), E_SUCCESS);

  CHECK_EQ(path_remove_directory(ROOT, P("dir")), E_NOTEMPTY);
  CHECK_EQ(path_remove_directory(ROOT, P("file")), E_NOTDIR);
  CHECK_EQ(path_unlink_file(ROOT, P("dir/inner")), E_ISDIR);
  CHECK_EQ(path_remove_directory(ROOT, P("dir/inner")), E_SUCCESS);
  CHECK_EQ(path_remove_directory(ROOT, P("dir/")), E_SUCCESS);
}

static void links(void) {
  make_file(P("original"), "linked");
  CHECK_EQ(path_link(ROOT, 0, P("original"), ROOT, P("second")), E_SUCCESS);
  CHECK_EQ(path_link(ROOT, 0, P("original"), ROOT, P("second")), E_EXIST);
  CHECK_EQ(path_link(ROOT, 0, P("missing"), ROOT, P("third")), E_NOENT);
  Filestat a;
  Filestat b;
  CHECK_EQ(path_filestat_get(ROOT, 0, P("original"), &a), E_SUCCESS);
  CHECK_EQ(path_filestat_get(ROOT, 0, P("second"), &b), E_SUCCESS);
  CHECK_EQ(a.ino, b.ino);
  CHECK_EQ(a.nlink, 2);

  CHECK_EQ(path_symlink(P("original"), ROOT, P("link")), E_SUCCESS);
  CHECK_EQ(path_symlink(P("original"), ROOT, P("link")), E_EXIST);
  CHECK_EQ(type_of(0, P("link")), TYPE_SYMBOLIC_LINK);
  CHECK_EQ(type_of(FOLLOW, P("link")), TYPE_REGULAR_FILE);
  char target[16] = {0};
  uint32_t used = 0;
  CHECK_EQ(path_readlink(ROOT, P("link"), target, sizeof target, &used), E_SUCCESS);
  CHECK_EQ(used, 8);
  CHECK(memcmp(target, "original", 9) == 0);
  CHECK_EQ(path_readlink(ROOT, P("link"), target, 3, &used), E_SUCCESS);
  CHECK_EQ(used, 3);
  CHECK_EQ(path_readlink(ROOT, P("original"), target, sizeof target, &used), E_INVAL);

  int fd = -1;
  CHECK_EQ(open_at(ROOT, P("link"), 0, RIGHTS_FILE, &fd), E_SUCCESS);
  CHECK_EQ(fd_close(fd), E_SUCCESS);
  CHECK_EQ(path_open(ROOT, 0, P("link"), 0, RIGHT_FD_READ, 0, 0, &fd), E_LOOP);
  CHECK_EQ(path_symlink(P("loop"), ROOT, P("loop")), E_SUCCESS);
  CHECK_EQ(open_at(ROOT, P("loop"), 0, RIGHTS_FILE, &fd), E_LOOP);
  CHECK_EQ(type_of(FOLLOW, P("loop")), -E_LOOP);

  CHECK_EQ(path_unlink_file(ROOT, P("link")), E_SUCCESS);
  CHECK_EQ(path_unlink_file(ROOT, P("link")), E_NOENT);
  CHECK_EQ(path_unlink_file(ROOT, P("loop")), E_SUCCESS);
  CHECK_EQ(path_unlink_file(ROOT, P("second")), E_SUCCESS);
  CHECK_EQ(type_of(0, P("original")), TYPE_REGULAR_FILE);
}

static void renames(void) {
  CHECK_EQ(path_rename(ROOT, P("original"), ROOT, P("renamed")), E_SUCCESS);
  CHECK_EQ(type_of(0, P("original")), -E_NOENT);
  CHECK_EQ(type_of(0, P("renamed")), TYPE_REGULAR_FILE);
  CHECK_EQ(path_rename(ROOT, P("original"), ROOT, P("x")), E_NOENT);
  CHECK_EQ(path_create_directory(ROOT, P("from")), E_SUCCESS);
  CHECK_EQ(path_create_directory(ROOT, P("to")), E_SUCCESS);
  CHECK_EQ(path_create_directory(ROOT, P("to/full")), E_SUCCESS);
  CHECK_EQ(path_rename(ROOT, P("from"), ROOT, P("to")), E_NOTEMPTY);
  CHECK_EQ(path_rename(ROOT, P("from"), ROOT, P("renamed")), E_NOTDIR);
  CHECK_EQ(path_rename(ROOT, P("renamed"), ROOT, P("to")), E_ISDIR);
  CHECK_EQ(path_rename(ROOT, P("from"), ROOT, P("from/below")), E_INVAL);
  CHECK_EQ(path_rename(ROOT, P("from"), ROOT, P("to/full")), E_SUCCESS);
  CHECK_EQ(path_remove_directory(ROOT, P("to/full")), E_SUCCESS);
  CHECK_EQ(path_remove_directory(ROOT, P("to")), E_SUCCESS);

  CHECK_EQ(path_filestat_set_times(ROOT, 0, P("renamed"), 5, 1000000007, FSTFLAG_ATIM | FSTFLAG_MTIM), E_SUCCESS);
  Filestat stat;
  CHECK_EQ(path_filestat_get(ROOT, 0, P("renamed"), &stat), E_SUCCESS);
  CHECK_EQ(stat.atim, 5);
  CHECK_EQ(stat.mtim, 1000000007);
  CHECK_EQ(path_filestat_set_times(ROOT, 0, P("renamed"), 0, 0, FSTFLAG_ATIM | FSTFLAG_ATIM_NOW), E_INVAL);
  CHECK_EQ(path_unlink_file(ROOT, P("renamed")), E_SUCCESS);
}

/// Nothing above the directory can be named, and nothing is learned about it.
static void confinement(void) {
  int fd = -1;
  CHECK_EQ(open_at(ROOT, P("/etc/passwd"), 0, RIGHT_FD_READ, &fd), E_NOTCAPABLE);
  CHECK_EQ(open_at(ROOT, P("../etc/passwd"), 0, RIGHT_FD_READ, &fd), E_NOTCAPABLE);
  CHECK_EQ(open_at(ROOT, P(".."), 0, RIGHT_FD_READ, &fd), E_NOTCAPABLE);
  CHECK_EQ(open_at(ROOT, P("../../../../../nothing"), 0, RIGHT_FD_READ, &fd), E_NOTCAPABLE);
  CHECK_EQ(path_create_directory(ROOT, P("../made")), E_NOTCAPABLE);
  CHECK_EQ(path_symlink(P("/etc/passwd"), ROOT, P("absolute")), E_NOTCAPABLE);
  CHECK_EQ(path_symlink(P("../../etc/passwd"), ROOT, P("out")), E_SUCCESS);
  CHECK_EQ(open_at(ROOT, P("out"), 0, RIGHT_FD_READ, &fd), E_NOTCAPABLE);
  CHECK_EQ(type_of(FOLLOW, P("out")), -E_NOTCAPABLE);
  CHECK_EQ(type_of(0, P("out")), TYPE_SYMBOLIC_LINK);
  CHECK_EQ(path_unlink_file(ROOT, P("out")), E_SUCCESS);
  const int with_nul = open_at(ROOT, "a\0b", 3, OFLAG_CREAT, RIGHTS_FILE, &fd);
  CHECK(with_nul == E_INVAL || with_nul == E_ILSEQ);
  CHECK_EQ(open_at(ROOT, P("\xff\xfe"), OFLAG_CREAT, RIGHTS_FILE, &fd), E_ILSEQ);
  static char name[5000];
  memset(name, 'a', sizeof name);
  CHECK_EQ(open_at(ROOT, name, 256, OFLAG_CREAT, RIGHTS_FILE, &fd), E_NAMETOOLONG);
  CHECK_EQ(open_at(ROOT, name, sizeof name, OFLAG_CREAT, RIGHTS_FILE, &fd), E_NAMETOOLONG);
}

enum { FILES = 150 };

/// Lists `dir` with a buffer of `size` bytes; how many times each file of `listing` was seen is added to `seen`.
static int list(int dir, uint32_t size, int* seen) {
  static _Alignas(8) char buffer[4096];
  uint64_t cookie = 0;
  int dots = 0;
  for (;;) {
    uint32_t used = 0;
    CHECK_EQ(fd_readdir(dir, buffer, size, cookie, &used), E_SUCCESS);
    uint32_t at = 0;
    uint64_t before = cookie;
    while (used - at >= sizeof(Dirent)) {
      Dirent entry;
      memcpy(&entry, buffer + at, sizeof entry);
      if (used - at - sizeof entry < entry.namlen) break;
      const char* name = buffer + at + sizeof entry;
      if (name[0] == '.') {
        CHECK_EQ(entry.type, TYPE_DIRECTORY);
        ++dots;
      } else {
        CHECK_EQ(entry.type, TYPE_REGULAR_FILE);
        int number = 0;
        for (uint32_t i = 1; i < entry.namlen; ++i) number = number * 10 + name[i] - '0';
        CHECK(number < FILES);
        ++seen[number];
      }
      at += sizeof entry + entry.namlen;
      cookie = entry.next;
    }
    if (used < size) return dots;
    CHECK(cookie != before);
    if (cookie == before) return dots;
  }
}

static void listing(void) {
  CHECK_EQ(path_create_directory(ROOT, P("listing")), E_SUCCESS);
  for (int i = 0; i < FILES; ++i) {
    char name[32];
    make_file(name, (size_t)snprintf(name, sizeof name, "listing/f%d", i), "");
  }
  int dir = -1;
  CHECK_EQ(open_at(ROOT, P("listing"), OFLAG_DIRECTORY, ~RIGHTS_TO_WRITE, &dir), E_SUCCESS);
  const uint32_t sizes[] = {4096, 100, 31};
  for (int s = 0; s < 3; ++s) {
    int seen[FILES] = {0};
    CHECK_EQ(list(dir, sizes[s], seen), 2);
    for (int i = 0; i < FILES; ++i) CHECK_EQ(seen[i], 1);
  }
  // A buffer too small for one entry is filled with the start of it.
  char tiny[4];
  uint32_t used = 0;
  CHECK_EQ(fd_readdir(dir, tiny, sizeof tiny, 0, &used), E_SUCCESS);
  CHECK_EQ(used, sizeof tiny);
  CHECK_EQ(fd_readdir(dir, tiny, 0, 0, &used), E_SUCCESS);
  CHECK_EQ(used, 0);
  CHECK_EQ(fd_close(dir), E_SUCCESS);
  for (int i = 0; i < FILES; ++i) {
    char name[32];
    CHECK_EQ(path_unlink_file(ROOT, name, (size_t)snprintf(name, sizeof name, "listing/f%d", i)), E_SUCCESS);
  }
  CHECK_EQ(path_remove_directory(ROOT, P("listing")), E_SUCCESS);
}

int main(void) {
  open_modes();
  directories();
  links();
  renames();
  confinement();
  listing();
  return finish("paths");
}
