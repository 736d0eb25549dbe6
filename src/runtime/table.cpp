#include "runtime/table.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "runtime/limits.hpp"
#include "runtime/store.hpp"
#include "wasm/limits.hpp"

namespace wisp::runtime {
namespace {

u64 largest_size(const wasm::TableType& type) {
  return type.limits.has_max ? std::min(type.limits.max, wasm::limits::table_entries.value)
                             : wasm::limits::table_entries.value;
}

}  // namespace

Result<std::unique_ptr<Table>> Table::create(const wasm::TableType& type, Store& store, Budget& budget) {
  std::unique_ptr<Table> table(new Table(type, store, budget));
  if (!table->reserve(type.limits.min)) {
    return Error{ErrorCode::limit,
                 0,
                 "table size exceeds a limit: " + std::to_string(type.limits.min) + " entries are wanted, " +
                     std::to_string(std::min(largest_size(type), budget.limit())) + " are allowed",
                 {}};
  }
  table->publish(type.limits.min);
  return table;
}

Table::~Table() {
  budget_.give_back(charged_);
  SlotPool* const pool = store_.settings().pool.get();
  const u64 written_bytes = dirty_ * sizeof(Ref);
  if (pool == nullptr || !slot_.pages || written_bytes > limits::pooled_table_bytes) return;
  std::memset(slot_.pages.base(), 0, written_bytes);
  slot_.resident_bytes = sys::round_up_to_pages(written_bytes);
  pool->put_clean(std::move(slot_));
}

bool Table::take_slot(u64 size_bytes) {
  if (SlotPool* pool = store_.settings().pool.get()) {
    auto slot = pool->take(size_bytes, nullptr);
    if (!slot.ok()) return false;
    slot_ = std::move(slot).value();
  } else {
    auto pages = sys::PageRange::reserve(size_bytes);
    if (!pages.ok()) return false;
    slot_.pages = std::move(pages).value();
  }
  view_.elements = reinterpret_cast<Ref*>(slot_.pages.base());
  return true;
}

bool Table::reserve(u64 delta) {
  const u64 most = largest_size(type_);
  if (delta > most - std::min(view_.size, most)) return false;
  const u64 wanted = view_.size + delta;
  if (wanted > charged_) {
    if (!budget_.take(wanted - charged_)) return false;
    charged_ = wanted;
  }
  if (wanted == 0) return true;
  // Address space for all that the table can become, so that growing never copies.
  if (!slot_.pages && !take_slot(most * sizeof(Ref))) return false;
  const u64 wanted_bytes = sys::round_up_to_pages(wanted * sizeof(Ref));
  if (wanted_bytes <= slot_.committed_bytes) return true;
  if (!slot_.pages.commit(slot_.committed_bytes, wanted_bytes - slot_.committed_bytes).ok()) return false;
  slot_.committed_bytes = wanted_bytes;
  return true;
}

}  // namespace wisp::runtime
