#pragma once

#include <compare>
#include <functional>

#include "base/int.hpp"

namespace wisp {

/// An index into one space. Indices of different spaces do not convert into each other.
template <class Tag>
struct Index {
  u32 value = 0;

  constexpr Index() = default;
  constexpr explicit Index(u32 v) : value(v) {}
  constexpr auto operator<=>(const Index&) const = default;
};

using TypeIndex = Index<struct TypeTag>;
using FuncIndex = Index<struct FuncTag>;
using TableIndex = Index<struct TableTag>;
using MemoryIndex = Index<struct MemoryTag>;
using GlobalIndex = Index<struct GlobalTag>;
using TagIndex = Index<struct TagTag>;
using ElemIndex = Index<struct ElemTag>;
using DataIndex = Index<struct DataTag>;
using LocalIndex = Index<struct LocalTag>;
using FieldIndex = Index<struct FieldTag>;

}  // namespace wisp

template <class Tag>
struct std::hash<wisp::Index<Tag>> {
  std::size_t operator()(wisp::Index<Tag> index) const noexcept { return index.value; }
};
