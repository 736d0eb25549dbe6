#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace wisp::baseline {

/// What an undefined symbol of an object stands for.
struct SymbolAddress {
  u64 address = 0;
  /// There is no code at the address but another address, which calls of the symbol are to read each time.
  bool is_indirect = false;
};

/// A relocatable object for x86-64, as the optimizing compiler makes them, on its way into code memory. It must outlive
/// the loader. Objects are not hostile, but they come from a cache: what is not understood is refused, not skipped.
class ObjectLoader {
 public:
  struct Symbol {
    std::string_view name;
    u64 offset = 0;  // of defined ones: from the start of the linked code
  };

  /// Reads the object and lays it out.
  static Result<ObjectLoader> read(Bytes object);

  /// Bytes that the linked code takes. It wants to be aligned to `alignment`.
  usize size_bytes() const { return size_bytes_; }
  static constexpr usize alignment = 64;
  const std::vector<Symbol>& defined() const { return defined_; }
  const std::vector<Symbol>& undefined() const { return undefined_; }
  /// Offset of a defined symbol.
  std::optional<u64> find(std::string_view name) const;
  /// Where the code section begins in the linked code: what code offsets of the LocationTable count from.
  u64 code_offset() const { return code_offset_; }
  /// Where the jumps to undefined symbols begin in it: they go on to its end.
  u64 stubs_offset() const { return stubs_; }

  using Resolver = std::function<std::optional<SymbolAddress>(std::string_view name)>;
  /// Writes the linked code to `to`, `size_bytes()` long, for execution at `address`.
  Result<void> link(MutableBytes to, u64 address, const Resolver& resolve) const;

 private:
  struct Section {
    u32 number;
    u64 file_offset;
    u64 size;
    u64 place;  // in the linked code
    bool has_bytes;
  };
  struct Target;
  class Linker;

  explicit ObjectLoader(Bytes object) : object_(object) {}
  Result<void> read_sections();
  Result<void> read_symbols();
  const Section* section(u32 number) const;

  Bytes object_;
  std::vector<Section> sections_;
  std::vector<Symbol> defined_;
  std::vector<Symbol> undefined_;
  u64 section_headers_ = 0;
  u32 section_count_ = 0;
  u32 symbol_table_ = 0;
  u64 code_offset_ = 0;
  u64 stubs_ = 0;  // in the linked code: for every undefined symbol a jump and its address
  usize size_bytes_ = 0;
};

}  // namespace wisp::baseline
