// The fd_* calls, on a file in the first preopened directory.
#include <string.h>

#include "check.h"
#include "wasi.h"

static int open_file(const char* path, size_t len, int oflags, int fdflags) {
  int fd = -1;
  CHECK_EQ(path_open(ROOT, FOLLOW, path, len, oflags, RIGHTS_FILE, 0, fdflags, &fd), E_SUCCESS);
  CHECK(fd > 2);
  return fd;
}

static uint64_t position(int fd) {
  uint64_t at = ~0ull;
  CHECK_EQ(fd_tell(fd, &at), E_SUCCESS);
  return at;
}

static uint64_t size_of(int fd) {
  Filestat stat;
  CHECK_EQ(fd_filestat_get(fd, &stat), E_SUCCESS);
  return stat.size;
}

static void preopens(void) {
  Prestat prestat;
  CHECK_EQ(fd_prestat_get(ROOT, &prestat), E_SUCCESS);
  CHECK_EQ(prestat.type, 0);
  char name[64] = {0};
  CHECK(prestat.name_len < sizeof name);
  CHECK_EQ(fd_prestat_dir_name(ROOT, name, prestat.name_len), E_SUCCESS);
  printf("preopen: %s\n", name);
  CHECK_EQ(fd_prestat_dir_name(ROOT, name, prestat.name_len - 1), E_NAMETOOLONG);
  CHECK_EQ(fd_prestat_get(ROOT + 1, &prestat), E_BADF);
  CHECK_EQ(fd_prestat_get(0, &prestat), E_BADF);
  CHECK_EQ(fd_prestat_dir_name(1, name, sizeof name), E_BADF);

  Fdstat stat;
  CHECK_EQ(fd_fdstat_get(ROOT, &stat), E_SUCCESS);
  CHECK_EQ(stat.filetype, TYPE_DIRECTORY);
  CHECK((stat.rights_inheriting & RIGHT_FD_WRITE) != 0);
}

static void vectors(void) {
  const int fd = open_file(P("vectors"), OFLAG_CREAT | OFLAG_EXCL, 0);
  char hello[] = "hello ";
  char world[] = "world";
  Iovec out[] = {{hello, 6}, {NULL, 0}, {world, 5}};
  uint32_t moved = 0;
  CHECK_EQ(fd_write(fd, out, 3, &moved), E_SUCCESS);
  CHECK_EQ(moved, 11);
  CHECK_EQ(position(fd), 11);
  CHECK_EQ(size_of(fd), 11);

  uint64_t at = 0;
  CHECK_EQ(fd_seek(fd, -5, WHENCE_END, &at), E_SUCCESS);
  CHECK_EQ(at, 6);
  CHECK_EQ(fd_seek(fd, -6, WHENCE_CUR, &at), E_SUCCESS);
  CHECK_EQ(at, 0);
  CHECK_EQ(fd_seek(fd, 2, WHENCE_SET, &at), E_SUCCESS);
  CHECK_EQ(at, 2);
  CHECK_EQ(fd_seek(fd, -3, WHENCE_CUR, &at), E_INVAL);
  CHECK_EQ(fd_seek(fd, 0, 3, &at), E_INVAL);
  CHECK_EQ(position(fd), 2);

  char a[4] = {0};
  char b[16] = {0};
  Iovec in[] = {{a, 3}, {b, sizeof b}};
  CHECK_EQ(fd_read(fd, in, 2, &moved), E_SUCCESS);
  CHECK_EQ(moved, 9);
  CHECK(memcmp(a, "llo", 4) == 0 && memcmp(b, " world", 7) == 0);
  CHECK_EQ(fd_read(fd, in, 2, &moved), E_SUCCESS);
  CHECK_EQ(moved, 0);

  // The calls with an offset leave the position alone.
  CHECK_EQ(fd_pwrite(fd, out, 1, 20, &moved), E_SUCCESS);
  CHECK_EQ(moved, 6);
  CHECK_EQ(size_of(fd), 26);
  CHECK_EQ(fd_pread(fd, in, 2, 10, &moved), E_SUCCESS);
  CHECK_EQ(moved, 16);
  CHECK(memcmp(a, "d\0\0", 3) == 0 && memcmp(b, "\0\0\0\0\0\0\0hello ", 13) == 0);
  CHECK_EQ(fd_pread(fd, in, 2, 26, &moved), E_SUCCESS);
  CHECK_EQ(moved, 0);
  CHECK_EQ(position(fd), 11);

  CHECK_EQ(fd_write(fd, out, 0, &moved), E_SUCCESS);
  CHECK_EQ(moved, 0);
  CHECK_EQ(fd_close(fd), E_SUCCESS);
  CHECK_EQ(fd_close(fd), E_BADF);
  CHECK_EQ(fd_write(fd, out, 1, &moved), E_BADF);
}

static void attributes(void) {
  const int fd = open_file(P("attributes"), OFLAG_CREAT, 0);
  CHECK_EQ(fd_filestat_set_size(fd, 1000), E_SUCCESS);
  CHECK_EQ(size_of(fd), 1000);
  CHECK_EQ(fd_allocate(fd, 500, 1500), E_SUCCESS);
  CHECK_EQ(size_of(fd), 2000);
  CHECK_EQ(fd_allocate(fd, 0, 10), E_SUCCESS);
  CHECK_EQ(size_of(fd), 2000);
  CHECK_EQ(fd_allocate(fd, 0, 0), E_INVAL);
  CHECK_EQ(fd_filestat_set_size(fd, 10), E_SUCCESS);
  CHECK_EQ(size_of(fd), 10);
  for (int advice = ADVICE_NORMAL; advice <= ADVICE_NOREUSE; ++advice)
    CHECK_EQ(fd_advise(fd, 0, 10, advice), E_SUCCESS);
  CHECK_EQ(fd_advise(fd, 0, 10, 6), E_INVAL);

  const uint64_t atim = 1234567890123456789ull;
  const uint64_t mtim = 987654321000000001ull;
  CHECK_EQ(fd_filestat_set_times(fd, atim, mtim, FSTFLAG_ATIM | FSTFLAG_MTIM), E_SUCCESS);
  Filestat stat;
  CHECK_EQ(fd_filestat_get(fd, &stat), E_SUCCESS);
  CHECK_EQ(stat.atim, atim);
  CHECK_EQ(stat.mtim, mtim);
  CHECK_EQ(stat.nlink, 1);
  CHECK_EQ(stat.filetype, TYPE_REGULAR_FILE);
  CHECK_EQ(fd_filestat_set_times(fd, 0, 0, FSTFLAG_MTIM_NOW), E_SUCCESS);
  CHECK_EQ(fd_filestat_get(fd, &stat), E_SUCCESS);
  CHECK_EQ(stat.atim, atim);
  CHECK(stat.mtim > mtim);
  CHECK_EQ(fd_filestat_set_times(fd, 0, 0, FSTFLAG_MTIM | FSTFLAG_MTIM_NOW), E_INVAL);
  CHECK_EQ(fd_filestat_set_times(fd, 0, 0, FSTFLAG_ATIM | FSTFLAG_ATIM_NOW), E_INVAL);

  CHECK_EQ(fd_sync(fd), E_SUCCESS);
  CHECK_EQ(fd_datasync(fd), E_SUCCESS);
  CHECK_EQ(fd_close(fd), E_SUCCESS);
}

static void flags(void) {
  const int fd = open_file(P("flags"), OFLAG_CREAT, FDFLAG_APPEND);
  Fdstat stat;
  CHECK_EQ(fd_fdstat_get(fd, &stat), E_SUCCESS);
  CHECK_EQ(stat.flags, FDFLAG_APPEND);
  CHECK_EQ(stat.filetype, TYPE_REGULAR_FILE);

  char text[] = "one";
  Iovec out = {text, 3};
  uint32_t moved = 0;
  uint64_t at = 0;
  CHECK_EQ(fd_write(fd, &out, 1, &moved), E_SUCCESS);
  CHECK_EQ(fd_seek(fd, 0, WHENCE_SET, &at), E_SUCCESS);
  CHECK_EQ(fd_write(fd, &out, 1, &moved), E_SUCCESS);
  CHECK_EQ(size_of(fd), 6);

  CHECK_EQ(fd_fdstat_set_flags(fd, FDFLAG_NONBLOCK), E_SUCCESS);
  CHECK_EQ(fd_fdstat_get(fd, &stat), E_SUCCESS);
  CHECK_EQ(stat.flags, FDFLAG_NONBLOCK);
  CHECK_EQ(fd_seek(fd, 0, WHENCE_SET, &at), E_SUCCESS);
  CHECK_EQ(fd_write(fd, &out, 1, &moved), E_SUCCESS);
  CHECK_EQ(size_of(fd), 6);
  CHECK_EQ(fd_fdstat_set_flags(fd, 32), E_INVAL);
  CHECK_EQ(fd_close(fd), E_SUCCESS);
}

static void rights(void) {
  const int fd = open_file(P("rights"), OFLAG_CREAT, 0);
  const uint64_t few = RIGHT_FD_READ | RIGHT_FD_WRITE | RIGHT_FD_FILESTAT_GET;
  CHECK_EQ(fd_fdstat_set_rights(fd, few, 0), E_SUCCESS);
  Fdstat stat;
  CHECK_EQ(fd_fdstat_get(fd, &stat), E_SUCCESS);
  CHECK_EQ(stat.rights_base, few);
  CHECK_EQ(fd_fdstat_set_rights(fd, few | RIGHT_FD_SEEK, 0), E_NOTCAPABLE);
  CHECK_EQ(fd_fdstat_set_rights(fd, few, RIGHT_FD_READ), E_NOTCAPABLE);
  CHECK_EQ(fd_fdstat_set_rights(fd, few | RIGHT(40), 0), E_INVAL);

  uint64_t at;
  CHECK_EQ(fd_seek(fd, 0, WHENCE_SET, &at), E_NOTCAPABLE);
  CHECK_EQ(fd_filestat_set_size(fd, 0), E_NOTCAPABLE);
  CHECK_EQ(fd_fdstat_set_rights(fd, 0, 0), E_SUCCESS);
  char byte = 'x';
  Iovec one = {&byte, 1};
  uint32_t moved;
  CHECK_EQ(fd_read(fd, &one, 1, &moved), E_NOTCAPABLE);
  CHECK_EQ(fd_write(fd, &one, 1, &moved), E_NOTCAPABLE);
  Filestat filestat;
  CHECK_EQ(fd_filestat_get(fd, &filestat), E_NOTCAPABLE);
  CHECK_EQ(fd_close(fd), E_SUCCESS);
}

static void renumber(void) {
  const int from = open_file(P("from"), OFLAG_CREAT, 0);
  const int to = open_file(P("to"), OFLAG_CREAT, 0);
  CHECK(from != to);
  CHECK_EQ(fd_filestat_set_size(from, 77), E_SUCCESS);
  CHECK_EQ(fd_renumber(from, to), E_SUCCESS);
  CHECK_EQ(size_of(to), 77);
  Filestat stat;
  CHECK_EQ(fd_filestat_get(from, &stat), E_BADF);
  CHECK_EQ(fd_renumber(from, to), E_BADF);
  CHECK_EQ(fd_renumber(to, from), E_BADF);
  CHECK_EQ(fd_renumber(to, 0x7fffffff), E_BADF);
  CHECK_EQ(fd_renumber(to, -1), E_BADF);
  CHECK_EQ(fd_renumber(to, to), E_SUCCESS);
  CHECK_EQ(size_of(to), 77);
  CHECK_EQ(fd_close(to), E_SUCCESS);
}

/// Nothing is open but what was opened, and numbers stay usable as an index.
static void numbers(void) {
  Fdstat stat;
  for (int fd = ROOT + 1; fd < 70000; ++fd) {
    if (fd_fdstat_get(fd, &stat) != E_BADF) CHECK(!"a descriptor that nobody opened");
  }
  int fds[100];
  for (int i = 0; i < 100; ++i) fds[i] = open_file(P("numbers"), OFLAG_CREAT, 0);
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < i; ++k) CHECK(fds[i] != fds[k]);
    CHECK(fds[i] > ROOT);
  }
  for (int i = 0; i < 100; ++i) CHECK_EQ(fd_close(fds[i]), E_SUCCESS);
}

static void kinds(void) {
  char byte = 'x';
  Iovec one = {&byte, 1};
  uint32_t moved;
  uint64_t at;
  CHECK(fd_read(ROOT, &one, 1, &moved) != E_SUCCESS);
  CHECK(fd_write(ROOT, &one, 1, &moved) != E_SUCCESS);
  CHECK(fd_seek(ROOT, 0, WHENCE_SET, &at) != E_SUCCESS);
  CHECK_EQ(fd_read(-1, &one, 1, &moved), E_BADF);
  uint16_t roflags;
  const int fd = open_file(P("kinds"), OFLAG_CREAT, 0);
  char buffer[64];
  CHECK_EQ(fd_readdir(fd, buffer, sizeof buffer, 0, &moved), E_NOTDIR);
  CHECK_EQ(path_create_directory(fd, P("x")), E_NOTDIR);
  CHECK_EQ(sock_recv(fd, &one, 1, 0, &moved, &roflags), E_NOTSOCK);
  CHECK_EQ(sock_send(fd, &one, 1, 0, &moved), E_NOTSOCK);
  CHECK(sock_shutdown(fd, SHUT_READ | SHUT_WRITE) != E_SUCCESS);
#ifndef WASI_UNSTABLE
  int accepted;
  CHECK(sock_accept(fd, 0, &accepted) != E_SUCCESS);
#endif
  CHECK_EQ(fd_close(fd), E_SUCCESS);
}

int main(void) {
  preopens();
  vectors();
  attributes();
  flags();
  rights();
  renumber();
  numbers();
  kinds();
  return finish("descriptors");
}
