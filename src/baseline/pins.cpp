#include "baseline/pins.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "baseline/limits.hpp"

namespace wisp::baseline {

using interp::FunctionCode;
using interp::LocalClass;
using interp::SlotOp;
using interp::Word;

namespace {

/// Memory accesses that a call costs a pin: its store before, its load afterwards.
constexpr u64 barrier_cost = 2;

/// Of a home that nothing is known of. No local is of this class.
constexpr LocalClass unused = LocalClass(0xff);

/// How often an instruction runs, by a guess.
u64 weight_of(i32 depth) {
  return u64{1} << (3 * std::clamp(depth, 0, 10));
}

u32 field(const Word* words, u32 index) {
  return u16(words[1] >> (16 * index));
}

template <class Visit>
void for_each_instruction(const FunctionCode& code, Visit visit) {
  const Word* const words = code.words.data();
  for (u32 word = 0; word < code.words.size(); word += u32(words[word] >> 16)) {
    visit(word, words + word, operands_of(SlotOp(u16(words[word]))));
  }
}

bool is_br_table(const Word* words) {
  const SlotOp op = SlotOp(u16(words[0]));
  return op >= SlotOp::br_table && op <= SlotOp::last_of_br_table;
}

}  // namespace

void Pins::choose(const FunctionCode& code) {
  pinned_.clear();
  by_slot_.clear();
  if (!code.has_loops || !code.regions.empty()) return;
  find_loops(code);
  count_uses(code);
  by_slot_.assign(kinds_.size(), Pin{});
  take_best(LocalClass::integer);
  take_best(LocalClass::floating);
}

void Pins::find_loops(const FunctionCode& code) {
  labels_.assign(code.words.size() + 1, false);
  nesting_changes_.assign(code.words.size() + 1, 0);
  for_each_instruction(code, [&](u32 word, const Word* words, const Operands& operands) {
    if (operands.is_branch) add_branch(word, word + u32(words[1] >> 32));
    if (!is_br_table(words)) return;
    const u32 count = u32(words[1] >> 32) + 1;
    for (u32 i = 0; i < count; ++i) {
      add_branch(word, word + load_le<u32>(reinterpret_cast<const u8*>(words + 2) + u64{4} * i));
    }
  });
}

void Pins::add_branch(u32 from, u32 to) {
  labels_[to] = true;
  if (to > from) return;
  ++nesting_changes_[to];
  --nesting_changes_[from + 1];
}

void Pins::count_uses(const FunctionCode& code) {
  kinds_ = code.locals;
  locals_ = u32(kinds_.size());
  kinds_.resize(std::max<u32>(locals_, std::min(code.frame_slots, limits::pinnable_slots)), unused);
  uses_.assign(kinds_.size(), 0);
  barriers_ = 0;
  i32 depth = 0;
  u32 seen = 0;
  for_each_instruction(code, [&](u32 word, const Word* words, const Operands& operands) {
    while (seen <= word) depth += nesting_changes_[seen++];
    const u64 weight = weight_of(depth);
    if (operands.a_field != Operands::no_field) count(field(words, operands.a_field), operands.a_kind, weight);
    if (operands.b_field != Operands::no_field) count(field(words, operands.b_field), operands.b_kind, weight);
    if (operands.result_to_slot) count(field(words, 0), operands.result, weight);
    if (operands.may_write_vector) count(field(words, 0), ValueKind::vector, 0);
    if (operands.kind == Operands::Kind::move) count_move(SlotOp(u16(words[0])), words, weight);
    if (operands.kind == Operands::Kind::barrier) barriers_ += weight;
  });
}

/// Copies and constants are bits: their slots are what others use them for.
void Pins::count_move(SlotOp op, const Word* words, u64 weight) {
  const u32 to = field(words, 0);
  if (op == SlotOp::copy32 || op == SlotOp::copy64) {
    count_bits(to, weight);
    count_bits(field(words, 1), weight);
  } else if (op == SlotOp::set_acc) {
    count(to, ValueKind::integer, weight);
  } else if (op == SlotOp::set_vacc32 || op == SlotOp::set_vacc64) {
    count(to, ValueKind::floating, weight);
  } else {
    count_bits(to, weight);
  }
}

void Pins::count_bits(u32 slot, u64 weight) {
  if (slot < uses_.size()) uses_[slot] += weight;
}

/// The home of an operand is a candidate if it is only ever used for one kind of value that fits a slot.
void Pins::count(u32 slot, ValueKind kind, u64 weight) {
  if (slot >= uses_.size()) return;
  uses_[slot] += weight;
  if (slot < locals_) return;
  const LocalClass wanted = kind == ValueKind::integer    ? LocalClass::integer
                            : kind == ValueKind::floating ? LocalClass::floating
                                                          : LocalClass::none;
  kinds_[slot] = kinds_[slot] == unused || kinds_[slot] == wanted ? wanted : LocalClass::none;
  if (kind == ValueKind::vector && slot + 1 < kinds_.size()) kinds_[slot + 1] = LocalClass::none;
}

void Pins::take_best(LocalClass kind) {
  std::array<u32, pins_of_a_kind> best{};
  u32 taken = 0;
  for (u32 slot = 0; slot < uses_.size(); ++slot) {
    if (kinds_[slot] != kind || uses_[slot] <= barriers_ * barrier_cost) continue;
    u32 place = taken < pins_of_a_kind ? taken++ : pins_of_a_kind;
    for (; place > 0 && uses_[best[place - 1]] < uses_[slot]; --place) {
      if (place < pins_of_a_kind) best[place] = best[place - 1];
    }
    if (place < pins_of_a_kind) best[place] = slot;
  }
  for (u32 i = 0; i < taken; ++i) {
    const Pin pin{kind, u8(i)};
    by_slot_[best[i]] = pin;
    pinned_.push_back({pin, best[i]});
  }
}

}  // namespace wisp::baseline
