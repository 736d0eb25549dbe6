#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "base/result.hpp"
#include "runtime/memory.hpp"

namespace wisp::runtime {

/// A table instance. https://webassembly.github.io/spec/core/exec/runtime.html#table-instances
class Table {
 public:
  /// All elements are null.
  static Result<std::unique_ptr<Table>> create(const wasm::TableType& type, Store& store, Budget& budget);
  ~Table();
  Table(const Table&) = delete;

  const wasm::TableType& type() const { return type_; }
  Store& store() const { return store_; }
  TableView& view() { return view_; }
  u64 size() const { return view_.size; }
  Ref* elements() const { return view_.elements; }
  bool contains(u64 index, u64 count) const { return count <= view_.size && index <= view_.size - count; }

  /// Makes room for `delta` more elements behind the last one; they are not part of the table until `publish` counts
  /// them in, so that filling them can be interrupted. False if a limit is in the way.
  [[nodiscard]] bool reserve(u64 delta);
  void publish(u64 delta) {
    view_.size += delta;
    make_dirty(view_.size);
  }
  /// Elements from here on have never been written: they are null.
  u64 clean_from() const { return dirty_; }
  /// Before elements up to `end` are written that are not published yet.
  void make_dirty(u64 end) { dirty_ = std::max(dirty_, end); }

 private:
  Table(const wasm::TableType& type, Store& store, Budget& budget) : type_(type), store_(store), budget_(budget) {}
  bool take_slot(u64 size_bytes);

  wasm::TableType type_;
  Store& store_;
  Budget& budget_;
  Slot slot_;
  TableView view_;
  u64 charged_ = 0;
  u64 dirty_ = 0;
};

/// Grows a table, filling the new elements with `value`. `old_size` is the size before, or -1 in the table's address
/// type if a limit is in the way. Does not end well only if the guest is to stop.
TrapReason grow_table(Execution& execution, Table& table, Ref value, u64 delta, u64& old_size);

/// A global instance.
struct Global {
  wasm::GlobalType type;
  Store* store = nullptr;
  GlobalCell cell;
};

}  // namespace wisp::runtime
