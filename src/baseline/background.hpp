#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "runtime/optimizer.hpp"

namespace wisp::baseline {

class ModuleCode;

/// The optimizing compiler and a thread that it works in; both begin when there is something to do for them. Thread-safe.
class Background {
 public:
  /// Gives the compiler, or null if there is none; called once, in the thread that first needs it.
  using MakeCompiler = std::function<std::unique_ptr<runtime::OptimizingCompiler>()>;

  explicit Background(MakeCompiler make) : make_(std::move(make)) {}
  ~Background();
  Background(const Background&) = delete;

  /// A function, or a loop of one that is running.
  struct Job {
    ModuleCode* module;
    FuncIndex function;
    std::optional<u64> loop;  // byte offset of the `loop` instruction in the module
  };
  void enqueue(const Job& job);
  /// Nothing of the module is compiled any more when this returns; what is being compiled is given up.
  void forget(const ModuleCode& module);

  /// Null if there is none.
  runtime::OptimizingCompiler* compiler();

 private:
  void run();

  MakeCompiler make_;
  std::once_flag made_;
  std::unique_ptr<runtime::OptimizingCompiler> compiler_;

  std::mutex mutex_;  // for all below
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  const ModuleCode* current_ = nullptr;  // whose job is being done
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace wisp::baseline
