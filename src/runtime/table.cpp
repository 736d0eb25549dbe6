#include "runtime/table.hpp"

#include <algorithm>
#include <string>

#include "runtime/limits.hpp"
#include "wasm/limits.hpp"

namespace wisp::runtime {
namespace {

u64 largest_size(const wasm::TableType& type) {
  return type.limits.has_max ? std::min(type.limits.max, wasm::limits::table_entries.value)
                             : wasm::limits::table_entries.value;
}

}  // namespace

Result<std::unique_ptr<Table>> Table::create(const wasm::TableType& type, Store& store,
                                             std::shared_ptr<Budget> budget) {
  std::unique_ptr<Table> table(new Table(type, store, std::move(budget)));
  if (!table->reserve(type.limits.min)) {
    return Error{ErrorCode::limit,
                 0,
                 "table size exceeds a limit: " + std::to_string(type.limits.min) + " entries are wanted, " +
                     std::to_string(std::min(largest_size(type), table->budget_->limit())) + " are allowed",
                 {}};
  }
  table->publish(type.limits.min);
  return table;
}

Table::~Table() {
  budget_->give_back(charged_);
}

bool Table::reserve(u64 delta) {
  const u64 most = largest_size(type_);
  if (delta > most - std::min(view_.size, most)) return false;
  const u64 wanted = view_.size + delta;
  if (wanted > charged_) {
    if (!budget_->take(wanted - charged_)) return false;
    charged_ = wanted;
  }
  const u64 wanted_bytes = sys::round_up_to_pages(wanted * sizeof(Ref));
  if (wanted_bytes <= committed_bytes_) return true;
  if (!pages_) {
    // Address space for all that the table can become, so that growing never copies.
    auto pages = sys::PageRange::reserve(most * sizeof(Ref));
    if (!pages.ok()) return false;
    pages_ = std::move(pages).value();
    view_.elements = reinterpret_cast<Ref*>(pages_.base());
  }
  if (!pages_.commit(committed_bytes_, wanted_bytes - committed_bytes_).ok()) return false;
  committed_bytes_ = wanted_bytes;
  return true;
}

}  // namespace wisp::runtime
