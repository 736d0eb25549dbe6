#include "api/process.hpp"

#include <cstdio>

#include "sys/host.hpp"
#include "sys/time.hpp"

namespace wisp {

void prepare_process() {
  sys::open_standard_streams();
  sys::ignore_broken_pipes();
}

void leave_process(int code) {
  std::fflush(nullptr);
  sys::leave_process(code);
}

unsigned process_id() {
  return sys::process_id();
}

std::chrono::nanoseconds thread_cpu_time() {
  const auto now = sys::host_clock(sys::HostClock::thread_cpu).now_ns();
  return std::chrono::nanoseconds(now.ok() ? *now : 0);
}

bool is_terminal(StandardStream stream) {
  return sys::is_terminal(int(stream));
}

}  // namespace wisp
