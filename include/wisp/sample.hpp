#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace wisp {

/// What is at work in a frame of a sample.
enum class FrameKind : std::uint8_t {
  interpreted,
  baseline,
  optimized,
  /// The guest waits for the function to be compiled.
  compiling,
  /// A function of the host.
  host,
};

struct SampledFrame {
  FrameKind kind = FrameKind::interpreted;
  /// The instance's module, or what a function of the host is imported from; may be empty.
  std::string module;
  /// As in a backtrace, or what a function of the host is imported as; may be empty.
  std::string function;
  std::uint32_t function_index = 0;

  bool operator==(const SampledFrame&) const = default;
};

/// Between samples of a guest.
inline constexpr std::chrono::nanoseconds shortest_sample_interval = std::chrono::microseconds(10);

/// Where a guest was found.
struct Sample {
  /// Intervals that have passed since the sample before: what this one stands for.
  std::uint64_t intervals = 1;
  /// Innermost first. Of a deep recursion the frames in the middle are missing.
  std::vector<SampledFrame> frames;
};

}  // namespace wisp
