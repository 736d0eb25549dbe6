#pragma once

#include <map>
#include <string_view>

#include "baseline/code_names.hpp"
#include "baseline/code_space.hpp"
#include "baseline/object_loader.hpp"
#include "runtime/native.hpp"
#include "runtime/optimizer.hpp"
#include "runtime/tier.hpp"

namespace wisp::baseline {

/// What the optimizing compiler has made of a module's functions, in code memory. Not thread-safe.
class OptimizedCode {
 public:
  /// `cells` are the module's, by FuncIndex minus the imported ones.
  OptimizedCode(const wasm::Module& module, runtime::NativeCell* cells, const CodeNames& code_names);

  struct Entries {
    runtime::NativeEntry slots = nullptr;  // of a function; or, of a loop, where to go on
    const void* registers = nullptr;       // of a function only
  };
  /// Links an object and gives the functions that it calls a way to be entered with parameters in registers. An error:
  /// the object is not understood, or there is no memory.
  Result<Entries> load(FuncIndex function, bool is_loop, const runtime::ObjectCode& code);

  u64 used_bytes() const { return space_.used_bytes(); }
  bool contains(const u8* pc) const { return find(pc) != nullptr; }
  /// Adds the frame of an instruction to the backtrace; `all`: with all that it is inlined into.
  void note(const runtime::VmContext& vm, const u8* pc, bool all) const;
  /// Calls `each` with where an instruction comes from; `all`: and the calls that it is inlined into. False if the code
  /// is not ours.
  bool for_each(const u8* pc, bool all, const std::function<void(const runtime::CodeOrigin&)>& each) const;

 private:
  struct Object {
    const u8* code;
    usize size_bytes;
    runtime::LocationTable locations;
  };

  const Object* find(const u8* pc) const;
  std::optional<SymbolAddress> resolve(std::string_view name);
  void use_adapters(const ObjectLoader& loader, const u8* code);
  void tell_names(const ObjectLoader& loader, FuncIndex function, const u8* code) const;
  std::optional<FuncIndex> index(std::string_view number) const;
  runtime::NativeCell* cell(std::string_view number);

  const wasm::Module& module_;
  runtime::NativeCell* cells_;
  const CodeNames& code_names_;
  CodeSpace space_;
  std::map<const u8*, Object> objects_;  // by the start of their code
};

}  // namespace wisp::baseline
