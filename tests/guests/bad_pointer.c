// Makes one call with a pointer that is no good, which ends the program; argv[1] says which.
#include <stdlib.h>

#include "check.h"
#include "wasi.h"

int main(int argc, char** argv) {
  const int which = argc > 1 ? atoi(argv[1]) : -1;
  char* const end = (char*)(__builtin_wasm_memory_size(0) * 65536);
  char byte = 'x';
  Iovec vector = {&byte, 1};
  uint32_t count;
  uint64_t time;
  puts("before");
  fflush(stdout);
  switch (which) {
    case 0:
      (void)clock_time_get(CLOCK_ID_REALTIME, 1, (uint64_t*)end);
      break;
    case 1:
      (void)clock_time_get(CLOCK_ID_REALTIME, 1, (uint64_t*)((char*)&time + 1));
      break;
    case 2:
      (void)fd_write(1, (Iovec*)end, 1, &count);
      break;
    case 3:
      vector.len = 0xffffffff;
      (void)fd_write(1, &vector, 1, &count);
      break;
    case 4:
      (void)random_get(end - 1, 2);
      break;
    case 5:
      (void)path_unlink_file(ROOT, (char*)0xffffffff, 2);
      break;
    default:
      return 2;
  }
  puts("after");
  return 0;
}
