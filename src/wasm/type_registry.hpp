#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "wasm/types.hpp"

namespace wisp::wasm {

class TypeRegistry;

/// Keeps one canonical recursive group alive. Copies share it.
class RecGroupRef {
 public:
  RecGroupRef() = default;
  /// The group's types in order.
  std::span<const DefType* const> types() const;

 private:
  friend class TypeRegistry;
  struct Group;
  std::shared_ptr<const Group> group_;
};

/// The types of one engine, made canonical: equal recursive groups are one object, so types compare by pointer.
/// Thread-safe. A group lives as long as a `RecGroupRef` to it or to a group that refers to it.
/// https://webassembly.github.io/spec/core/valid/conventions.html#defined-types
class TypeRegistry {
 public:
  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;

  /// One type of a group that is about to be made canonical. References to types of the same group are written
  /// with `recursive(i)`; all others are canonical already.
  struct Draft {
    DefType type;                    // display is ignored
    const DefType* super = nullptr;  // canonical, or recursive(i)
  };
  /// A stand-in for the i-th type of the group being drafted; only valid inside drafts.
  static const DefType* recursive(u32 index);

  /// The canonical group equal to the drafts.
  RecGroupRef intern(std::span<const Draft> drafts);
  /// A final function type alone in its group, as the host makes them.
  RecGroupRef intern_func(FuncType type);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wisp::wasm
