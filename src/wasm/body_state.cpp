#include "wasm/body_state.hpp"

#include <algorithm>

namespace wisp::wasm {

ValType LocalTypes::find(u32 index) const {
  const auto run = std::ranges::upper_bound(runs_, index, {}, &Run::end);
  WISP_CHECK(run != runs_.end());
  return run->type;
}

void LocalTypes::append(u32 count, ValType type, u64 spelled_out) {
  if (count == 0) return;
  count_ += count;
  if (!runs_.empty() && runs_.back().type == type) {
    runs_.back().end = count_;
  } else {
    runs_.push_back({count_, type});
  }
  const u64 wanted = std::min<u64>(count_, std::max<u64>(spelled_out, spelled_out_.size()));
  while (spelled_out_.size() < wanted) spelled_out_.push_back(type);
}

void LocalTypes::reset(std::span<const ValType> params, std::span<const LocalRun> declared, u64 spelled_out) {
  count_ = 0;
  spelled_out_.clear();
  runs_.clear();
  for (const ValType type : params) append(1, type, spelled_out);
  for (const LocalRun& run : declared) append(run.count, run.type, spelled_out);
}

bool OperandStack::push(std::span<const ValType> types) {
  if (usize(limit_ - top_) < types.size() && !grow(types.size())) return false;
  top_ = std::ranges::copy(types, top_).out;
  return true;
}

bool OperandStack::grow(u64 count) {
  constexpr u64 smallest = 64;
  const u64 used = height();
  if (used + count > limits::operand_depth.value) return false;
  const u64 capacity = std::min(std::max({smallest, 2 * used, used + count}), limits::operand_depth.value);
  auto grown = std::make_unique<ValType[]>(capacity);
  std::copy_n(bottom_.get(), used, grown.get());
  bottom_ = std::move(grown);
  top_ = bottom_.get() + used;
  limit_ = bottom_.get() + capacity;
  return true;
}

}  // namespace wisp::wasm
