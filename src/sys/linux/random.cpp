#include "sys/random.hpp"

#include <sys/random.h>

#include "sys/linux/calls.hpp"

namespace wisp::sys {
namespace {

class LinuxRandom final : public RandomSource {
 public:
  Outcome<void> fill(MutableBytes bytes) override {
    while (!bytes.empty()) {
      auto count = linux_host::counted([&] { return getrandom(bytes.data(), bytes.size(), 0); });
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
