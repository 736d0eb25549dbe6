#pragma once

#include <memory>
#include <optional>

#include "base/result.hpp"
#include "runtime/memory.hpp"

namespace wisp::runtime {

/// A table instance. https://webassembly.github.io/spec/core/exec/runtime.html#table-instances
class Table {
 public:
  /// All elements are null.
  static Result<std::unique_ptr<Table>> create(const wasm::TableType& type, Store& store,
                                               std::shared_ptr<Budget> budget);
  ~Table();
  Table(const Table&) = delete;

  const wasm::TableType& type() const { return type_; }
  Store& store() const { return store_; }
  TableView& view() { return view_; }
  u64 size() const { return view_.size; }
  Ref* elements() const { return view_.elements; }
  bool contains(u64 index, u64 count) const { return count <= view_.size && index <= view_.size - count; }

  /// Makes room for `delta` more elements, which are null until `publish` counts them in: filling them can be
  /// interrupted. False if a limit is in the way.
  bool reserve(u64 delta);
  void publish(u64 delta) { view_.size += delta; }

 private:
  Table(const wasm::TableType& type, Store& store, std::shared_ptr<Budget> budget)
      : type_(type), store_(store), budget_(std::move(budget)) {}

  wasm::TableType type_;
  Store& store_;
  std::shared_ptr<Budget> budget_;
  sys::PageRange pages_;
  TableView view_;
  u64 charged_ = 0;
  u64 committed_bytes_ = 0;
};

/// A global instance.
struct Global {
  wasm::GlobalType type;
  Store* store = nullptr;
  GlobalCell cell;
};

}  // namespace wisp::runtime
