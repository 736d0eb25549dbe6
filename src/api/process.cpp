#include "api/process.hpp"

#include <cstdio>

#include "sys/host.hpp"

namespace wisp {

void prepare_process() {
  sys::open_standard_streams();
  sys::ignore_broken_pipes();
}

void leave_process(int code) {
  std::fflush(nullptr);
  sys::leave_process(code);
}

bool is_terminal(StandardStream stream) {
  return sys::is_terminal(int(stream));
}

}  // namespace wisp
