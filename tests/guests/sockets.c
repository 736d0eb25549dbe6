// Serves one connection on the listening socket that is descriptor 3: sends back what comes in up to the end, then says
// how much that was.
#include <string.h>

#include "check.h"
#include "wasi.h"

enum { LISTENER = 3 };

static void wait_for(int fd, int type) {
  Subscription subscription = {0};
  subscription.type = (uint8_t)type;
  subscription.u.fd = (uint32_t)fd;
  Event event;
  uint32_t count = 0;
  CHECK_EQ(poll_oneoff(&subscription, &event, 1, &count), E_SUCCESS);
  CHECK_EQ(count, 1);
  CHECK_EQ(event.error, E_SUCCESS);
  CHECK_EQ(event.type, type);
}

static void send_all(int fd, char* bytes, uint32_t size) {
  while (size > 0) {
    Iovec out[] = {{bytes, size / 2}, {bytes + size / 2, size - size / 2}};
    uint32_t sent = 0;
    const int error = sock_send(fd, out, 2, 0, &sent);
    CHECK_EQ(error, E_SUCCESS);
    if (error != E_SUCCESS) return;
    bytes += sent;
    size -= sent;
  }
}

int main(void) {
  Fdstat stat;
  CHECK_EQ(fd_fdstat_get(LISTENER, &stat), E_SUCCESS);
  CHECK_EQ(stat.filetype, TYPE_SOCKET_STREAM);

  // Nobody has connected: the runner waits for this line.
  CHECK_EQ(fd_fdstat_set_flags(LISTENER, FDFLAG_NONBLOCK), E_SUCCESS);
  int connection = -1;
  CHECK_EQ(sock_accept(LISTENER, 0, &connection), E_AGAIN);
  CHECK_EQ(fd_fdstat_set_flags(LISTENER, 0), E_SUCCESS);
  puts("ready");
  fflush(stdout);

  CHECK_EQ(sock_accept(LISTENER, FDFLAG_NONBLOCK, &connection), E_SUCCESS);
  CHECK(connection > LISTENER);
  CHECK_EQ(fd_fdstat_get(connection, &stat), E_SUCCESS);
  CHECK_EQ(stat.filetype, TYPE_SOCKET_STREAM);
  CHECK_EQ(stat.flags, FDFLAG_NONBLOCK);
  wait_for(connection, EVENT_FD_READ);
  wait_for(connection, EVENT_FD_WRITE);
  CHECK_EQ(fd_fdstat_set_flags(connection, 0), E_SUCCESS);

  // The greeting is looked at, then read in full although it comes in two pieces.
  char greeting[11] = {0};
  Iovec in = {greeting, 5};
  uint32_t size = 0;
  uint16_t roflags = 0xffff;
  CHECK_EQ(sock_recv(connection, &in, 1, RECV_PEEK, &size, &roflags), E_SUCCESS);
  CHECK(size >= 1 && size <= 5 && memcmp(greeting, "hello", size) == 0);
  CHECK_EQ(roflags, 0);
  in.len = 10;
  CHECK_EQ(sock_recv(connection, &in, 1, RECV_WAITALL, &size, &roflags), E_SUCCESS);
  CHECK_EQ(size, 10);
  CHECK(memcmp(greeting, "helloworld", 10) == 0);

  static char buffer[65536];
  uint64_t total = 0;
  do {
    Iovec vectors[] = {{buffer, 1000}, {buffer + 1000, sizeof buffer - 1000}};
    CHECK_EQ(sock_recv(connection, vectors, 2, 0, &size, &roflags), E_SUCCESS);
    send_all(connection, buffer, size);
    total += size;
  } while (size != 0 && failures == 0);
  CHECK_EQ(sock_send(connection, &in, 1, 1, &size), E_INVAL);
  CHECK_EQ(sock_shutdown(connection, 0), E_INVAL);
  CHECK_EQ(sock_shutdown(connection, 4), E_INVAL);
  CHECK_EQ(sock_shutdown(connection, SHUT_WRITE), E_SUCCESS);
  CHECK_EQ(sock_send(connection, &in, 1, 0, &size), E_PIPE);
  CHECK_EQ(sock_recv(LISTENER, &in, 1, 0, &size, &roflags), E_NOTCONN);
  CHECK_EQ(fd_close(connection), E_SUCCESS);
  printf("received %llu bytes\n", (unsigned long long)total);
  return finish("sockets");
}
