#pragma once

#include <memory>
#include <span>
#include <utility>

#include "wasm/types.hpp"

namespace wisp::wasm {

class TypeRegistry;
struct RecGroup;

/// Keeps one canonical recursive group alive. Copies share it.
class RecGroupRef {
 public:
  RecGroupRef() = default;
  RecGroupRef(const RecGroupRef& other);
  RecGroupRef(RecGroupRef&& other) noexcept : group_(std::exchange(other.group_, nullptr)) {}
  RecGroupRef& operator=(RecGroupRef other) noexcept {
    std::swap(group_, other.group_);
    return *this;
  }
  ~RecGroupRef();

  /// The group's types in order; none of an empty reference.
  std::span<const DefType* const> types() const;
  bool operator==(const RecGroupRef&) const = default;

 private:
  friend class TypeRegistry;
  /// Takes over a reference that is already counted.
  explicit RecGroupRef(RecGroup* group) : group_(group) {}

  RecGroup* group_ = nullptr;
};

/// The types of one engine, made canonical: equal recursive groups are one object, so types compare by pointer.
/// Thread-safe. A group lives as long as a `RecGroupRef` to it or to a group that refers to it, even without the
/// registry. https://webassembly.github.io/spec/core/valid/conventions.html#defined-types
class TypeRegistry {
 public:
  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;

  /// One type of a group that is about to be made canonical. References to types of the same group are written
  /// with `recursive(i)`; all others are canonical already, and alive.
  struct Draft {
    DefType type;                    // super, jump, depth and is_defaultable are ignored
    const DefType* super = nullptr;  // canonical, or recursive(i) of a type before this one
  };
  /// A stand-in for the i-th type of the group being drafted; only valid inside drafts.
  static const DefType* recursive(u32 index);

  /// The canonical group equal to the drafts. Whether they are valid is the caller's business, save that supertypes
  /// come first.
  RecGroupRef intern(std::span<const Draft> drafts);
  /// A final function type alone in its group, as the host makes them.
  RecGroupRef intern_func(FuncType type);

  /// The group of a canonical type that is alive.
  static RecGroupRef group_of(const DefType& type);

 private:
  friend struct RecGroup;
  struct Table;
  std::shared_ptr<Table> table_;
};

/// Whether the structure of a type makes it a subtype of another: what a declared supertype must satisfy. Finality is
/// not looked at. https://webassembly.github.io/spec/core/valid/matching.html#composite-types
bool structure_matches(const DefType& sub, const DefType& super);

}  // namespace wisp::wasm
