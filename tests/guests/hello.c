#include <stdio.h>

int main(void) {
  puts("hello from a guest");
  return 0;
}
