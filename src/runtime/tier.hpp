#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/sampler.hpp"
#include "runtime/vm.hpp"
#include "wasm/module.hpp"

/// The seam between the store and the tiers.
namespace wisp::runtime {

class CodeSource;

/// One place in a guest's code: a frame of a backtrace.
struct CodeLocation {
  const Instance* instance = nullptr;
  FuncIndex function;
  u64 offset = 0;  // of the instruction, in bytes from the start of the module
  /// Of a frame that has only been noted: where its code is; the function and the offset are found out later.
  const void* address = nullptr;
};

/// A module's code in one tier: immutable as far as one can see, shared by all instances of the module, thread-safe.
/// Functions are validated and compiled on their first call; one that is not valid becomes the trap `invalid_function`
/// before any of it is executed.
class ModuleCode {
 public:
  virtual ~ModuleCode() = default;
  /// What `Function::code` of a fresh instance starts as; entering it compiles the function if need be.
  virtual const void* entry(FuncIndex function) = 0;
  /// Before anything is run: enters functions in the code that is found there, instead of compiling them. False if the
  /// tier does no such thing.
  virtual bool use(const std::shared_ptr<CodeSource>&) { return false; }
  /// An instance is being made, whose functions are going to be called.
  virtual void expect_calls() {}
};

/// A way of executing guest code.
class Tier {
 public:
  virtual ~Tier() = default;

  /// Whether its code reaches memories without checks of its own and leaves it to `sys::run_guarded` to find out.
  virtual bool catches_faults() const { return false; }

  virtual std::unique_ptr<ModuleCode> load(std::shared_ptr<const wasm::Module> module) = 0;

  /// Calls a function that is not of the host. `slots` lies on the value stack at `Execution::stack_top`, holds the
  /// parameters and receives the results. Leaves the frames in `Execution::backtrace` if the guest stops. What it
  /// does to `Execution::stack_top`, the caller puts right.
  virtual Status call(Execution& execution, Function& function, u64* slots) = 0;

  /// The function that an instruction is in (ActiveCall::pc).
  virtual SampledCode place(const VmContext& vm, const void* pc) = 0;
  /// Adds the functions, innermost first, that native code with a frame pointer belongs to, by the return address of a
  /// call in it; false if the address is not of such code.
  virtual bool places(const Store&, const u8*, const std::function<void(const SampledCode&)>&) { return false; }
};

}  // namespace wisp::runtime
