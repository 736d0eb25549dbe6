#include <pthread.h>
#include <time.h>

#include "sys/linux/calls.hpp"
#include "sys/time.hpp"

namespace wisp::sys {
namespace {

class LinuxClock final : public Clock {
 public:
  constexpr explicit LinuxClock(clockid_t id) : id_(id) {}

  Outcome<Timestamp> now() override {
    timespec time;
    if (clock_gettime(id_, &time) != 0) return linux_host::last_error();
    return Timestamp{i64(time.tv_sec), u32(time.tv_nsec)};
  }
  Outcome<u64> now_ns() override {
    timespec time;
    if (clock_gettime(id_, &time) != 0) return linux_host::last_error();
    return Timestamp{i64(time.tv_sec), u32(time.tv_nsec)}.to_ns();
  }
  Outcome<u64> resolution_ns() override {
    timespec time;
    if (clock_getres(id_, &time) != 0) return linux_host::last_error();
    const u64 ns = Timestamp{i64(time.tv_sec), u32(time.tv_nsec)}.to_ns();
    return ns == 0 ? u64{1} : ns;
  }

 private:
  clockid_t id_;
};

}  // namespace

Clock& host_clock(HostClock which) {
  // Without state, so sharing them shares nothing.
  static LinuxClock clocks[] = {LinuxClock(CLOCK_REALTIME), LinuxClock(CLOCK_MONOTONIC),
                                LinuxClock(CLOCK_PROCESS_CPUTIME_ID), LinuxClock(CLOCK_THREAD_CPUTIME_ID)};
  return clocks[u8(which)];
}

std::unique_ptr<Clock> this_threads_clock() {
  clockid_t id;
  // It can only fail for another thread.
  WISP_CHECK(pthread_getcpuclockid(pthread_self(), &id) == 0);
  return std::make_unique<LinuxClock>(id);
}

}  // namespace wisp::sys
