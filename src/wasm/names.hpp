#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm/module.hpp"

namespace wisp::wasm {

/// Names by index.
template <class Name>
class IndexMap {
 public:
  struct Entry {
    u32 index;
    Name name;
  };

  /// Null where the index has none.
  const Name* find(u32 index) const {
    const auto at = std::ranges::lower_bound(entries_, index, {}, &Entry::index);
    return at != entries_.end() && at->index == index ? &at->name : nullptr;
  }
  /// In index order.
  std::span<const Entry> entries() const { return entries_; }

  /// False, and nothing changed, unless the index is above all before it.
  bool append(u32 index, Name name) {
    if (!entries_.empty() && index <= entries_.back().index) return false;
    entries_.push_back({index, std::move(name)});
    return true;
  }

 private:
  std::vector<Entry> entries_;
};

/// The names of one index space.
using NameMap = IndexMap<std::string_view>;
/// The names of indices inside indices: locals of functions, labels of functions, fields of types.
using IndirectNameMap = IndexMap<NameMap>;

/// What a module's name section says. A subsection that is malformed is left out from its first wrong byte on; nothing
/// here is ever an error. The views refer into the module's bytes.
/// https://webassembly.github.io/spec/core/appendix/custom.html#name-section
struct Names {
  std::optional<std::string_view> module;
  NameMap functions;
  IndirectNameMap locals;
  IndirectNameMap labels;
  NameMap types;
  NameMap tables;
  NameMap memories;
  NameMap globals;
  NameMap elems;
  NameMap datas;
  IndirectNameMap fields;
  NameMap tags;

  /// The name of a function, or an empty view.
  std::string_view function(FuncIndex index) const;
};

/// The first name that a function is exported by; empty if there is none. Linear in the number of exports.
std::string_view export_name(const Module& module, FuncIndex function);

/// From the name section, or else the first name that the function is exported by; empty if there is none.
std::string_view function_name(const Module& module, const Names& names, FuncIndex function);

/// Parses the name section; empty if there is none. Linear in its size: call it when names are wanted, and keep the
/// result.
Names parse_names(const Module& module);

}  // namespace wisp::wasm
