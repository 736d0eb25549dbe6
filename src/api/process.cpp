#include "api/process.hpp"

#include "sys/host.hpp"

namespace wisp {

void prepare_process() {
  sys::open_standard_streams();
  sys::ignore_broken_pipes();
}

bool is_terminal(StandardStream stream) {
  return sys::is_terminal(int(stream));
}

}  // namespace wisp
