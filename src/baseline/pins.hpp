#pragma once

#include <array>
#include <vector>

#include "base/buffer.hpp"
#include "baseline/limits.hpp"
#include "baseline/operands.hpp"
#include "baseline/pin_moves.hpp"
#include "interp/function_code.hpp"

namespace wisp::baseline {

/// A register that holds a slot, or the two of a vector.
struct Pin {
  interp::LocalClass kind = interp::LocalClass::none;
  u8 number = 0;  // among those for integers, or those for floats and vectors

  bool is_integer() const { return kind == interp::LocalClass::integer; }
  explicit operator bool() const { return kind != interp::LocalClass::none; }
  /// Of all pins.
  u32 index() const { return is_integer() ? number : integer_pins + number; }
};
inline constexpr u32 all_pins = integer_pins + vector_pins;

/// Which slots of a function are in registers between calls: those that its loops use most, locals or homes of
/// operands. Its buffers stay.
class Pins {
 public:
  /// Functions without loops, and those that catch exceptions, get none.
  void choose(const interp::FunctionCode& code);

  bool any() const { return !pinned_.empty(); }
  Pin of(u32 slot) const { return slot < limits::pinnable_slots ? by_slot_[slot] : Pin{}; }
  struct Pinned {
    Pin pin;
    u32 slot;
  };
  const std::vector<Pinned>& pinned() const { return pinned_; }

 private:
  /// What is known of a slot.
  struct Use {
    u64 weight = 0;  // how often it is used, weighted by the depth of loops
    u8 kinds = 0;    // of values that it has been used for, by bit
  };
  void count_uses(const interp::FunctionCode& code);
  interp::LocalClass class_of(const interp::FunctionCode& code, u32 slot) const;
  void take_best(const interp::FunctionCode& code, bool integers);

  std::array<Pin, limits::pinnable_slots> by_slot_;
  std::vector<Pinned> pinned_;
  Buffer<Use> uses_;  // by slot
  u32 slots_ = 0;     // that are candidates
  u64 barriers_ = 0;  // weighted likewise
};

}  // namespace wisp::baseline
