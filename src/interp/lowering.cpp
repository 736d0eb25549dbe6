#include "interp/lowering.hpp"

#include <algorithm>

#include "runtime/limits.hpp"
#include "wasm/module.hpp"

namespace wisp::interp {

using runtime::LibcallId;
using wasm::ValType;

void Lowering::begin(const wasm::BodyState& state) {
  state_ = &state;
  out_.clear();
  labels_.clear();
  fixups_.clear();
  regions_.clear();
  handlers_.clear();
  frame_size_uses_.clear();
  comparison_.reset();
  loop_ranges_.clear();
  loops_.clear();
  locals_.clear();
  u32 slot = 0;
  u32 local = 0;
  for (const wasm::LocalTypes::Run& run : state.locals().runs()) {
    for (; local < run.end; ++local, slot += run.type.slots()) locals_.push_back({slot, rep_of(run.type)});
  }
  locals_end_ = slot;
  stack_.reset(slot);
  const u32 params = runtime::slot_count(state.type().params);
  const u32 zeroed = slot - params;
  emit(variant(SlotOp::enter, std::min(zeroed, 5u) + (context_.interruptible ? 0 : 6)), 0, params, zeroed);
  count_use(false);
  segment_at_ = none;
  begin_segment();
  labels_.push_back({});
}

FunctionCode Lowering::take() {
  end_segment();
  FunctionCode code;
  code.function = state_->function();
  const u32 results = runtime::slot_count(state_->type().results);
  code.frame_slots = std::max(stack_.max_slot(), results);
  if (code.frame_slots > runtime::limits::frame_slots) {
    become_trap(TrapReason::stack_overflow);
  } else {
    out_.set_field0(0, code.frame_slots);
    for (const u32 at : frame_size_uses_) out_.set_field1(at, code.frame_slots);
    code.loops = loops_;
    code.loop_ranges = {loop_ranges_.begin(), loop_ranges_.end()};
    if (!loop_ranges_.empty()) code.locals = classify_locals();
    code.regions = regions_;
    code.handlers = handlers_;
  }
  give_words(code);
  return code;
}

FunctionCode Lowering::take_invalid(FuncIndex function, u64 offset) {
  become_trap(TrapReason::invalid_function);
  if (origins_ != nullptr) origins_->push_back({0, offset});
  FunctionCode code;
  code.function = function;
  give_words(code);
  return code;
}

/// Instead of what has been lowered.
void Lowering::become_trap(TrapReason reason) {
  out_.clear();
  if (origins_ != nullptr) origins_->clear();
  out_.append_wide(SlotOp::trap, 0, 0, u32(reason));
}

void Lowering::give_words(FunctionCode& code) const {
  code.words = out_.code();
  if (context_.encoding == Encoding::numbers) return;
  code.owned_words = std::make_unique_for_overwrite<Word[]>(code.words.size());
  std::ranges::copy(code.words, code.owned_words.get());
  code.words = {code.owned_words.get(), code.words.size()};
}

std::vector<LocalClass> Lowering::classify_locals() const {
  std::vector<LocalClass> classes;
  u32 local = 0;
  for (const wasm::LocalTypes::Run& run : state_->locals().runs()) {
    const Rep rep = rep_of(run.type);
    const LocalClass one = rep == Rep::v128  ? LocalClass::vector
                           : rep <= Rep::i64 ? LocalClass::integer
                                             : LocalClass::floating;
    const usize first = classes.size();
    classes.insert(classes.end(), u64{run.end - local} * slots_of(rep), one);
    for (usize second = first + 1; rep == Rep::v128 && second < classes.size(); second += 2) {
      classes[second] = LocalClass::none;
    }
    local = run.end;
  }
  return classes;
}

void Lowering::write_comparison() {
  const Comparison c = *comparison_;
  comparison_.reset();
  const bool a_in_acc = c.a.can_be_acc();
  const u32 number = (a_in_acc ? 1 : 0) + (c.b.is_immediate() ? 2 : 0);
  emit_binary(form(c.op).op, number, c.a, c.b, Rep::i32);
  if (!c.negate) return;
  lower_eqz(wasm::Op::i32_eqz);
  settle();
}

void Lowering::count_use(bool of_loop) {
  if (!context_.counts_uses) return;
  if (of_loop) loops_.push_back({out_.position(), state_->offset()});
  emit(variant(SlotOp::count_use, of_loop ? 1 : 0));
  out_.append_word(context_.cell_address(state_->function()));
}

void Lowering::begin_segment() {
  if (!context_.fuel) return;
  end_segment();
  segment_at_ = emit_wide(SlotOp::consume_fuel, 0, 0, 0);
}

void Lowering::end_segment() {
  if (segment_at_ != none) out_.set_wide(segment_at_, u32(std::min<u64>(segment_cost_, ~u32{0})));
  segment_cost_ = 0;
}

void Lowering::add_origin() {
  origins_->push_back({out_.position(), state_->offset()});
}

void Lowering::emit_libcall(LibcallId id, u32 operands, std::span<const ValType> results, u64 first, u64 second) {
  stack_.ensure_homes(operands);
  stack_.spill_accumulators();
  const u32 slot = operands == 0 ? stack_.next_home() : stack_.home(operands - 1);
  const u32 at = emit(SlotOp::libcall, slot);
  frame_size_uses_.push_back(at);
  out_.append_word(reinterpret_cast<Word>(runtime::function_of(id)));
  out_.append_word(first);
  out_.append_word(second);
  stack_.forget_accumulators();
  stack_.drop(operands);
  push_homes(results);
}

std::optional<Lowering::Sum> Lowering::take_sum(const Operand& operand) {
  const std::optional<OperandStack::Producer> producer = stack_.last_producer(operand);
  if (!producer) return std::nullopt;
  const u32 at = producer->at;
  // The numbers of the variants: slot_code.hpp.
  constexpr SlotOp shl_slot = variant(SlotOp::i32_shl, 2 * 2);
  constexpr SlotOp shl_acc = variant(SlotOp::i32_shl, 2 * 4);
  constexpr SlotOp add_slots = variant(SlotOp::i32_add, 2 * 0);
  constexpr SlotOp add_acc = variant(SlotOp::i32_add, 2 * 1);
  constexpr SlotOp add_slot_constant = variant(SlotOp::i32_add, 2 * 2);
  constexpr SlotOp add_acc_constant = variant(SlotOp::i32_add, 2 * 3);
  constexpr SlotOp both_slots = SlotOp::i32_shl_add;
  constexpr SlotOp both_acc = variant(SlotOp::i32_shl_add, 2);
  const SlotOp op = producer->op;
  const bool x_in_acc = op == shl_acc || op == add_acc || op == add_acc_constant || op == both_acc;
  Sum sum{.x_in_acc = x_in_acc, .x = out_.field(at, 1), .y = {}};
  if (op == shl_slot || op == shl_acc) {
    sum.shift = out_.wide(at) & 31;
  } else if (op == add_slots || op == add_acc) {
    sum.y = out_.field(at, 2);
  } else if (op == add_slot_constant || op == add_acc_constant) {
    sum.constant = out_.wide(at);
  } else if (op == both_slots || op == both_acc) {
    sum.y = out_.field(at, 2);
    sum.shift = out_.field(at, 3);
  } else {
    return std::nullopt;
  }
  take_back(at);
  return sum;
}

void Lowering::take_back(u32 at) {
  out_.truncate(at);
  if (origins_ == nullptr) return;
  while (!origins_->empty() && origins_->back().word >= at) origins_->pop_back();
}

void Lowering::push_homes(std::span<const ValType> types) {
  for (const ValType type : types) stack_.push_home(rep_of(type));
}

void Lowering::drop(ValType) {
  settle();
  see();
  stack_.pop();
}

void Lowering::local_set(LocalIndex local, ValType) {
  settle();
  see();
  stack_.set_local(locals_[local.value].slot, locals_[local.value].rep, false);
}

void Lowering::local_tee(LocalIndex local, ValType) {
  settle();
  see();
  stack_.set_local(locals_[local.value].slot, locals_[local.value].rep, true);
}

void Lowering::select(ValType type) {
  settle();
  see();
  const Rep rep = rep_of(type);
  // Constants need a slot, but two of the cases of i32 take them as they are.
  const bool immediates = rep == Rep::i32;
  if (stack_.is_constant(0)) stack_.ensure_home(0);
  if (!immediates || !stack_.is_constant(1)) stack_.ensure_slot(1);
  if (!immediates || !stack_.is_constant(2)) stack_.ensure_slot(2);
  const Operand condition = stack_.pop();
  const Operand b = stack_.pop();
  const Operand a = stack_.pop();
  constexpr SlotOp ops[] = {SlotOp::select_i32, SlotOp::select_i64, SlotOp::select_f32, SlotOp::select_f64,
                            SlotOp::select_v128};
  const u32 number = (condition.can_be_acc() ? 2 : 0) | (a.is_immediate() ? 4 : 0) | (b.is_immediate() ? 8 : 0);
  const SlotOp op = variant(ops[u32(rep)], number);
  const u32 at = emit(op, 0, a.slot, b.slot, condition.slot);
  if ((number & 12) != 0) out_.append_word(u64(u32(a.bits)) | b.bits << 32);
  push_result(rep, at, op);
}

void Lowering::unreachable() {
  settle();
  see();
  emit_wide(SlotOp::trap, 0, 0, u32(TrapReason::unreachable));
}

}  // namespace wisp::interp
