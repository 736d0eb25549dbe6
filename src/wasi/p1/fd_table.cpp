#include "wasi/p1/fd_table.hpp"

namespace wisp::wasi::p1 {
namespace {

constexpr usize first_capacity = 32;

}  // namespace

Fd FdTable::add(std::unique_ptr<core::Handle> handle, std::optional<std::string> preopen) {
  WISP_CHECK(entries_.size() == reserved_);
  Entry& entry = entries_.emplace_back();
  entry.handle = std::move(handle);
  if (preopen) entry.preopen = std::make_unique<const std::string>(*std::move(preopen));
  return Fd{static_cast<u32>(reserved_++)};
}

const std::string* FdTable::preopen_name(Fd fd) const {
  return find(fd) == nullptr ? nullptr : entries_[fd.value].preopen.get();
}

Fd FdTable::insert(std::unique_ptr<core::Handle> handle, u64 random) {
  // At least half of the numbers stay free: there is a choice, and the search below is short.
  const usize capacity = entries_.size() - reserved_;
  if (open_above_reserved_ * 2 >= capacity) entries_.resize(reserved_ + std::max(first_capacity, capacity * 2));
  const usize choices = entries_.size() - reserved_;
  usize at = reserved_ + random % choices;
  while (entries_[at].handle) at = at + 1 == entries_.size() ? reserved_ : at + 1;
  entries_[at].handle = std::move(handle);
  ++open_above_reserved_;
  return Fd{static_cast<u32>(at)};
}

bool FdTable::close(Fd fd) {
  if (find(fd) == nullptr) return false;
  entries_[fd.value] = {};
  if (fd.value >= reserved_) --open_above_reserved_;
  return true;
}

bool FdTable::renumber(Fd from, Fd to) {
  if (find(from) == nullptr || find(to) == nullptr) return false;
  if (from == to) return true;
  entries_[to.value] = std::move(entries_[from.value]);
  if (from.value >= reserved_) --open_above_reserved_;
  return true;
}

}  // namespace wisp::wasi::p1
