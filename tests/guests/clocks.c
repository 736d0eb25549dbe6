// Clocks, sleeping and yielding.
#include <time.h>

#include "check.h"
#include "wasi.h"

static uint64_t now(uint32_t clock) {
  uint64_t time = 0;
  CHECK_EQ(clock_time_get(clock, 1, &time), E_SUCCESS);
  return time;
}

static void sleep_until_events(Subscription subscription) {
  Event event;
  uint32_t count = 0;
  subscription.userdata = 0x123456789abcdef0;
  subscription.type = EVENT_CLOCK;
  CHECK_EQ(poll_oneoff(&subscription, &event, 1, &count), E_SUCCESS);
  CHECK_EQ(count, 1);
  CHECK_EQ(event.userdata, subscription.userdata);
  CHECK_EQ(event.error, E_SUCCESS);
  CHECK_EQ(event.type, EVENT_CLOCK);
}

static void sleeps(void) {
  const uint64_t ms = 1000000;
  const uint32_t ids[] = {CLOCK_ID_MONOTONIC, CLOCK_ID_REALTIME};
  for (int i = 0; i < 2; ++i) {
    const uint64_t start = now(CLOCK_ID_MONOTONIC);
    Subscription relative = {0};
    relative.u.clock.id = ids[i];
    relative.u.clock.timeout = 3 * ms;
    sleep_until_events(relative);
    CHECK(now(CLOCK_ID_MONOTONIC) - start >= 3 * ms);

    const uint64_t goal = now(ids[i]) + 3 * ms;
    Subscription absolute = {0};
    absolute.u.clock.id = ids[i];
    absolute.u.clock.flags = ABSTIME;
    absolute.u.clock.timeout = goal;
    sleep_until_events(absolute);
    CHECK(now(ids[i]) >= goal);

    // What is past is due at once.
    absolute.u.clock.timeout = 1;
    sleep_until_events(absolute);
  }

  const struct timespec pause = {0, 2000000};
  const uint64_t start = now(CLOCK_ID_MONOTONIC);
  CHECK_EQ(nanosleep(&pause, NULL), 0);
  CHECK(now(CLOCK_ID_MONOTONIC) - start >= 2 * ms);
}

int main(void) {
  for (uint32_t clock = CLOCK_ID_REALTIME; clock <= CLOCK_ID_THREAD_CPU; ++clock) {
    uint64_t resolution = 0;
    CHECK_EQ(clock_res_get(clock, &resolution), E_SUCCESS);
    CHECK(resolution > 0 && resolution <= 1000000000);
    const uint64_t first = now(clock);
    CHECK(now(clock) >= first);
  }
  uint64_t unused;
  CHECK_EQ(clock_res_get(4, &unused), E_INVAL);
  CHECK_EQ(clock_time_get(4, 1, &unused), E_INVAL);
  CHECK_EQ(clock_time_get(0xffffffff, 1, &unused), E_INVAL);

  // 2020-01-01
  CHECK(now(CLOCK_ID_REALTIME) > 1577836800000000000ull);
  CHECK(time(NULL) > 1577836800);
  sleeps();
  for (int i = 0; i < 100; ++i) CHECK_EQ(wasi_sched_yield(), E_SUCCESS);
  return finish("clocks");
}
