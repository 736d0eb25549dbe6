#pragma once

#include <memory>
#include <optional>

#include "runtime/optimizer.hpp"

/// Where code comes from that the optimizing compiler made earlier, and where it is kept.
namespace wisp::runtime {

/// What is compiled as one: a function, or how it goes on at one of its loops.
struct CodeUnit {
  FuncIndex function;
  std::optional<u64> loop = std::nullopt;  // byte offset of the `loop` instruction in the module
};

/// Finished code of one module. Thread-safe.
class CodeSource {
 public:
  virtual ~CodeSource() = default;
  /// Nothing if there is none, or none that is certain to be what the compiler made for this module, build, processor.
  /// An empty object says that the compiler gave up on it.
  virtual std::optional<ObjectCode> find(const CodeUnit& unit) = 0;
};

/// The same, and new code can be put there.
class ModuleCache : public CodeSource {
 public:
  virtual void store(const CodeUnit& unit, const ObjectCode& code) = 0;
};

/// Code of many modules. Thread-safe.
class CodeCache {
 public:
  virtual ~CodeCache() = default;
  /// `is_guarded` as in CompileJob.
  virtual std::shared_ptr<ModuleCache> open(std::shared_ptr<const wasm::Module> module, bool is_guarded) = 0;
};

}  // namespace wisp::runtime
