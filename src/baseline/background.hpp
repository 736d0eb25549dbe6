#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/code_cache.hpp"

namespace wisp::baseline {

class ModuleCode;

/// The optimizing compiler and a thread for what guests do not wait for; both begin when there is something to do.
/// Thread-safe.
class Background {
 public:
  /// Gives the compiler, or null if there is none; called once, in the thread that first needs it.
  using MakeCompiler = std::function<std::unique_ptr<runtime::OptimizingCompiler>()>;

  explicit Background(MakeCompiler make) : make_(std::move(make)) {}
  ~Background();
  Background(const Background&) = delete;

  struct Job {
    ModuleCode* module;
    std::optional<runtime::CodeUnit> unit;  // to be optimized; nothing: the module is to be prepared
  };
  /// First what is to be prepared, then loops that somebody is in, then functions, and last those that take seconds.
  void enqueue(const Job& job);
  /// Nothing of the module is compiled any more when this returns; what is being compiled is given up.
  void forget(const ModuleCode& module);

  /// Null if there is none.
  runtime::OptimizingCompiler* compiler();

 private:
  static u32 rank(const Job& job);
  void run();
  void work_on(const Job& job);
  void write_cache(std::unique_lock<std::mutex>& lock);

  MakeCompiler make_;
  std::once_flag made_;
  std::unique_ptr<runtime::OptimizingCompiler> compiler_;

  std::mutex mutex_;  // for all below
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  ModuleCode* current_ = nullptr;       // whose job is being done
  std::vector<ModuleCode*> unwritten_;  // whose code has not been written to the cache since it was made
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace wisp::baseline
