#include "baseline/pins.hpp"

#include <algorithm>

#include "baseline/limits.hpp"

namespace wisp::baseline {

using interp::FunctionCode;
using interp::LocalClass;
using interp::SlotOp;
using interp::Word;

namespace {

/// Memory accesses that a call costs a pin: its store before, its load afterwards.
constexpr u64 barrier_cost = 2;

/// How often an instruction runs, by a guess.
u64 weight_of(i32 depth) {
  return u64{1} << (3 * std::clamp(depth, 0, 10));
}

/// The depth of loops at words, which are asked for in order.
class Nesting {
 public:
  explicit Nesting(std::span<const interp::LoopRange> loops) : loops_(loops) {}

  u64 weight_at(u32 word) {
    if (word >= change_) [[unlikely]]
      go_to(word);
    return weight_;
  }

 private:
  void go_to(u32 word) {
    for (; next_ < loops_.size() && loops_[next_].begin <= word; ++next_) {
      leave(loops_[next_].begin);
      ends_.push_back(loops_[next_].end);
    }
    leave(word);
    weight_ = weight_of(i32(ends_.size()));
    change_ = next_ < loops_.size() ? loops_[next_].begin : ~u32{0};
    if (!ends_.empty()) change_ = std::min(change_, ends_.back());
  }

  void leave(u32 word) {
    while (!ends_.empty() && ends_.back() <= word) ends_.pop_back();
  }

  std::span<const interp::LoopRange> loops_;
  usize next_ = 0;
  std::vector<u32> ends_;
  u32 change_ = 0;
  u64 weight_ = 1;
};

}  // namespace

void Pins::choose(const FunctionCode& code) {
  for (const Pinned& one : pinned_) by_slot_[one.slot] = Pin{};
  pinned_.clear();
  if (code.loop_ranges.empty() || !code.regions.empty()) return;
  count_uses(code);
  take_best(code, true);
  take_best(code, false);
}

void Pins::count_uses(const FunctionCode& code) {
  // Behind the slots, each use has a place for fields that are none, or slots that cannot be pinned.
  slots_ = std::min(code.frame_slots, limits::pinnable_slots);
  uses_.assign(slots_ + 1 + 2 * SlotUses::count, Use{});
  Use* const uses = uses_.data();
  const u32 slots = slots_;
  Nesting nesting(code.loop_ranges);
  u64 barriers = 0;
  const Word* const begin = code.words.data();
  const Word* const end = begin + code.words.size();
  for (const Word* words = begin; words != end; words += words[0] >> 16) {
    const SlotUses& used = slot_uses_of(SlotOp(u16(words[0])));
    const u64 weight = nesting.weight_at(u32(words - begin));
    for (u32 i = 0; i < SlotUses::count; ++i) {
      const SlotUses::Use& one = used.uses[i];
      const u32 slot = u32(u16(words[1] >> one.shift)) | u32(one.no_use) << 16;
      Use* const use = uses + std::min(slot, slots + 1 + 2 * i);
      use[0].weight += weight;
      use[0].kinds |= one.kinds;
      use[1].kinds |= one.next_kinds;
    }
    barriers += used.is_barrier ? weight : 0;
  }
  barriers_ = barriers;
}

/// The home of an operand is a candidate if it is only ever used for one kind of value, and that of a vector if nothing
/// but vectors there uses its second slot: a pin is stored whenever it may be newer than its slots.
LocalClass Pins::class_of(const FunctionCode& code, u32 slot) const {
  if (slot < code.locals.size()) return code.locals[slot];
  const u8 kinds = uses_[slot].kinds;
  switch (kinds & ~kind_bit(ValueKind::bits)) {
    case kind_bit(ValueKind::integer):
      return LocalClass::integer;
    case kind_bit(ValueKind::floating):
      return LocalClass::floating;
    case kind_bit(ValueKind::vector): {
      const bool is_whole = kinds == kind_bit(ValueKind::vector) && slot + 1 < slots_ &&
                            uses_[slot + 1].kinds == kind_bit(ValueKind::second_half);
      return is_whole ? LocalClass::vector : LocalClass::none;
    }
    default:
      return LocalClass::none;
  }
}

void Pins::take_best(const FunctionCode& code, bool integers) {
  std::array<u32, std::max(integer_pins, vector_pins)> best{};
  const u32 count = integers ? integer_pins : vector_pins;
  u32 taken = 0;
  for (u32 slot = 0; slot < slots_; ++slot) {
    const u64 weight = uses_[slot].weight;
    if (weight <= barriers_ * barrier_cost) continue;
    const LocalClass kind = class_of(code, slot);
    if (kind == LocalClass::none || (kind == LocalClass::integer) != integers) continue;
    u32 place = taken < count ? taken++ : count;
    for (; place > 0 && uses_[best[place - 1]].weight < weight; --place) {
      if (place < count) best[place] = best[place - 1];
    }
    if (place < count) best[place] = slot;
  }
  for (u32 i = 0; i < taken; ++i) {
    const Pin pin{class_of(code, best[i]), u8(i)};
    by_slot_[best[i]] = pin;
    pinned_.push_back({pin, best[i]});
  }
}

}  // namespace wisp::baseline
