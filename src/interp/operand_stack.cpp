#include "interp/operand_stack.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace wisp::interp {

namespace {

SlotOp copy_op(Rep rep) {
  switch (rep) {
    case Rep::i32:
    case Rep::f32:
      return SlotOp::copy32;
    case Rep::i64:
    case Rep::f64:
      return SlotOp::copy64;
    case Rep::v128:
      return SlotOp::copy128;
  }
  WISP_UNREACHABLE();
}

/// From the accumulator to a slot.
SlotOp set_op(Rep rep) {
  switch (rep) {
    case Rep::i32:
    case Rep::i64:
      return SlotOp::set_acc;
    case Rep::f32:
      return SlotOp::set_vacc32;
    case Rep::f64:
      return SlotOp::set_vacc64;
    case Rep::v128:
      return SlotOp::set_vacc128;
  }
  WISP_UNREACHABLE();
}

}  // namespace

void OperandStack::reset(u32 locals_slots) {
  values_.clear();
  acc_ = {};
  vacc_ = {};
  floor_ = 0;
  symbolic_locals_ = 0;
  next_home_ = locals_slots;
  max_slot_ = locals_slots;
}

void OperandStack::push_home_and_acc(Rep rep) {
  spill(rep);
  push_home(rep);
  Register& r = reg(rep);
  r.cached_slot = values_.back().home;
  r.cached_rep = rep;
}

Operand OperandStack::peek(u32 from_top) {
  return describe(values_[values_.size() - 1 - from_top]);
}

void OperandStack::push_again(const Operand& operand, u32 locals_end) {
  if (operand.slot < locals_end) {
    push_local(operand.slot, operand.rep);
  } else {
    push(Kind::home, operand.rep, 0);
  }
}

void OperandStack::push_copy() {
  const Value& top = values_.back();
  wrote(next_home_);
  out_.append(SlotOp::copy64, next_home_, top.home);
  push(Kind::home, top.rep, 0);
}

void OperandStack::drop(u32 count) {
  for (u32 i = 0; i < count; ++i) pop();
}

void OperandStack::truncate(u32 height) {
  while (size() > height) pop();
}

void OperandStack::ensure_slot(u32 from_top) {
  const u32 index = size() - 1 - from_top;
  if (values_[index].kind != Kind::local) bring_home(index);
}

void OperandStack::ensure_home(u32 from_top) {
  bring_home(size() - 1 - from_top);
}

void OperandStack::ensure_homes(u32 count) {
  for (u32 i = std::max(floor_, size() - count); i < size(); ++i) bring_home(i);
}

void OperandStack::flush() {
  for (u32 i = floor_; i < size(); ++i) bring_home(i);
  floor_ = size();
}

void OperandStack::forget_accumulators() {
  WISP_ASSERT(acc_.pending == Register::none && vacc_.pending == Register::none);
  acc_.cached_slot = Register::none;
  vacc_.cached_slot = Register::none;
}

void OperandStack::spill_pending(Register& r) {
  Value& value = values_[r.pending];
  out_.set_op(r.producer, variant(r.op, result_to_slot));
  out_.set_field0(r.producer, value.home);
  value.kind = Kind::home;
  r.pending = Register::none;
  wrote(value.home);
  r.cached_slot = value.home;
  r.cached_rep = value.rep;
}

void OperandStack::bring_home(u32 index) {
  Value& value = values_[index];
  if (value.kind == Kind::home) return;
  if (value.kind == Kind::pending) return spill(value.rep);
  if (value.kind == Kind::local) {
    --symbolic_locals_;
    copy(value.home, u32(value.bits), value.rep);
  } else {
    write_constant(value.home, value.rep, value.bits);
  }
  value.kind = Kind::home;
}

void OperandStack::write_constant(u32 slot, Rep rep, u64 bits) {
  wrote(slot);
  if (rep == Rep::i32 || rep == Rep::f32 || bits >> 32 == 0) {
    out_.append_wide(SlotOp::const32, slot, 0, u32(bits));
  } else {
    out_.append(SlotOp::const64, slot);
    out_.append_word(bits);
  }
}

void OperandStack::copy(u32 to, u32 from, Rep rep) {
  const bool cached = is_cached(from, rep);
  wrote(to);
  if (cached) {
    out_.append(set_op(rep), to);
  } else {
    out_.append(copy_op(rep), to, from);
  }
}

std::optional<OperandStack::Producer> OperandStack::last_producer(const Operand& operand) {
  const Register& r = reg(operand.rep);
  if (operand.place != Place::acc || r.end != out_.position()) return std::nullopt;
  return Producer{r.producer, r.op};
}

std::optional<OperandStack::Producer> OperandStack::last_producer_to(u32 slot, Rep rep) {
  const Register& r = reg(rep);
  if (!is_cached(slot, rep) || r.end != out_.position()) return std::nullopt;
  return Producer{r.producer, r.op};
}

void OperandStack::preserve_symbolic(u32 slot) {
  for (u32 i = floor_; i < size(); ++i) {
    if (values_[i].kind == Kind::local && values_[i].bits == slot) bring_home(i);
  }
}

void OperandStack::set_local(u32 slot, Rep rep, bool keep) {
  const Kind kind = values_.back().kind;
  const Operand value = pop();
  if (value.place == Place::slot && value.slot == slot) {
    if (keep) push_local(slot, rep);
    return;
  }
  preserve_local(slot);
  move_to(slot, value);
  if (!keep) return;
  switch (kind) {
    case Kind::home:
      push(Kind::home, rep, 0);
      break;
    case Kind::constant:
      push_constant(rep, value.bits);
      break;
    case Kind::local:
      push_local(value.slot, rep);
      break;
    case Kind::pending:
      push_local(slot, rep);
      break;
  }
}

void OperandStack::move_to(u32 slot, const Operand& operand) {
  switch (operand.place) {
    case Place::immediate:
      write_constant(slot, operand.rep, operand.bits);
      return;
    case Place::slot:
      if (operand.slot != slot) copy(slot, operand.slot, operand.rep);
      return;
    case Place::acc:
    case Place::pin:
      break;
  }
  Register& r = reg(operand.rep);
  if (r.end == out_.position() && r.pending == Register::none) {
    // The instruction that made the value is the last one: it can write the slot itself.
    out_.set_op(r.producer, variant(r.op, result_to_slot));
    out_.set_field0(r.producer, slot);
  } else {
    out_.append(set_op(operand.rep), slot);
  }
  wrote(slot);
  r.cached_slot = slot;
  r.cached_rep = operand.rep;
}

void OperandStack::copy_top(u32 to, u32 count) {
  if (count == 0) return;
  const u32 first = home(count - 1);
  if (count > 1) {
    if (to != first) out_.append(SlotOp::copy_slots, to, first, next_home_ - first);
  } else {
    const Operand operand = peek(0);
    if (operand.place == Place::acc) {
      out_.append(set_op(operand.rep), to);
    } else {
      const Register known = reg(operand.rep);
      move_to(to, operand);
      reg(operand.rep) = known;
    }
  }
  for (u32 slot = to; slot < to + next_home_ - first; ++slot) wrote(slot);
}

}  // namespace wisp::interp
