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

  bool operator==(const CodeUnit&) const = default;
};

/// Finished code of one module. Thread-safe.
class CodeSource {
 public:
  virtual ~CodeSource() = default;
  /// Nothing if there is none, or none that is certain to be what the compiler made for this module, build, processor.
  /// An empty object says for how long the compiler has tried, at most, without coming to an end.
  virtual std::optional<ObjectCode> find(const CodeUnit& unit) = 0;
};

/// The same, and new code can be put there.
class ModuleCache : public CodeSource {
 public:
  /// Whether this build has validated the same bodies in the same module before.
  virtual bool is_known_valid() = 0;
  virtual void note_valid() = 0;
  /// Functions that earlier processes called, in the order of their first calls; a hint.
  virtual std::vector<FuncIndex> called_earlier() = 0;
  /// A function of the module has been called for the first time in this process, and was not known to be.
  virtual void note_called(FuncIndex function) = 0;
  virtual void store(const CodeUnit& unit, const ObjectCode& code) = 0;
  /// The compiler begins with a unit in the calling thread, one at a time. If what it makes is not stored in the end,
  /// that it tried is.
  virtual void begin(const CodeUnit& unit) = 0;
  /// It has not tried.
  virtual void forget_begun() = 0;
  /// Writes what is new to where it is kept.
  virtual void write() = 0;
};

/// Code of many modules. Thread-safe.
class CodeCache {
 public:
  virtual ~CodeCache() = default;
  /// `is_guarded` as in CompileJob.
  virtual std::shared_ptr<ModuleCache> open(std::shared_ptr<const wasm::Module> module, bool is_guarded) = 0;
};

}  // namespace wisp::runtime
