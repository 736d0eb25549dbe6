#pragma once

#include <string_view>

#include "runtime/vm.hpp"

namespace wisp::baseline {

/// The function of this process that optimized code calls by this name (runtime/optimizer.hpp); null if there is none.
const void* optimized_call(std::string_view name);

/// Where optimized code goes on after a fault in a guest's memory.
const void* optimized_fault_landing();

/// While it lives, this thread runs guest code of the store; a fault finds the store by it.
class RunningScope {
 public:
  explicit RunningScope(runtime::Execution& execution);
  ~RunningScope();
  RunningScope(const RunningScope&) = delete;
  RunningScope& operator=(const RunningScope&) = delete;

 private:
  runtime::Execution* outer_;
};

}  // namespace wisp::baseline
