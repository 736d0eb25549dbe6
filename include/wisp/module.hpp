#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wisp/engine.hpp"
#include "wisp/error.hpp"
#include "wisp/types.hpp"

namespace wisp {

/// A section of the binary format.
struct Section {
  std::uint8_t id = 0;
  std::string_view name;  // of a custom section: its own name; else the specification's
  /// Of the contents, in bytes from the start of the module.
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};

/// How the bodies of a module's functions are validated.
enum class Validation : std::uint8_t {
  serial,
  /// On all processors, if there is enough to do.
  parallel,
  /// Each on its first call. Calling one that is not valid is the trap `invalid_function`, and none of it is executed.
  /// Everything else of the module is validated when it is loaded.
  /// https://webassembly.github.io/spec/core/appendix/implementation.html#validation
  lazy,
};

/// What the bytes of a file look like.
enum class InputKind : std::uint8_t { empty, module, component, text, unknown };
InputKind kind_of(std::span<const std::uint8_t> bytes);

/// A valid module, as far as its `Validation` goes. Copies are the same module; immutable, thread-safe.
class Module {
 public:
  /// Decodes and validates. https://webassembly.github.io/spec/core/binary/modules.html
  static Result<Module> from_bytes(const Engine& engine, std::span<const std::uint8_t> bytes,
                                   Validation validation = Validation::parallel);
  static Result<Module> from_bytes(const Engine& engine, std::vector<std::uint8_t>&& bytes,
                                   Validation validation = Validation::parallel);
  /// The same without a copy. `owner` keeps the bytes; null if they live for ever. They must not change: a mapping of a
  /// file that somebody can write to will not do.
  static Result<Module> from_bytes(const Engine& engine, std::span<const std::uint8_t> bytes,
                                   std::shared_ptr<const void> owner, Validation validation = Validation::parallel);
  /// Assembles the text format. Where the error is in the text itself, its offset is one in `source`.
  static Result<Module> from_text(const Engine& engine, std::string_view source,
                                  Validation validation = Validation::parallel);
  /// Either format, by how the bytes begin.
  static Result<Module> from_source(const Engine& engine, std::vector<std::uint8_t>&& bytes,
                                    Validation validation = Validation::parallel);
  /// Reads a file in either format.
  static Result<Module> from_file(const Engine& engine, const std::string& path,
                                  Validation validation = Validation::parallel);

  /// Before it is instantiated, and in one thread: takes machine code for its functions from the custom section that
  /// `precompile` added. That code can do whatever this process can: only for modules that are trusted like a native
  /// program. An error says why it is not used: there is none, or it is of another build, processor, or configuration.
  Result<void> use_precompiled() const;
  /// How far that went for the functions that have been called since.
  struct PrecompiledUse {
    std::uint64_t found = 0;
    std::uint64_t refused = 0;  // damaged, or of another version of the module
    std::uint64_t missing = 0;  // left out by `precompile`
  };
  PrecompiledUse precompiled_use() const;

  /// Validates the bodies now, if they have not been.
  Result<void> validate() const;

  std::vector<ImportType> imports() const;
  std::vector<ExportType> exports() const;
  std::optional<ExternType> export_type(std::string_view name) const;

  /// From the name section; empty if there is none.
  std::string name() const;
  /// A function's name from the name section, demangled, or else what it is exported as; empty if there is none.
  std::string function_name(std::uint32_t index) const;
  std::span<const std::uint8_t> bytes() const;
  /// In the order of the binary.
  std::vector<Section> sections() const;
  /// The contents of the first custom section of this name.
  std::optional<std::span<const std::uint8_t>> custom_section(std::string_view name) const;
  /// The module's types as the text format writes them, by type index.
  std::vector<std::string> types() const;
  /// How many functions, tables, ... there are, imported ones included.
  std::uint32_t count(ExternKind kind) const;

 private:
  friend struct Access;
  explicit Module(std::shared_ptr<const struct ModuleState> state) : state_(std::move(state)) {}
  std::shared_ptr<const struct ModuleState> state_;
};

/// How far `precompile` is; called by several threads, one at a time.
using CompileProgress = std::function<void(std::uint32_t functions_done, std::uint32_t functions_total)>;

/// A module with machine code for its functions in a custom section: the same module anywhere.
struct Precompiled {
  std::vector<std::uint8_t> bytes;
  std::uint32_t functions = 0;
  std::uint32_t left_out = 0;  // of them: the compiler gave up on them
};

/// Compiles all functions of the module with the optimizing compiler, on all processors; `use_precompiled` makes use of
/// the code. An error (`unsupported`) if there is no optimizing compiler, and (`argument`) with `Config::fuel`.
Result<Precompiled> precompile(const Module& module, const CompileProgress& progress = {});

/// The module in the text format, one that `from_text` accepts.
Result<std::string> print_text(const Module& module);

}  // namespace wisp
