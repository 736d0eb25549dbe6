#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "wisp/sample.hpp"

#include "api/process.hpp"
#include "base/int.hpp"
#include "cli/json.hpp"

namespace wisp::cli {

/// Samples of a program, in the form that the Firefox profiler reads.
class GuestProfile {
 public:
  GuestProfile(std::string program, std::chrono::nanoseconds interval);

  void add(const Sample& sample);
  usize sample_count() const { return sample_count_; }
  std::string to_json() const;

 private:
  /// Places in tables; -1 for none.
  using Number = i64;

  struct Frame {
    Number function;
    FrameKind kind;
    auto operator<=>(const Frame&) const = default;
  };
  struct Function {
    Number name;
    Number module;
    u32 index;
    auto operator<=>(const Function&) const = default;
  };
  struct Stack {
    Number caller;
    Number frame;
    auto operator<=>(const Stack&) const = default;
  };
  struct Place {
    Number stack;
    double time_ms;
    u64 weight;
    double cpu_us;  // since the one before
  };
  /// What there is, numbered in the order in which it came.
  template <class T>
  struct Table {
    std::vector<T> rows;
    std::map<T, Number> numbers;

    Number number(const T& row) {
      const auto [at, is_new] = numbers.try_emplace(row, Number(rows.size()));
      if (is_new) rows.push_back(row);
      return at->second;
    }
  };

  Number frame_of(const SampledFrame& frame);
  double now_ms() const;
  Json thread() const;

  std::string program_;
  std::chrono::nanoseconds interval_;
  std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  Table<std::string> strings_;
  Table<Number> modules_;  // their names
  Table<Function> functions_;
  Table<Frame> frames_;
  Table<Stack> stacks_;
  std::vector<Place> samples_;
  usize sample_count_ = 0;
  std::chrono::nanoseconds cpu_time_ = thread_cpu_time();
};

}  // namespace wisp::cli
