#include "api/terminal.hpp"

#include "sys/host.hpp"

namespace wisp {

bool is_terminal(StandardStream stream) {
  return sys::is_terminal(int(stream));
}

}  // namespace wisp
