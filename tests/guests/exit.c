// Ends in the way that argv[1] names: "return", "exit", "proc_exit" or "raise"; argv[2] is the code or the signal.
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wasi.h"

static void at_exit(void) {
  puts("exit handler");
}

int main(int argc, char** argv) {
  if (argc != 3) return 99;
  const int number = atoi(argv[2]);
  atexit(at_exit);
  puts("before");
  fflush(stdout);
  if (strcmp(argv[1], "return") == 0) return number;
  if (strcmp(argv[1], "exit") == 0) exit(number);
  if (strcmp(argv[1], "proc_exit") == 0) proc_exit((uint32_t)number);
  if (strcmp(argv[1], "raise") == 0) {
    const int error = proc_raise(number);
    printf("proc_raise: %d\n", error);
    return 0;
  }
  return 98;
}
