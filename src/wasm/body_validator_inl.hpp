#pragma once

#include <algorithm>

#include "wasm/body_validator.hpp"

namespace wisp::wasm {

template <class Sink>
constexpr auto BodyValidator<Sink>::make_handlers() {
  std::array<Handler, 256> handlers{};
  handlers.fill(&gated);
#define WISP_OP(code, enumerator, text, immediate, signature, feature, flags) \
  if constexpr (is_one_byte(Op::enumerator)) handlers[code] = make_handler<Op::enumerator>();
#include "wasm/opcodes.def"
#undef WISP_OP
  return handlers;
}

template <class Sink>
inline auto BodyValidator<Sink>::next() -> Handler {
  static constexpr std::array<Handler, 256> handlers = make_handlers();
  instruction_ = reader_.position();
  return reader_.at_end() ? &ended : handlers[u8(reader_.peek())];
}

template <class Sink>
bool BodyValidator<Sink>::instructions() {
  return next()(*this);
}

template <class Sink>
WISP_VALIDATOR_HANDLER bool BodyValidator<Sink>::ended(BodyValidator& self) {
  return self.reader_.unexpected_end();
}

template <class Sink>
template <Op op>
constexpr auto BodyValidator<Sink>::make_handler() -> Handler {
  if constexpr (info(op).is_polymorphic()) {
    return &handle<op>;
  } else {
    return &handle_plain<PlainRule(info(op))>;
  }
}

template <class Sink>
template <PlainRule rule>
WISP_VALIDATOR_HANDLER bool BodyValidator<Sink>::handle_plain(BodyValidator& self) {
  const Op op = CodeReader::mvp_op(*self.reader_.position());
  self.reader_.skip(1);
  if (!self.template plain<rule>(op)) return false;
  [[clang::musttail]] return self.next()(self);
}

template <class Sink>
template <Op op>
WISP_VALIDATOR_HANDLER bool BodyValidator<Sink>::handle(BodyValidator& self) {
  self.reader_.skip(1);
  if (!self.template step<op>()) return false;
  if constexpr (op == Op::end) {
    if (self.frames_.empty()) return self.check_body_end();
  }
  [[clang::musttail]] return self.next()(self);
}

template <class Sink>
WISP_VALIDATOR_HANDLER bool BodyValidator<Sink>::gated(BodyValidator& self) {
  if (!self.gated_instruction()) return false;
  [[clang::musttail]] return self.next()(self);
}

template <class Sink>
bool BodyValidator<Sink>::gated_instruction() {
  Op op{};
  if (!reader_.read_op(op)) return false;
  switch (op) {
#define WISP_OP(code, enumerator, text, immediate, signature, feature, flags)  \
  case Op::enumerator:                                                         \
    if constexpr (!is_one_byte(Op::enumerator)) return step<Op::enumerator>(); \
    break;
#include "wasm/opcodes.def"
#undef WISP_OP
  }
  WISP_UNREACHABLE();
}

template <class Sink>
template <Op op>
[[gnu::always_inline]] inline bool BodyValidator<Sink>::step() {
  if constexpr (!info(op).is_polymorphic()) return plain_out_of_line<PlainRule(info(op))>(op);
  if constexpr (op == Op::local_get) return local_get();
  if constexpr (op == Op::local_set) return local_set();
  if constexpr (op == Op::local_tee) return local_tee();
  if constexpr (op == Op::drop) return drop();
  if constexpr (op == Op::block || op == Op::loop || op == Op::if_) return open<op>();
  if constexpr (op == Op::end) return end();
  if constexpr (op == Op::br) return br();
  if constexpr (op == Op::br_if) return br_if();
  if constexpr (op == Op::call) return call(false);
  return special(op);
}

/// Everything that is not frequent enough for a place in the main switch.
template <class Sink>
[[gnu::noinline]] bool BodyValidator<Sink>::special(Op op) {
  switch (op) {
    case Op::select:
      return select(false);
    case Op::select_typed:
      return select(true);
    case Op::try_table:
      return try_table();
    case Op::else_:
      return else_();
    case Op::unreachable:
      if (heard()) sink_->unreachable();
      set_unreachable();
      return true;
    case Op::br_table:
      return br_table();
    case Op::return_:
      return return_();
    case Op::br_on_null:
      return br_on_null();
    case Op::br_on_non_null:
      return br_on_non_null();
    case Op::br_on_cast:
    case Op::br_on_cast_fail:
      return br_on_cast(op);
    case Op::return_call:
      return call(true);
    case Op::call_indirect:
      return call_indirect(false);
    case Op::return_call_indirect:
      return call_indirect(true);
    case Op::call_ref:
      return call_ref(false);
    case Op::return_call_ref:
      return call_ref(true);
    case Op::throw_:
      return throw_();
    case Op::throw_ref:
      return throw_ref();
    default:
      return typed(op);
  }
}

template <class Sink>
template <PlainRule rule>
inline bool BodyValidator<Sink>::check_plain_immediates([[maybe_unused]] ValType& address) {
  if constexpr (rule.immediate == Immediate::memarg || rule.immediate == Immediate::memarg_lane) {
    if (!check_memarg(imm().memarg, rule.flags, address)) return false;
  }
  if constexpr (rule.immediate == Immediate::memory) {
    if (!check_index(imm().memory.value, module().memories.size(), "memory")) return false;
    address = memory_address(imm().memory.value);
  }
  if constexpr (rule.lanes != 0) return imm().lane < rule.lanes || invalid("invalid lane index");
  if constexpr (rule.immediate == Immediate::shuffle) {
    return std::ranges::all_of(imm().v128, [](u8 lane) { return lane < 32; }) || invalid("invalid lane index");
  }
  if constexpr (rule.immediate == Immediate::data) return check_data_segment();
  if constexpr (rule.immediate == Immediate::elem) {
    return check_index(imm().elem.value, module().elems.size(), "elem segment");
  }
  return true;
}

/// Operands that are not exactly the signature's.
template <class Sink>
template <PlainRule rule>
bool BodyValidator<Sink>::match_plain(ValType address, u32& popped) {
  constexpr Signature signature(rule.signature);
  std::array<ValType, 4> operands = signature.operands;
  if (signature.has_address && operands[0].is_bottom()) operands[0] = address;
  return match(std::span(operands).first(signature.operand_count), popped);
}

template <class Sink>
template <PlainRule rule>
[[gnu::always_inline]] inline void BodyValidator<Sink>::tell_plain(Op op) {
  if (!heard()) return;
  if constexpr (requires { sink_->template plain<rule>(op, imm()); }) {
    sink_->template plain<rule>(op, imm());
  } else {
    sink_->plain(op, imm());
  }
}

template <class Sink>
template <PlainRule rule>
[[gnu::always_inline]] inline bool BodyValidator<Sink>::plain(Op op) {
  constexpr Signature signature(rule.signature);
  constexpr u32 count = signature.operand_count;
  ValType address;
  if (!reader_.template read<rule.immediate>() || !check_plain_immediates<rule>(address)) return false;
  auto type_of = [&](ValType type) { return signature.has_address && type.is_bottom() ? address : type; };

  bool is_exact = available() >= count;
  for (u32 i = 0; i < count; ++i) {
    is_exact = is_exact && operands_.peek(count - 1 - i) == type_of(signature.operands[i]);
  }
  if (is_exact) [[likely]] {
    tell_plain<rule>(op);
    operands_.pop(count);
  } else {
    u32 popped = 0;
    if (!match_plain<rule>(address, popped)) return false;
    tell_plain<rule>(op);
    operands_.pop(popped);
  }
  slot_height_ -= signature.operand_slots();
  for (u32 i = 0; i < signature.result_count; ++i) {
    if (!push(type_of(signature.results[i]))) return false;
  }
  return true;
}

template <class Sink>
bool BodyValidator<Sink>::typed(Op op) {
  u32 popped = 0;
  if (!typed_effect(op, effect_) || !match(effect_.operands, popped)) return false;
  if (heard()) sink_->typed(op, imm(), effect_.operands, effect_.results);
  return replace(popped, effect_.results);
}

template <class Sink>
[[gnu::always_inline]] inline bool BodyValidator<Sink>::read_local(ValType& type) {
  if (!reader_.template read<Immediate::local>()) return false;
  if (const ValType* const known = locals_.find_spelled_out(imm().local)) [[likely]] {
    type = *known;
    return true;
  }
  return check_local(imm().local, type);
}

template <class Sink>
[[gnu::always_inline]] inline bool BodyValidator<Sink>::local_get() {
  ValType type;
  if (!read_local(type)) return false;
  if (!check_local_is_set(imm().local, type)) return false;
  if (heard()) sink_->local_get(imm().local, type);
  return push(type);
}

template <class Sink>
[[gnu::always_inline]] inline bool BodyValidator<Sink>::local_set() {
  ValType type;
  u32 popped = 0;
  if (!read_local(type) || !match(type, popped)) return false;
  if (heard()) sink_->local_set(imm().local, type);
  mark_set(imm().local, type);
  pop(popped);
  return true;
}

template <class Sink>
[[gnu::always_inline]] inline bool BodyValidator<Sink>::local_tee() {
  ValType type;
  u32 popped = 0;
  if (!read_local(type) || !match(type, popped)) return false;
  if (heard()) sink_->local_tee(imm().local, type);
  mark_set(imm().local, type);
  pop(popped);
  return push(type);
}

template <class Sink>
inline bool BodyValidator<Sink>::drop() {
  const ValType type = operand(0);
  u32 popped = 1;
  // A missing operand is an error that `match` knows how to tell.
  if (available() == 0 && !match(ValType::bottom(), popped)) return false;
  if (heard()) sink_->drop(type);
  pop(popped);
  return true;
}

template <class Sink>
bool BodyValidator<Sink>::select(bool is_typed) {
  ValType type;
  u32 popped = 0;
  if (is_typed) {
    if (!reader_.template read<Immediate::select_types>() || !check_select_typed(type, popped)) return false;
  } else if (!check_select(type, popped)) {
    return false;
  }
  if (heard()) sink_->select(type);
  pop(popped);
  return push(type);
}

template <class Sink>
template <Op op>
bool BodyValidator<Sink>::open() {
  if (!reader_.template read<Immediate::block>()) return false;
  const BlockType& type = imm().block;
  u32 popped = 0;
  if (op == Op::if_ && !match(ValType::i32(), popped)) return false;
  if (!match(type.params(), popped, op == Op::if_ ? 1 : 0)) return false;
  if constexpr (op == Op::block) {
    if (heard()) sink_->block(type);
    return open_frame(ControlFrame::Kind::block, type, popped);
  } else if constexpr (op == Op::loop) {
    if (heard()) sink_->loop(type);
    return open_frame(ControlFrame::Kind::loop, type, popped);
  } else {
    if (heard()) sink_->if_(type);
    return open_frame(ControlFrame::Kind::if_, type, popped);
  }
}

template <class Sink>
bool BodyValidator<Sink>::try_table() {
  u32 popped = 0;
  if (!reader_.template read<Immediate::try_table>() || !check_catches()) return false;
  if (!match(imm().block.params(), popped)) return false;
  if (heard()) sink_->try_table(imm().block, imm().catches);
  return open_frame(ControlFrame::Kind::try_table, imm().block, popped);
}

template <class Sink>
bool BodyValidator<Sink>::else_() {
  if (frames_.back().kind != ControlFrame::Kind::if_) return malformed("END opcode expected");
  if (!check_frame_end()) return false;
  if (heard(frames_.back())) sink_->else_(frames_.back());
  return begin_else();
}

template <class Sink>
inline bool BodyValidator<Sink>::end() {
  if (!check_frame_end()) return false;
  if (heard(frames_.back())) sink_->end(frames_.back());
  return close_frame();
}

template <class Sink>
inline bool BodyValidator<Sink>::br() {
  u32 popped = 0;
  if (!reader_.template read<Immediate::label>() || !check_label(imm().label)) return false;
  if (!match(label(imm().label).label_types(), popped)) return false;
  if (heard()) sink_->br(branch(imm().label));
  set_unreachable();
  return true;
}

template <class Sink>
inline bool BodyValidator<Sink>::br_if() {
  u32 popped = 0;
  if (!reader_.template read<Immediate::label>() || !check_label(imm().label)) return false;
  if (!match(ValType::i32(), popped) || !match(label(imm().label).label_types(), popped, 1)) return false;
  if (heard()) sink_->br_if(branch(imm().label));
  return replace(popped, label(imm().label).label_types());
}

template <class Sink>
bool BodyValidator<Sink>::br_table() {
  if (!reader_.template read<Immediate::br_table>() || !check_br_table()) return false;
  if (heard()) sink_->br_table(imm().labels);
  set_unreachable();
  return true;
}

template <class Sink>
bool BodyValidator<Sink>::return_() {
  u32 popped = 0;
  if (!match(type().results, popped)) return false;
  if (heard()) sink_->return_();
  set_unreachable();
  return true;
}

template <class Sink>
bool BodyValidator<Sink>::br_on_null() {
  u32 popped = 0;
  ValType operand;
  if (!reader_.template read<Immediate::label>() || !check_label(imm().label) || !peek_ref(operand)) return false;
  if (!match(label(imm().label).label_types(), popped, 1)) return false;
  if (heard()) sink_->br_on_null(branch(imm().label), operand);
  return replace(popped, label(imm().label).label_types()) && push(ValType::ref(false, operand.heap()));
}

template <class Sink>
bool BodyValidator<Sink>::br_on_non_null() {
  u32 popped = 0;
  if (!reader_.template read<Immediate::label>() || !check_label(imm().label)) return false;
  if (!check_br_on_non_null(popped)) return false;
  if (heard()) sink_->br_on_non_null(branch(imm().label), operand(0));
  const std::span<const ValType> types = label(imm().label).label_types();
  return replace(popped, types.first(types.size() - 1));
}

template <class Sink>
bool BodyValidator<Sink>::br_on_cast(Op op) {
  u32 popped = 0;
  ValType rest;
  if (!reader_.template read<Immediate::br_on_cast>() || !check_label(imm().label)) return false;
  if (!check_br_on_cast(op, rest, popped)) return false;
  if (heard()) sink_->br_on_cast(op, branch(imm().label), imm());
  const std::span<const ValType> types = label(imm().label).label_types();
  return replace(popped, types.first(types.size() - 1)) && push(rest);
}

template <class Sink>
bool BodyValidator<Sink>::finish_call(const FuncType& type, u32 popped, bool is_tail_call) {
  if (!is_tail_call) return replace(popped, type.results);
  set_unreachable();
  return true;
}

template <class Sink>
bool BodyValidator<Sink>::call(bool is_tail_call) {
  u32 popped = 0;
  if (!reader_.template read<Immediate::func>()) return false;
  if (!check_index(imm().func.value, module().functions.size(), "function")) return false;
  const FuncType& type = module().functions[imm().func.value]->func;
  if ((is_tail_call && !check_tail_call(type)) || !match(type.params, popped)) return false;
  if (heard()) {
    if (is_tail_call) {
      sink_->return_call(imm().func, type);
    } else {
      sink_->call(imm().func, type);
    }
  }
  return finish_call(type, popped, is_tail_call);
}

template <class Sink>
bool BodyValidator<Sink>::call_indirect(bool is_tail_call) {
  u32 popped = 0;
  if (!reader_.template read<Immediate::call_indirect>() || !check_call_indirect(popped)) return false;
  const FuncType& type = module().types[imm().type.value]->func;
  if (is_tail_call && !check_tail_call(type)) return false;
  if (heard()) {
    if (is_tail_call) {
      sink_->return_call_indirect(imm().table, imm().type, type);
    } else {
      sink_->call_indirect(imm().table, imm().type, type);
    }
  }
  return finish_call(type, popped, is_tail_call);
}

template <class Sink>
bool BodyValidator<Sink>::call_ref(bool is_tail_call) {
  u32 popped = 0;
  if (!reader_.template read<Immediate::type>() || !check_call_ref(popped)) return false;
  const FuncType& type = module().types[imm().type.value]->func;
  if (is_tail_call && !check_tail_call(type)) return false;
  if (heard()) {
    if (is_tail_call) {
      sink_->return_call_ref(imm().type, type);
    } else {
      sink_->call_ref(imm().type, type);
    }
  }
  return finish_call(type, popped, is_tail_call);
}

template <class Sink>
bool BodyValidator<Sink>::throw_() {
  u32 popped = 0;
  if (!reader_.template read<Immediate::tag>()) return false;
  if (!check_index(imm().tag.value, module().tags.size(), "tag")) return false;
  const FuncType& type = module().tags[imm().tag.value].type->func;
  if (!match(type.params, popped)) return false;
  if (heard()) sink_->throw_(imm().tag, type);
  set_unreachable();
  return true;
}

template <class Sink>
bool BodyValidator<Sink>::throw_ref() {
  u32 popped = 0;
  if (!match(ValType::ref(true, HeapKind::exn), popped)) return false;
  if (heard()) sink_->throw_ref();
  set_unreachable();
  return true;
}

}  // namespace wisp::wasm
