// poll_oneoff over clocks, a file, and standard input, which is a pipe with something in it.
#include <poll.h>
#include <string.h>

#include "check.h"
#include "wasi.h"

enum { MS = 1000000 };

static Subscription on_clock(uint64_t userdata, uint64_t timeout) {
  Subscription result = {0};
  result.userdata = userdata;
  result.type = EVENT_CLOCK;
  result.u.clock.id = CLOCK_ID_MONOTONIC;
  result.u.clock.timeout = timeout;
  return result;
}

static Subscription on_fd(uint64_t userdata, int type, int fd) {
  Subscription result = {0};
  result.userdata = userdata;
  result.type = (uint8_t)type;
  result.u.fd = (uint32_t)fd;
  return result;
}

/// The event of `userdata`, or null.
static const Event* find(const Event* events, uint32_t count, uint64_t userdata) {
  for (uint32_t i = 0; i < count; ++i) {
    if (events[i].userdata == userdata) return &events[i];
  }
  return NULL;
}

static void clocks(void) {
  Subscription subscriptions[] = {on_clock(1, 5000ull * MS), on_clock(2, 2 * MS), on_clock(3, ~0ull)};
  Event events[3];
  memset(events, 0xff, sizeof events);
  uint32_t count = 0;
  CHECK_EQ(poll_oneoff(subscriptions, events, 3, &count), E_SUCCESS);
  CHECK_EQ(count, 1);
  CHECK_EQ(events[0].userdata, 2);
  CHECK_EQ(events[0].type, EVENT_CLOCK);
  CHECK_EQ(events[0].error, E_SUCCESS);
  // Padding is zero.
  const unsigned char* bytes = (const unsigned char*)events;
  for (int i = 11; i < 16; ++i) CHECK_EQ(bytes[i], 0);
  for (int i = 26; i < 32; ++i) CHECK_EQ(bytes[i], 0);
  CHECK_EQ(bytes[32], 0xff);
}

static void files(void) {
  int fd = -1;
  CHECK_EQ(path_open(ROOT, 0, P("polled"), OFLAG_CREAT, RIGHTS_FILE, 0, 0, &fd), E_SUCCESS);
  CHECK_EQ(fd_filestat_set_size(fd, 100), E_SUCCESS);
  Subscription subscriptions[] = {on_fd(1, EVENT_FD_READ, fd), on_fd(2, EVENT_FD_WRITE, fd), on_fd(3, EVENT_FD_READ, 0),
                                  on_fd(4, EVENT_FD_READ, 12345), on_clock(5, 60000ull * MS)};
  Event events[5];
  uint32_t count = 0;
  CHECK_EQ(poll_oneoff(subscriptions, events, 5, &count), E_SUCCESS);
  const Event* readable = find(events, count, 1);
  CHECK(readable != NULL && readable->error == E_SUCCESS && readable->type == EVENT_FD_READ);
  CHECK(readable != NULL && readable->fd_readwrite.nbytes == 100);
  const Event* writable = find(events, count, 2);
  CHECK(writable != NULL && writable->error == E_SUCCESS && writable->type == EVENT_FD_WRITE);
  const Event* bad = find(events, count, 4);
  CHECK(bad != NULL && bad->error == E_BADF && bad->type == EVENT_FD_READ);
  CHECK(find(events, count, 5) == NULL);
  CHECK_EQ(fd_close(fd), E_SUCCESS);
}

static void input(void) {
  Subscription subscriptions[] = {on_fd(7, EVENT_FD_READ, 0), on_clock(8, 60000ull * MS)};
  Event events[2];
  uint32_t count = 0;
  CHECK_EQ(poll_oneoff(subscriptions, events, 2, &count), E_SUCCESS);
  CHECK_EQ(count, 1);
  CHECK_EQ(events[0].userdata, 7);
  CHECK_EQ(events[0].error, E_SUCCESS);

  char text[16] = {0};
  Iovec in = {text, sizeof text};
  uint32_t moved = 0;
  CHECK_EQ(fd_read(0, &in, 1, &moved), E_SUCCESS);
  CHECK_EQ(moved, 6);
  CHECK(memcmp(text, "input\n", 6) == 0);

  struct pollfd descriptors[] = {{.fd = 1, .events = POLLOUT}};
  CHECK_EQ(poll(descriptors, 1, 10000), 1);
  CHECK_EQ(descriptors[0].revents, POLLOUT);
}

static void refused(void) {
  Subscription subscription = on_clock(1, 1);
  Event event;
  uint32_t count = 0;
  CHECK_EQ(poll_oneoff(&subscription, &event, 0, &count), E_INVAL);
  subscription.type = 3;
  CHECK_EQ(poll_oneoff(&subscription, &event, 1, &count), E_INVAL);
  subscription = on_clock(1, 1);
  subscription.u.clock.id = 4;
  CHECK_EQ(poll_oneoff(&subscription, &event, 1, &count), E_INVAL);
  subscription = on_clock(1, 1);
  subscription.u.clock.flags = 2;
  CHECK_EQ(poll_oneoff(&subscription, &event, 1, &count), E_INVAL);

  // Events may lie where the subscriptions were.
  Subscription overlapping[2] = {on_clock(1, 1), on_clock(2, 1)};
  CHECK_EQ(poll_oneoff(overlapping, (Event*)overlapping, 2, &count), E_SUCCESS);
  CHECK(count >= 1 && count <= 2);
}

int main(void) {
  clocks();
  files();
  input();
  refused();
  return finish("poll");
}
