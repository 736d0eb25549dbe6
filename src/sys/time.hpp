#pragma once

#include <memory>

#include "base/outcome.hpp"
#include "sys/errno.hpp"

namespace wisp::sys {

/// A point of time relative to 1970-01-01T00:00:00Z; before it, `seconds` is negative and `nanoseconds` still counts
/// forwards.
struct Timestamp {
  i64 seconds = 0;
  u32 nanoseconds = 0;

  static constexpr Timestamp from_ns(u64 ns) { return {i64(ns / 1'000'000'000), u32(ns % 1'000'000'000)}; }

  /// Nanoseconds since 1970: 0 for everything before it, the largest u64 for everything after 2554.
  constexpr u64 to_ns() const {
    if (seconds < 0) return 0;
    u64 ns = 0;
    if (__builtin_mul_overflow(u64(seconds), u64{1'000'000'000}, &ns)) return ~u64{0};
    return __builtin_add_overflow(ns, u64{nanoseconds}, &ns) ? ~u64{0} : ns;
  }

  constexpr auto operator<=>(const Timestamp&) const = default;
};

/// What to do with one of a file's times.
struct TimeUpdate {
  enum class Kind : u8 { keep, now, set } kind = Kind::keep;
  Timestamp time;
};

/// A clock that somebody was handed.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Outcome<Timestamp> now() = 0;
  /// `now` as `Timestamp::to_ns` has it.
  virtual Outcome<u64> now_ns() {
    const auto time = now();
    if (!time.ok()) return time.error();
    return time->to_ns();
  }
  /// The smallest step, at least 1 ns.
  virtual Outcome<u64> resolution_ns() = 0;
};

/// The clocks of the host.
enum class HostClock : u8 { realtime, monotonic, process_cpu, thread_cpu };

/// A clock of the host; the object is stateless, lives as long as the program and is thread-safe.
Clock& host_clock(HostClock which);

/// The processor time of the thread that calls this, which other threads may ask for; an error once it has ended.
std::unique_ptr<Clock> this_threads_clock();

}  // namespace wisp::sys
