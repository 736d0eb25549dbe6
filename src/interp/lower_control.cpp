#include <algorithm>

#include "interp/lowering.hpp"

/// Lowering of blocks and branches. Where paths meet, every operand is in its home and nothing is known of the
/// accumulators.
namespace wisp::interp {

using wasm::Branch;
using wasm::ControlFrame;
using wasm::Op;
using wasm::ValType;

Lowering::Label& Lowering::push_label(std::span<const ValType> params) {
  stack_.flush();
  labels_.push_back({.height = stack_.size() - u32(params.size())});
  return labels_.back();
}

void Lowering::block(const wasm::BlockType& type) {
  settle();
  push_label(type.params());
}

void Lowering::loop(const wasm::BlockType& type) {
  settle();
  Label& label = push_label(type.params());
  label.start = out_.position();
  land();
  label.loop = loop_ranges_.size();
  loop_ranges_.push_back({label.start, label.start});
  if (context_.encoding == Encoding::numbers && context_.interruptible) emit(SlotOp::loop_check);
  count_use(true);
  begin_segment();
}

void Lowering::if_(const wasm::BlockType& type) {
  see();
  const Condition condition = take_condition();
  Label& label = push_label(type.params());
  const u32 at = emit_condition(condition, false, false);
  link(label.else_fixups, at, 2 * at + 3);
  begin_segment();
}

void Lowering::try_table(const wasm::BlockType& type, std::span<const wasm::CatchClause> catches) {
  settle();
  const u32 first = u32(handlers_.size());
  for (const wasm::CatchClause& clause : catches) add_handler(clause);
  Label& label = push_label(type.params());
  label.first_handler = first;
  label.handler_count = u32(catches.size());
  label.region_begin = out_.position();
}

void Lowering::add_handler(const wasm::CatchClause& clause) {
  const ControlFrame& target = state_->label(clause.label);
  const u32 number = u32(handlers_.size());
  const u32 slot = label_base(target);
  handlers_.push_back({.kind = clause.kind, .tag = clause.tag, .target = 0, .slot = slot});
  stack_.reserve(slot + runtime::slot_count(target.label_types()));
  Label& label = labels_[target.index];
  if (label.start != none) {
    handlers_[number].target = label.start;
  } else {
    fixups_.push_back({Fixup::Kind::handler, number, 0, label.fixups});
    label.fixups = u32(fixups_.size()) - 1;
  }
}

void Lowering::else_(const ControlFrame& frame) {
  Label& label = labels_.back();
  if (state_->reachable()) {
    settle();
    stack_.flush();
    const u32 at = emit_wide(SlotOp::jump, 0, 0, 0);
    link(label.fixups, at, 2 * at + 3);
  }
  resolve(label.else_fixups);
  stack_.truncate(label.height);
  push_homes(frame.type.params());
  land();
  begin_segment();
}

void Lowering::end(const ControlFrame& frame) {
  const bool reachable = state_->reachable();
  if (reachable) settle();
  Label& label = labels_.back();
  if (frame.kind == ControlFrame::Kind::function) {
    if (reachable) emit_return();
    // Only handlers of exceptions have a place outside of the function for their target.
    if (label.fixups != none) {
      resolve(label.fixups);
      emit(SlotOp::return_none);
    }
    labels_.pop_back();
    return;
  }
  const bool is_target = label.fixups != none || label.else_fixups != none;
  if (reachable && is_target) stack_.flush();
  if (label.handler_count != 0) {
    regions_.push_back({label.region_begin, out_.position(), label.first_handler, label.handler_count});
  }
  resolve(label.else_fixups);
  resolve(label.fixups);
  if (!reachable || is_target) {
    stack_.truncate(label.height);
    push_homes(frame.type.results());
    land();
  }
  if (label.start != none) loop_ranges_[label.loop].end = out_.position();
  labels_.pop_back();
  begin_segment();
}

/// Code here is reached from more than one place.
void Lowering::land() {
  stack_.spill_accumulators();
  stack_.forget_accumulators();
}

void Lowering::link(u32& list, u32 at, u32 half) {
  fixups_.push_back({Fixup::Kind::half_word, half, at, list});
  list = u32(fixups_.size()) - 1;
}

void Lowering::resolve(u32& list) {
  const u32 here = out_.position();
  for (u32 i = list; i != none; i = fixups_[i].next) {
    const Fixup& fixup = fixups_[i];
    if (fixup.kind == Fixup::Kind::handler) {
      handlers_[fixup.at].target = here;
    } else {
      out_.set_half(fixup.at, here - fixup.base);
    }
  }
  list = none;
}

/// The first home of what a branch carries; the function's results go to the frame's start.
u32 Lowering::label_base(const ControlFrame& target) const {
  return target.index == 0 ? 0 : locals_end_ + target.slot_height;
}

void Lowering::emit_jump(u32 label_index) {
  Label& label = labels_[label_index];
  if (label.start != none) {
    const u32 at = emit_wide(variant(SlotOp::jump, 1), 0, 0, 0);
    out_.set_wide(at, label.start - at);
  } else {
    const u32 at = emit_wide(SlotOp::jump, 0, 0, 0);
    link(label.fixups, at, 2 * at + 3);
  }
}

/// A comparison, if the last instruction was one, else the i32 on top.
Lowering::Condition Lowering::take_condition() {
  Condition condition;
  if (comparison_) {
    condition.comparison = *comparison_;
    comparison_.reset();
    return condition;
  }
  if (stack_.is_constant(0)) stack_.ensure_home(0);
  condition.value = stack_.pop();
  return condition;
}

u32 Lowering::emit_condition(const Condition& condition, bool when, bool backward) {
  if (condition.comparison) return emit_compare_branch(*condition.comparison, when, backward);
  const u32 number = (backward ? 1 : 0) | (condition.value.can_be_acc() ? 2 : 0);
  return emit_wide(variant(when ? SlotOp::br_if_nonzero : SlotOp::br_if_zero, number), condition.value.slot, 0, 0);
}

u32 Lowering::emit_compare_branch(const Comparison& c, bool when, bool backward) {
  const bool expected = when != c.negate;
  const SlotForm& f = form(c.op);
  const bool is_float = c.a.rep == Rep::f32 || c.a.rep == Rep::f64;
  const Op equal = Op::i32_eq;
  const Op not_equal = Op::i32_ne;
  if ((c.op == equal || c.op == not_equal) && c.b.is_immediate() && u32(c.b.bits) == 0) {
    const bool when_zero = (c.op == equal) == expected;
    return emit_condition({.comparison = {}, .value = c.a}, !when_zero, backward);
  }
  const u32 places = (c.a.can_be_acc() ? 1 : 0) + (c.b.is_immediate() ? 2 : 0);
  SlotOp op = SlotOp::none;
  if (is_float) {
    op = variant(f.branch, (backward ? 1 : 0) | (expected ? 0 : 2) | places << 2);
  } else {
    op = variant(form(expected ? c.op : opposite(c.op)).branch, (backward ? 1 : 0) | places << 1);
  }
  const u32 at = emit_wide(op, c.a.slot, c.b.slot, 0);
  if (c.b.is_immediate()) out_.append_word(c.b.bits);
  return at;
}

/// The end of a counting loop: the last instruction adds a constant to a local, and the loop repeats unless that has
/// reached a limit. Both become one.
bool Lowering::emit_increment_branch(const Condition& condition, bool when, u32 target) {
  Operand counter = condition.value;
  Operand limit{.place = Place::immediate};
  bool unless_equal = when;
  if (condition.comparison) {
    const Comparison& c = *condition.comparison;
    if (c.op != Op::i32_eq && c.op != Op::i32_ne) return false;
    unless_equal = (c.op == Op::i32_ne) == (when != c.negate);
    counter = c.a;
    limit = c.b;
  }
  if (!unless_equal || counter.place != Place::slot || limit.place == Place::acc) return false;
  if (limit.place == Place::slot && limit.slot == counter.slot) return false;
  const std::optional<OperandStack::Producer> add = stack_.last_producer_to(counter.slot, Rep::i32);
  const SlotOp with_constant = variant(SlotOp::i32_add, 2 * 2);
  if (!add || add->op != with_constant || !out_.is_at(add->at, variant(with_constant, result_to_slot)) ||
      out_.field(add->at, 0) != counter.slot || out_.field(add->at, 1) != counter.slot) {
    return false;
  }
  const u32 step = out_.wide(add->at);
  take_back(add->at);
  const bool in_slot = !limit.is_immediate();
  const u32 at = emit_wide(variant(SlotOp::increment_br_if_ne, in_slot ? 1 : 0), counter.slot, limit.slot, 0);
  out_.set_wide(at, target - at);
  out_.append_word(u64(step) | limit.bits << 32);
  return true;
}

void Lowering::emit_branch(const Condition& condition, bool when, u32 label_index) {
  Label& label = labels_[label_index];
  const bool backward = label.start != none;
  if (backward && emit_increment_branch(condition, when, label.start)) return;
  const u32 at = emit_condition(condition, when, backward);
  if (backward) {
    out_.set_wide(at, label.start - at);
  } else {
    link(label.fixups, at, 2 * at + 3);
  }
}

/// A conditional branch that carries what is on top, which stays there if it is not taken.
void Lowering::branch_on(const Condition& condition, bool when, const Branch& branch) {
  const u32 count = u32(branch.target.label_types().size());
  const bool in_place = branch.target.index != 0 && (count == 0 || stack_.home(count - 1) == label_base(branch.target));
  if (in_place || count > 1) stack_.ensure_homes(count);
  if (in_place) {
    emit_branch(condition, when, branch.target.index);
  } else {
    const u32 at = emit_condition(condition, !when, false);
    if (branch.target.index == 0) {
      emit_return();
    } else {
      stack_.copy_top(label_base(branch.target), count);
      emit_jump(branch.target.index);
    }
    out_.set_wide(at, out_.position() - at);
  }
  begin_segment();
}

void Lowering::br(const Branch& branch) {
  settle();
  see();
  branch_away(branch.target);
}

void Lowering::branch_away(const ControlFrame& target) {
  if (target.index == 0) return emit_return();
  const u32 count = u32(target.label_types().size());
  if (count == 1) {
    stack_.move_to(label_base(target), stack_.pop());
  } else if (count > 1) {
    stack_.ensure_homes(count);
    stack_.copy_top(label_base(target), count);
  }
  emit_jump(target.index);
}

void Lowering::br_if(const Branch& branch) {
  see();
  branch_on(take_condition(), true, branch);
}

void Lowering::br_table(std::span<const u32> labels) {
  settle();
  see();
  if (stack_.is_constant(0)) stack_.ensure_home(0);
  const Operand index = stack_.pop();
  const u32 count = u32(state_->label(labels.back()).label_types().size());
  stack_.ensure_homes(count);
  const bool backward =
      std::ranges::any_of(labels, [&](u32 l) { return labels_[state_->label(l).index].start != none; });
  const u32 number = (backward ? 1 : 0) | (index.can_be_acc() ? 2 : 0);
  const u32 at = emit_wide(variant(SlotOp::br_table, number), index.slot, 0, u32(labels.size()) - 1);
  for (usize i = 0; i < labels.size(); i += 2) out_.append_word(0);
  // Targets for which operands have to move, and the function itself, are reached by way of code behind the table.
  std::vector<u32> detours;
  for (u32 i = 0; i < labels.size(); ++i) {
    const ControlFrame& target = state_->label(labels[i]);
    Label& label = labels_[target.index];
    const u32 half = 2 * (at + 2) + i;
    const bool in_place = target.index != 0 && (count == 0 || stack_.home(count - 1) == label_base(target));
    if (!in_place) {
      if (label.detour == none) detours.push_back(labels[i]);
      link(label.detour, at, half);
    } else if (label.start != none) {
      out_.set_half(half, label.start - at);
    } else {
      link(label.fixups, at, half);
    }
  }
  for (const u32 detour : detours) {
    const ControlFrame& target = state_->label(detour);
    resolve(labels_[target.index].detour);
    if (target.index == 0) {
      emit_return();
    } else {
      stack_.copy_top(label_base(target), count);
      emit_jump(target.index);
    }
  }
}

void Lowering::return_() {
  settle();
  see();
  emit_return();
}

/// The results stay on the stack: where the return is conditional, they are needed.
void Lowering::emit_return() {
  const std::span<const ValType> results = state_->type().results;
  if (results.empty()) {
    emit(SlotOp::return_none);
  } else if (results.size() == 1) {
    emit_single_return(rep_of(results[0]));
  } else {
    stack_.ensure_homes(u32(results.size()));
    stack_.copy_top(0, u32(results.size()));
    emit(SlotOp::return_none);
  }
}

void Lowering::emit_single_return(Rep rep) {
  constexpr SlotOp from_slot[] = {SlotOp::return_slot32, SlotOp::return_slot64, SlotOp::return_slot32,
                                  SlotOp::return_slot64, SlotOp::return_slot128};
  constexpr SlotOp from_acc[] = {SlotOp::return_acc, SlotOp::return_acc, SlotOp::return_vacc32, SlotOp::return_vacc64,
                                 SlotOp::return_vacc128};
  const Operand value = stack_.peek(0);
  if (value.is_immediate()) {
    emit(SlotOp::return_const);
    out_.append_word(value.bits);
  } else if (value.can_be_acc()) {
    emit(from_acc[u32(rep)]);
  } else if (value.slot == 0) {
    emit(SlotOp::return_none);
  } else {
    emit(from_slot[u32(rep)], 0, value.slot);
  }
}

void Lowering::br_on_null(const Branch& branch, ValType) {
  settle();
  see();
  stack_.ensure_slot(0);
  const Operand ref = stack_.pop();
  const Operand null{.place = Place::immediate, .rep = Rep::i64};
  branch_on({.comparison = Comparison{.op = Op::i64_eq, .a = ref, .b = null}, .value = {}}, true, branch);
  stack_.push_again(ref, locals_end_);
}

void Lowering::br_on_non_null(const Branch& branch, ValType) {
  settle();
  see();
  stack_.ensure_slot(0);
  const Operand ref = stack_.peek(0);
  const Operand null{.place = Place::immediate, .rep = Rep::i64};
  branch_on({.comparison = Comparison{.op = Op::i64_ne, .a = ref, .b = null}, .value = {}}, true, branch);
  stack_.pop();
}

void Lowering::br_on_cast(Op op, const Branch& branch, const wasm::Imm& imm) {
  settle();
  see();
  stack_.ensure_home(0);
  stack_.push_copy();
  const ValType result = ValType::i32();
  emit_libcall(runtime::LibcallId::ref_test, 1, {&result, 1}, std::bit_cast<u64>(imm.target_ref));
  const Operand matches = stack_.pop();
  branch_on({.comparison = {}, .value = matches}, op == Op::br_on_cast, branch);
}

}  // namespace wisp::interp
