#pragma once

#include <map>
#include <mutex>

#include "interp/lower_function.hpp"
#include "runtime/tier.hpp"

namespace wisp::interp {

/// The slot code of a module. `Function::code` is the address of the function's code cell, which points to its first
/// instruction: at first one that lowers the function.
class ModuleCode final : public runtime::ModuleCode {
 public:
  ModuleCode(std::shared_ptr<const wasm::Module> module, bool fuel, bool linked_calls = false);

  const void* entry(FuncIndex function) override { return &cell(function); }

  /// The function's first instruction, lowered now if it has not been. Lowering validates; what is not valid becomes a
  /// trap.
  const Word* lower(FuncIndex function);
  /// The function that an instruction belongs to; null if it is none of this module's.
  const FunctionCode* find(const Word* pc) const;
  /// The byte offset in the module of an instruction of a function. Lowers the function again to find out, once.
  u64 origin(const FunctionCode& code, const Word* pc);

 private:
  std::atomic<const Word*>& cell(FuncIndex function) { return cells_[function.value - module_->imported_functions]; }

  std::shared_ptr<const wasm::Module> module_;
  runtime::StructLayouts layouts_;
  std::unique_ptr<std::atomic<const Word*>[]> cells_;  // by FuncIndex minus the imported ones
  /// What cells point to at first: `lazy_enter` and the function's index.
  std::unique_ptr<std::array<Word, 2>[]> stubs_;

  mutable std::mutex mutex_;                                        // for all below
  std::map<const Word*, std::unique_ptr<FunctionCode>> functions_;  // by first instruction
  std::map<const FunctionCode*, std::vector<Origin>> origins_;
  Lowering lowering_;
  wasm::BodyValidator<Lowering> validator_;
};

}  // namespace wisp::interp
