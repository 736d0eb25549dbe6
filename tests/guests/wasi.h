// The calls of WASI preview1, or of wasi_unstable with -DWASI_UNSTABLE, as a guest without a C library declares them.
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/wasi_snapshot_preview1.witx
#ifndef WISP_GUESTS_WASI_H
#define WISP_GUESTS_WASI_H

#include <stddef.h>
#include <stdint.h>

#ifdef WASI_UNSTABLE
#define WASI_MODULE "wasi_unstable"
enum { WHENCE_CUR, WHENCE_END, WHENCE_SET };
typedef uint32_t Linkcount;
#else
#define WASI_MODULE "wasi_snapshot_preview1"
enum { WHENCE_SET, WHENCE_CUR, WHENCE_END };
typedef uint64_t Linkcount;
#endif

enum {
  E_SUCCESS = 0,
  E_2BIG = 1,
  E_ACCES = 2,
  E_AGAIN = 6,
  E_BADF = 8,
  E_EXIST = 20,
  E_FBIG = 22,
  E_ILSEQ = 25,
  E_INVAL = 28,
  E_IO = 29,
  E_ISDIR = 31,
  E_LOOP = 32,
  E_NAMETOOLONG = 37,
  E_NOENT = 44,
  E_NOSYS = 52,
  E_NOTCONN = 53,
  E_NOTDIR = 54,
  E_NOTEMPTY = 55,
  E_NOTSOCK = 57,
  E_NOTSUP = 58,
  E_PERM = 63,
  E_PIPE = 64,
  E_ROFS = 69,
  E_SPIPE = 70,
  E_NOTCAPABLE = 76,
};

enum { CLOCK_ID_REALTIME, CLOCK_ID_MONOTONIC, CLOCK_ID_PROCESS_CPU, CLOCK_ID_THREAD_CPU };
enum {
  TYPE_UNKNOWN,
  TYPE_BLOCK_DEVICE,
  TYPE_CHARACTER_DEVICE,
  TYPE_DIRECTORY,
  TYPE_REGULAR_FILE,
  TYPE_SOCKET_DGRAM,
  TYPE_SOCKET_STREAM,
  TYPE_SYMBOLIC_LINK,
};
enum { ADVICE_NORMAL, ADVICE_SEQUENTIAL, ADVICE_RANDOM, ADVICE_WILLNEED, ADVICE_DONTNEED, ADVICE_NOREUSE };
enum { FDFLAG_APPEND = 1, FDFLAG_DSYNC = 2, FDFLAG_NONBLOCK = 4, FDFLAG_RSYNC = 8, FDFLAG_SYNC = 16 };
enum { FSTFLAG_ATIM = 1, FSTFLAG_ATIM_NOW = 2, FSTFLAG_MTIM = 4, FSTFLAG_MTIM_NOW = 8 };
enum { FOLLOW = 1 };
enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };
enum { EVENT_CLOCK, EVENT_FD_READ, EVENT_FD_WRITE };
enum { HANGUP = 1, ABSTIME = 1 };
enum { RECV_PEEK = 1, RECV_WAITALL = 2 };
enum { SHUT_READ = 1, SHUT_WRITE = 2 };

#define RIGHT(bit) ((uint64_t)1 << (bit))
#define RIGHT_FD_READ RIGHT(1)
#define RIGHT_FD_SEEK RIGHT(2)
#define RIGHT_FD_TELL RIGHT(5)
#define RIGHT_FD_WRITE RIGHT(6)
#define RIGHT_FD_FILESTAT_GET RIGHT(21)
/// Asking for these, as for a file to write, is refused for a directory.
#define RIGHTS_TO_WRITE (RIGHT_FD_WRITE | RIGHT(8) | RIGHT(22))
#define RIGHTS_FILE                                                                                             \
  (RIGHT(0) | RIGHT_FD_READ | RIGHT_FD_SEEK | RIGHT(3) | RIGHT(4) | RIGHT_FD_TELL | RIGHT_FD_WRITE | RIGHT(7) | \
   RIGHT(8) | RIGHT_FD_FILESTAT_GET | RIGHT(22) | RIGHT(23) | RIGHT(27))

typedef struct {
  void* buf;
  uint32_t len;
} Iovec;

typedef struct {
  uint64_t next, ino;
  uint32_t namlen;
  uint8_t type;
} Dirent;

typedef struct {
  uint8_t filetype;
  uint16_t flags;
  uint64_t rights_base, rights_inheriting;
} Fdstat;

typedef struct {
  uint64_t dev, ino;
  uint8_t filetype;
  Linkcount nlink;
  uint64_t size, atim, mtim, ctim;
} Filestat;

typedef struct {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  struct {
    uint64_t nbytes;
    uint16_t flags;
  } fd_readwrite;
} Event;

typedef struct {
#ifdef WASI_UNSTABLE
  uint64_t identifier;
#endif
  uint32_t id;
  uint64_t timeout, precision;
  uint16_t flags;
} SubscriptionClock;

typedef struct {
  uint64_t userdata;
  uint8_t type;
  union {
    SubscriptionClock clock;
    uint32_t fd;
  } u;
} Subscription;

typedef struct {
  uint8_t type;
  uint32_t name_len;
} Prestat;

#define WASI(name, ...) __attribute__((import_module(WASI_MODULE), import_name(#name))) int32_t name(__VA_ARGS__)

WASI(args_get, char** argv, char* buf);
WASI(args_sizes_get, uint32_t* count, uint32_t* size);
WASI(environ_get, char** environment, char* buf);
WASI(environ_sizes_get, uint32_t* count, uint32_t* size);
WASI(clock_res_get, uint32_t id, uint64_t* resolution);
WASI(clock_time_get, uint32_t id, uint64_t precision, uint64_t* time);
WASI(fd_advise, int fd, uint64_t offset, uint64_t len, int advice);
WASI(fd_allocate, int fd, uint64_t offset, uint64_t len);
WASI(fd_close, int fd);
WASI(fd_datasync, int fd);
WASI(fd_fdstat_get, int fd, Fdstat* stat);
WASI(fd_fdstat_set_flags, int fd, int flags);
WASI(fd_fdstat_set_rights, int fd, uint64_t base, uint64_t inheriting);
WASI(fd_filestat_get, int fd, Filestat* stat);
WASI(fd_filestat_set_size, int fd, uint64_t size);
WASI(fd_filestat_set_times, int fd, uint64_t atim, uint64_t mtim, int flags);
WASI(fd_pread, int fd, const Iovec* iovs, size_t count, uint64_t offset, uint32_t* nread);
WASI(fd_prestat_get, int fd, Prestat* prestat);
WASI(fd_prestat_dir_name, int fd, char* path, uint32_t len);
WASI(fd_pwrite, int fd, const Iovec* iovs, size_t count, uint64_t offset, uint32_t* nwritten);
WASI(fd_read, int fd, const Iovec* iovs, size_t count, uint32_t* nread);
WASI(fd_readdir, int fd, void* buf, uint32_t len, uint64_t cookie, uint32_t* used);
WASI(fd_renumber, int fd, int to);
WASI(fd_seek, int fd, int64_t delta, int whence, uint64_t* offset);
WASI(fd_sync, int fd);
WASI(fd_tell, int fd, uint64_t* offset);
WASI(fd_write, int fd, const Iovec* iovs, size_t count, uint32_t* nwritten);
WASI(path_create_directory, int fd, const char* path, size_t len);
WASI(path_filestat_get, int fd, int flags, const char* path, size_t len, Filestat* stat);
WASI(path_filestat_set_times, int fd, int flags, const char* path, size_t len, uint64_t atim, uint64_t mtim, int fst);
WASI(path_link, int old_fd, int flags, const char* old_path, size_t old_len, int new_fd, const char* path, size_t len);
WASI(path_open, int fd, int dirflags, const char* path, size_t len, int oflags, uint64_t base, uint64_t inheriting,
     int fdflags, int* opened);
WASI(path_readlink, int fd, const char* path, size_t len, char* buf, uint32_t buf_len, uint32_t* used);
WASI(path_remove_directory, int fd, const char* path, size_t len);
WASI(path_rename, int old_fd, const char* old_path, size_t old_len, int new_fd, const char* path, size_t len);
WASI(path_symlink, const char* old_path, size_t old_len, int fd, const char* path, size_t len);
WASI(path_unlink_file, int fd, const char* path, size_t len);
WASI(poll_oneoff, const Subscription* in, Event* out, uint32_t count, uint32_t* nevents);
WASI(proc_raise, int signal);
WASI(random_get, void* buf, uint32_t len);
#ifndef WASI_UNSTABLE
WASI(sock_accept, int fd, int flags, int* accepted);
#endif
WASI(sock_recv, int fd, const Iovec* iovs, size_t count, int flags, uint32_t* nread, uint16_t* roflags);
WASI(sock_send, int fd, const Iovec* iovs, size_t count, int flags, uint32_t* nwritten);
WASI(sock_shutdown, int fd, int how);

__attribute__((import_module(WASI_MODULE), import_name("proc_exit"), noreturn)) void proc_exit(uint32_t code);
// The C library has a function of this name.
__attribute__((import_module(WASI_MODULE), import_name("sched_yield"))) int32_t wasi_sched_yield(void);

/// A path argument: the text and its length.
#define P(text) (text), (sizeof(text) - 1)

/// The first preopened directory.
#define ROOT 3

#endif
