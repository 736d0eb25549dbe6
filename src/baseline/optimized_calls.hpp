#pragma once

#include <string_view>
#include <utility>

#include "runtime/native.hpp"
#include "runtime/sampler.hpp"

namespace wisp::baseline {

/// The function of this process that optimized code calls by this name (runtime/optimizer.hpp); null if there is none.
const void* optimized_call(std::string_view name);

/// Where optimized code goes on after a fault in a guest's memory.
const void* optimized_fault_landing();

/// Takes the sample that the guest is asked for, if it is: it has waited for the function of the cell to be compiled.
void take_sample_of_compiling(const runtime::VmContext* vm, const runtime::NativeCell& cell,
                              const runtime::NativeFrame* frame);

/// Whose guest code this thread runs. The fault handler has no argument: what it needs is the thread's.
extern constinit thread_local runtime::Execution* running __attribute__((tls_model("initial-exec")));

/// While it lives, this thread runs guest code of the store.
class RunningScope {
 public:
  explicit RunningScope(runtime::Execution& execution) : outer_(std::exchange(running, &execution)) {}
  ~RunningScope() { running = outer_; }
  RunningScope(const RunningScope&) = delete;
  RunningScope& operator=(const RunningScope&) = delete;

 private:
  runtime::Execution* outer_;
};

}  // namespace wisp::baseline
