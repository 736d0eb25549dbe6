// Reads standard input to its end, writes it in capitals to standard output and its size to standard error.
#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  long size = 0;
  for (int c; (c = getchar()) != EOF; ++size) putchar(toupper(c));
  fprintf(stderr, "%ld bytes, terminal: %d\n", size, isatty(0));
  return ferror(stdin) || fclose(stdout) != 0;
}
