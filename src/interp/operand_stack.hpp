#pragma once

#include <algorithm>
#include <optional>

#include "interp/emitter.hpp"
#include "interp/limits.hpp"
#include "interp/state.hpp"

namespace wisp::interp {

constexpr u32 slots_of(Rep rep) {
  return rep == Rep::v128 ? 2 : 1;
}
inline Rep rep_of(wasm::ValType type) {
  static_assert(Rep(wasm::ValType::Kind::v128) == Rep::v128);
  return type.kind() <= wasm::ValType::Kind::v128 ? Rep(type.kind()) : Rep::i64;
}

/// An operand that has been taken off the stack, as the next instruction can name it.
struct Operand {
  Place place = Place::slot;
  Rep rep = Rep::i32;
  /// Of a slot: its accumulator holds the same value.
  bool in_acc = false;
  u32 slot = 0;
  u64 bits = 0;  // of an immediate

  bool is_immediate() const { return place == Place::immediate; }
  /// Whether an instruction may take it from the accumulator.
  bool can_be_acc() const { return place == Place::acc || in_acc; }
};

/// The operand stack while a body is lowered. Operands stay symbolic as long as they can: a local's value, a constant,
/// or what the last instruction left in an accumulator. Each has a home, its slot in the frame; the moves to there are
/// written when control flow, a call or an overwritten local makes it necessary. A result in an accumulator gets there
/// without a move: the instruction that makes it is changed to write the slot too.
class OperandStack {
 public:
  explicit OperandStack(Emitter& out) : out_(out) {}

  void reset(u32 locals_slots);

  u32 size() const { return u32(values_.size()); }
  /// The slot above all operands, and the highest that ever was.
  u32 next_home() const { return next_home_; }
  u32 max_slot() const { return max_slot_; }
  u32 home(u32 from_top) const { return values_[values_.size() - 1 - from_top].home; }
  Rep rep(u32 from_top) const { return values_[values_.size() - 1 - from_top].rep; }
  bool is_constant(u32 from_top) const { return values_[values_.size() - 1 - from_top].kind == Kind::constant; }

  u64 constant(u32 from_top) const { return values_[values_.size() - 1 - from_top].bits; }

  void push_local(u32 slot, Rep rep) {
    ++symbolic_locals_;
    push(Kind::local, rep, slot);
  }
  void push_constant(Rep rep, u64 bits) { push(Kind::constant, rep, bits); }
  /// A value that is in its home already, or that the next instruction puts there.
  void push_home(Rep rep) {
    wrote(next_home_);
    push(Kind::home, rep, 0);
  }
  /// A value that was popped from a slot and is still there; slots below `locals_end` are locals.
  void push_again(const Operand& operand, u32 locals_end);
  /// A copy of the reference on top, in its own home.
  void push_copy();
  /// A value that the instruction at `at`, the last one, leaves in its accumulator; `op` is its variant without
  /// `result_to_slot`.
  void push_result(Rep rep, u32 at, SlotOp op);
  /// A value that the last instruction has put in its home and in its accumulator.
  void push_home_and_acc(Rep rep);

  Operand pop();
  /// What pop would give.
  Operand peek(u32 from_top);
  void drop(u32 count);
  /// Operands down to a height are gone, wherever they were.
  void truncate(u32 height);

  /// Brings an operand to any slot, or to its home; 0 is the top.
  void ensure_slot(u32 from_top);
  void ensure_home(u32 from_top);
  void ensure_homes(u32 count);
  /// Brings everything home: what control flow needs where paths meet.
  void flush();
  /// Brings what is only in an accumulator home: what calls need.
  void spill_accumulators() {
    spill(acc_);
    spill(vacc_);
  }
  /// Before an instruction overwrites the accumulator of this representation.
  void spill(Rep rep) { spill(reg(rep)); }
  /// Nothing is known to be in the accumulators; nothing may only be there.
  void forget_accumulators();

  /// The instruction that left an operand in its accumulator, and its variant without `result_to_slot`.
  struct Producer {
    u32 at;
    SlotOp op;
  };
  /// Of an operand that was just popped and is nowhere but in its accumulator: its producer, if that is the last
  /// instruction, which may then be taken back and made part of another one.
  std::optional<Producer> last_producer(const Operand& operand);
  /// The last instruction, if it leaves its result in the slot and in the accumulator of this representation.
  std::optional<Producer> last_producer_to(u32 slot, Rep rep);

  /// local.set, or local.tee if `keep`.
  void set_local(u32 slot, Rep rep, bool keep);
  /// Writes an operand to a slot.
  void move_to(u32 slot, const Operand& operand);
  /// Copies the `count` operands on top to slots from `to` on, as code that may be jumped over: nothing is known of it
  /// afterwards. More than one have to be in their homes.
  void copy_top(u32 to, u32 count);
  /// Slots up to `end` are used by something else than operands.
  void reserve(u32 end) { max_slot_ = std::max(max_slot_, end); }

 private:
  enum class Kind : u8 { home, local, constant, pending };
  struct Value {
    Kind kind;
    Rep rep;
    u32 home;
    u64 bits;  // of a local its slot, of a constant its value
  };
  /// An accumulator, as far as is known.
  struct Register {
    static constexpr u32 none = ~u32{0};
    u32 pending = none;  // the operand that is nowhere else
    u32 producer = 0;    // of the pending operand: the instruction, its variant, and what follows it
    SlotOp op = SlotOp::none;
    u32 end = 0;
    u32 cached_slot = none;  // a slot that holds the same value
    Rep cached_rep = Rep::i32;
  };

  Register& reg(Rep rep) { return rep <= Rep::i64 ? acc_ : vacc_; }
  [[gnu::always_inline]] void push(Kind kind, Rep rep, u64 bits) {
    values_.push_back({kind, rep, next_home_, bits});
    next_home_ += slots_of(rep);
    max_slot_ = std::max(max_slot_, next_home_);
    if (size() - floor_ > limits::symbolic_operands) [[unlikely]]
      bring_home(floor_++);
  }
  Operand describe(const Value& value);
  void bring_home(u32 index);
  void spill(Register& reg) {
    if (reg.pending != Register::none) spill_pending(reg);
  }
  void spill_pending(Register& reg);
  void preserve_local(u32 slot) {
    if (symbolic_locals_ != 0) preserve_symbolic(slot);
  }
  void preserve_symbolic(u32 slot);
  void wrote(u32 slot) {
    if (acc_.cached_slot == slot) acc_.cached_slot = Register::none;
    if (vacc_.cached_slot == slot) vacc_.cached_slot = Register::none;
  }
  bool is_cached(u32 slot, Rep rep) {
    const Register& r = reg(rep);
    return r.cached_slot == slot && r.cached_rep == rep;
  }
  void write_constant(u32 slot, Rep rep, u64 bits);
  void copy(u32 to, u32 from, Rep rep);

  Emitter& out_;
  Buffer<Value> values_;
  Register acc_;   // i32, i64
  Register vacc_;  // f32, f64, v128
  u32 floor_ = 0;  // operands below it are all home
  u32 symbolic_locals_ = 0;
  u32 next_home_ = 0;
  u32 max_slot_ = 0;
};

[[gnu::always_inline]] inline void OperandStack::push_result(Rep rep, u32 at, SlotOp op) {
  spill(rep);
  Register& r = reg(rep);
  r.cached_slot = Register::none;
  r.pending = size();
  r.producer = at;
  r.op = op;
  r.end = out_.position();
  push(Kind::pending, rep, 0);
}

[[gnu::always_inline]] inline Operand OperandStack::describe(const Value& value) {
  Operand operand{.rep = value.rep};
  switch (value.kind) {
    case Kind::constant:
      operand.place = Place::immediate;
      operand.bits = value.bits;
      return operand;
    case Kind::pending:
      operand.place = Place::acc;
      return operand;
    case Kind::local:
      operand.slot = u32(value.bits);
      break;
    case Kind::home:
      operand.slot = value.home;
      break;
  }
  operand.in_acc = is_cached(operand.slot, operand.rep);
  return operand;
}

[[gnu::always_inline]] inline Operand OperandStack::pop() {
  const Value value = values_.back();
  const Operand operand = describe(value);
  values_.pop_back();
  floor_ = std::min(floor_, size());
  next_home_ = value.home;
  if (value.kind == Kind::local) --symbolic_locals_;
  if (value.kind == Kind::pending) reg(value.rep).pending = Register::none;
  return operand;
}

}  // namespace wisp::interp
