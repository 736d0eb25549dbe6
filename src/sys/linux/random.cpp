#include "sys/random.hpp"

#include <sys/syscall.h>

#include "sys/linux/calls.hpp"
#include "sys/linux/system_call.hpp"

namespace wisp::sys {
namespace {

class LinuxRandom final : public RandomSource {
 public:
  Outcome<void> fill(MutableBytes bytes) override {
    while (!bytes.empty()) {
      auto count =
          linux_host::counted([&] { return linux_host::system_call(SYS_getrandom, bytes.data(), bytes.size(), 0); });
      if (!count.ok()) return count.error();
      bytes = bytes.subspan(*count);
    }
    return {};
  }
};

}  // namespace

RandomSource& host_random() {
  static LinuxRandom source;
  return source;
}

}  // namespace wisp::sys
