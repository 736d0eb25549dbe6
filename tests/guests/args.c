// Arguments and environment: through the C library, and as the calls give them.
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wasi.h"

extern char** environ;

static void check_block(int32_t (*sizes)(uint32_t*, uint32_t*), int32_t (*get)(char**, char*), char** expected) {
  uint32_t count = ~0u;
  uint32_t size = ~0u;
  CHECK_EQ(sizes(&count, &size), E_SUCCESS);
  char** strings = malloc((count + 1) * sizeof *strings);
  char* block = malloc(size + 1);
  block[size] = 'x';
  strings[count] = block;
  CHECK_EQ(get(strings, block), E_SUCCESS);
  CHECK(block[size] == 'x');
  CHECK(strings[count] == block);

  uint32_t total = 0;
  for (uint32_t i = 0; i < count; ++i) {
    CHECK(strings[i] == block + total);
    CHECK(expected[i] != NULL && strcmp(strings[i], expected[i]) == 0);
    total += (uint32_t)strlen(strings[i]) + 1;
  }
  CHECK(expected[count] == NULL);
  CHECK_EQ(total, size);
  free(strings);
  free(block);
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) printf("argument %d: %s\n", i, argv[i]);
  for (char** variable = environ; *variable != NULL; ++variable) printf("variable: %s\n", *variable);
  check_block(args_sizes_get, args_get, argv);
  check_block(environ_sizes_get, environ_get, environ);
  return finish("args");
}
