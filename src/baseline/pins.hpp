#pragma once

#include <array>
#include <vector>

#include "baseline/operands.hpp"
#include "baseline/pin_moves.hpp"
#include "interp/function_code.hpp"

namespace wisp::baseline {

/// A register that holds a slot.
struct Pin {
  interp::LocalClass kind = interp::LocalClass::none;
  u8 number = 0;  // among those of its kind

  bool is_floating() const { return kind == interp::LocalClass::floating; }
  explicit operator bool() const { return kind != interp::LocalClass::none; }
  /// Of all pins.
  u32 index() const { return number + (is_floating() ? pins_of_a_kind : 0); }
};
inline constexpr u32 all_pins = 2 * pins_of_a_kind;

/// Which slots of a function are in registers between calls: those that its loops use most, locals or homes of operands.
/// Its buffers stay.
class Pins {
 public:
  /// Functions without loops, and those that catch exceptions, get none.
  void choose(const interp::FunctionCode& code);

  bool any() const { return !pinned_.empty(); }
  Pin of(u32 slot) const { return slot < by_slot_.size() ? by_slot_[slot] : Pin{}; }
  struct Pinned {
    Pin pin;
    u32 slot;
  };
  const std::vector<Pinned>& pinned() const { return pinned_; }
  /// Whether paths meet at the word.
  bool is_label(u32 word) const { return labels_[word]; }

 private:
  void find_loops(const interp::FunctionCode& code);
  void add_branch(u32 from, u32 to);
  void count_uses(const interp::FunctionCode& code);
  void count(u32 slot, ValueKind kind, u64 weight);
  void count_move(interp::SlotOp op, const interp::Word* words, u64 weight);
  void count_bits(u32 slot, u64 weight);
  void take_best(interp::LocalClass kind);

  std::vector<Pin> by_slot_;
  std::vector<Pinned> pinned_;
  std::vector<bool> labels_;
  std::vector<i32> nesting_changes_;  // by word: loops that begin or end there
  std::vector<u64> uses_;             // by slot, weighted by the depth of loops
  std::vector<interp::LocalClass> kinds_;  // by slot; of an operand's home: what it has been used for so far
  u32 locals_ = 0;
  u64 barriers_ = 0;                  // weighted likewise
};

}  // namespace wisp::baseline
