#include "wasi/core/environment.hpp"

#include "wasi/core/limits.hpp"

namespace wisp::core {
namespace {

Error bad(std::string message, std::string hint) {
  return {wisp::ErrorCode::argument, 0, std::move(message), std::move(hint)};
}

Result<void> check_list(const std::vector<std::string>& list, const char* what) {
  u64 total = 0;
  for (const std::string& text : list) {
    if (text.find('\0') != text.npos) return bad(std::string(what) + " contain a NUL byte", "remove it");
    total += text.size() + 1;
  }
  if (total <= max_environment_bytes) return {};
  return Error{wisp::ErrorCode::limit, 0,
               std::string(what) + " take " + std::to_string(total) + " bytes, more than the limit of " +
                   std::to_string(max_environment_bytes),
               "hand large data over in a file"};
}

}  // namespace

Result<void> check_environment(const Environment& environment) {
  if (auto arguments = check_list(environment.arguments, "the arguments"); !arguments.ok()) return arguments;
  for (const std::string& variable : environment.variables) {
    const usize equals = variable.find('=');
    if (equals == 0 || equals == variable.npos) {
      return bad("\"" + variable + "\" is no environment variable", "write NAME=value");
    }
  }
  return check_list(environment.variables, "the environment variables");
}

Clocks Clocks::of_host() {
  using enum sys::HostClock;
  return {&sys::host_clock(realtime), &sys::host_clock(monotonic), &sys::host_clock(process_cpu),
          &sys::host_clock(thread_cpu)};
}

}  // namespace wisp::core
