#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wisp/func.hpp"
#include "wisp/memory.hpp"
#include "wisp/module.hpp"
#include "wisp/store.hpp"

namespace wisp {

/// A table of a store.
class Table {
 public:
  /// All elements are `init`.
  static Result<Table> create(Store& store, const TableType& type, const Value& init);

  TableType type() const;
  std::uint64_t size() const;
  /// An error if the index is out of bounds.
  Result<Value> get(std::uint64_t index) const;
  Result<void> set(std::uint64_t index, const Value& value);
  /// The size before. An error if the table's maximum or a limit is in the way.
  Result<std::uint64_t> grow(std::uint64_t delta, const Value& init);

 private:
  friend struct Access;
  Table(std::shared_ptr<struct StoreState> store, void* table) : store_(std::move(store)), table_(table) {}
  std::shared_ptr<struct StoreState> store_;
  void* table_;
};

/// A global of a store.
class Global {
 public:
  static Result<Global> create(Store& store, const GlobalType& type, const Value& value);

  GlobalType type() const;
  Value get() const;
  /// An error if the global is immutable or has another type.
  Result<void> set(const Value& value);

 private:
  friend struct Access;
  Global(std::shared_ptr<struct StoreState> store, void* global) : store_(std::move(store)), global_(global) {}
  std::shared_ptr<struct StoreState> store_;
  void* global_;
};

/// A tag of a store: what exceptions are told apart by.
class Tag {
 public:
  static Result<Tag> create(Store& store, const TagType& type);

  TagType type() const;
  /// The same tag.
  bool operator==(const Tag& other) const { return tag_ == other.tag_; }

 private:
  friend struct Access;
  Tag(std::shared_ptr<struct StoreState> store, void* tag) : store_(std::move(store)), tag_(tag) {}
  std::shared_ptr<struct StoreState> store_;
  void* tag_;
};

/// What is imported and exported; the alternatives are in the order of ExternKind.
using Extern = std::variant<Func, Table, Memory, Global, Tag>;

/// The type of an external value as it is now: the size of a memory or table is its type's minimum.
ExternType type_of(const Extern& value);

/// An instance of a module in a store.
class Instance {
 public:
  /// Nothing if there is no export of this name (and kind).
  std::optional<Extern> get(std::string_view name) const;
  std::optional<Func> func(std::string_view name) const;
  std::optional<Table> table(std::string_view name) const;
  std::optional<Memory> memory(std::string_view name) const;
  std::optional<Global> global(std::string_view name) const;
  std::optional<Tag> tag(std::string_view name) const;
  /// In the order of the module.
  std::vector<std::pair<std::string, Extern>> exports() const;

  Module module() const;
  Store store() const;

 private:
  friend struct Access;
  Instance(std::shared_ptr<struct StoreState> store, void* instance) : store_(std::move(store)), instance_(instance) {}
  std::shared_ptr<struct StoreState> store_;
  void* instance_;
};

}  // namespace wisp
