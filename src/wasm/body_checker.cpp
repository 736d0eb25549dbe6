#include "wasm/body_checker.hpp"

#include <algorithm>

#include "wasm/format.hpp"
#include "wasm/names.hpp"

namespace wisp::wasm {

namespace {

u32 slots_of(std::span<const ValType> types) {
  u32 slots = 0;
  for (const ValType type : types) slots += type.slots();
  return slots;
}

/// " $name" of a function, as the text format writes it; empty where it has no name that can be written as it is. The
/// module is not to be trusted: names are long, or move the cursor of a terminal.
std::string identifier_of(const Module& module, FuncIndex function) {
  constexpr usize longest = 100;
  const Names names = parse_names(module);
  std::string_view name = names.function(function);
  if (name.empty()) name = export_name(module, function);
  const bool is_plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
  return name.empty() || name.size() > longest || !is_plain ? std::string() : " $" + std::string(name);
}

}  // namespace

bool BodyChecker::begin_body(FuncIndex function) {
  const Body& body = module().body(function);
  function_ = function;
  type_ = module().functions[function.value];
  reader_.reset(body.code, body.offset);
  instruction_ = nullptr;
  if (!reader_.read_locals(type_->func.params.size(), declared_)) return false;

  // Enough for what the instructions can name cheaply, without paying for more locals than the body is long.
  constexpr u64 always_spelled_out = 64;
  locals_.reset(type_->func.params, declared_, always_spelled_out + 4 * body.code.size());
  set_locals_.clear();
  set_bits_.clear();
  const bool has_unset = std::ranges::any_of(declared_, [](LocalRun run) { return !run.type.is_defaultable(); });
  if (has_unset) set_bits_.resize(locals_.count() / 64 + 1);

  operands_.truncate(0);
  slot_height_ = 0;
  wide_values_ = 0;
  frames_.clear();
  live_ = true;
  instruction_ = reader_.position();
  frames_.push_back({.type = BlockType(type_)});
  base_ = 0;
  return true;
}

Error BodyChecker::body_error() {
  Error error = reader_.take_error();
  std::string where = "in function " + std::to_string(function_.value) + identifier_of(module(), function_);
  if (instruction_ != nullptr) {
    const Bytes body = module().body(function_).code;
    CodeReader again(module(), body.subspan(u64(instruction_ - body.data())), 0);
    Op op{};
    if (again.read_op(op)) where += ", at " + std::string(info(op).text);
  }
  error.message += " (" + where + ")";
  return error;
}

bool BodyChecker::invalid(std::string message) {
  return reader_.invalid(offset(), std::move(message));
}

bool BodyChecker::malformed(std::string message) {
  return reader_.malformed(offset(), std::move(message));
}

bool BodyChecker::unset_local(LocalIndex local) {
  return invalid("uninitialized local " + std::to_string(local.value));
}

bool BodyChecker::unknown_index(u32 index, std::string_view space) {
  return invalid("unknown " + std::string(space) + " " + std::to_string(index));
}

bool BodyChecker::too_many_operands() {
  return reader_.exceeds(offset(), limits::operand_depth, operands_.height() + u64{1});
}

bool BodyChecker::pass_on_many(usize values) {
  wide_values_ += values;
  return wide_values_ <= limits::wide_values.value || reader_.exceeds(offset(), limits::wide_values, wide_values_);
}

bool BodyChecker::mismatch(std::string_view who, std::span<const ValType> types) {
  std::vector<ValType> actual;
  const u32 shown = std::min(available(), u32(types.size()) + (who == "instruction" ? 0 : 1));
  for (u32 i = shown; i > 0; --i) actual.push_back(operands_.peek(i - 1));
  return invalid("type mismatch: " + std::string(who) + " requires " + to_string(types, &module()) + " but stack has " +
                 to_string(actual, &module()));
}

bool BodyChecker::does_not_match(std::string_view what, ValType sub, ValType super) {
  return invalid("type mismatch: " + std::string(what) + ", " + to_string(sub, &module()) + " does not match " +
                 to_string(super, &module()));
}

bool BodyChecker::match(std::span<const ValType> types, u32& popped, u32 skipped) {
  const u32 present = available() > skipped ? available() - skipped : 0;
  const u32 count = u32(types.size());
  const u32 found = std::min(present, count);
  popped = found + std::min(skipped, available());
  if (found < count && !frames_.back().unreachable) return mismatch("instruction", types);
  if (!pass_on(count)) return false;
  if (found == count && operands_.holds(popped, types)) return true;
  for (u32 i = 0; i < found; ++i) {
    const ValType actual = operands_.peek(skipped + i);
    const ValType expected = types[count - 1 - i];
    if (actual != expected && !matches(actual, expected)) return mismatch("instruction", types);
  }
  return true;
}

void BodyChecker::pop(u32 count) {
  for (u32 i = 0; i < count; ++i) slot_height_ -= operands_.peek(i).slots();
  operands_.pop(count);
}

bool BodyChecker::push(std::span<const ValType> types) {
  if (!pass_on(types.size())) return false;
  slot_height_ += slots_of(types);
  return operands_.push(types) || too_many_operands();
}

bool BodyChecker::check_local(LocalIndex local, ValType& type) {
  if (!check_index(local.value, locals_.count(), "local")) return false;
  type = locals_[local];
  return true;
}

bool BodyChecker::check_label(u32 label) {
  return label < frames_.size() || invalid("unknown label " + std::to_string(label));
}

bool BodyChecker::open_frame(ControlFrame::Kind kind, const BlockType& type, u32 popped) {
  if (frames_.size() >= limits::control_depth.value) {
    return reader_.exceeds(offset(), limits::control_depth, frames_.size() + 1);
  }
  pop(popped);
  frames_.push_back({.kind = kind,
                     .entered = live_,
                     .index = frames_.size(),
                     .height = operands_.height(),
                     .slot_height = slot_height_,
                     .type = type,
                     .set_locals = u32(set_locals_.size())});
  base_ = operands_.height();
  return push(type.params());
}

bool BodyChecker::check_frame_end() {
  const ControlFrame& frame = frames_.back();
  const std::span<const ValType> results = frame.type.results();
  const u32 found = available();
  if (found > results.size() || (found < results.size() && !frame.unreachable)) return mismatch("block", results);
  for (u32 i = 0; i < found; ++i) {
    if (!matches(operands_.peek(i), results[results.size() - 1 - i])) return mismatch("block", results);
  }
  return true;
}

bool BodyChecker::begin_else() {
  ControlFrame& frame = frames_.back();
  frame.kind = ControlFrame::Kind::else_;
  frame.unreachable = false;
  live_ = frame.entered;
  forget_set_locals(frame.set_locals);
  operands_.truncate(frame.height);
  slot_height_ = frame.slot_height;
  return push(frame.type.params());
}

bool BodyChecker::close_frame() {
  const ControlFrame frame = frames_.back();
  if (frame.kind == ControlFrame::Kind::if_) {
    // The missing else passes the parameters on.
    if (!std::ranges::equal(frame.type.params(), frame.type.results(),
                            [](ValType a, ValType b) { return matches(a, b); })) {
      return invalid("type mismatch: if without else requires " + to_string(frame.type.results(), &module()) +
                     " but has " + to_string(frame.type.params(), &module()));
    }
  }
  forget_set_locals(frame.set_locals);
  operands_.truncate(frame.height);
  slot_height_ = frame.slot_height;
  frames_.pop_back();
  if (frames_.empty()) return true;
  base_ = frames_.back().height;
  live_ = frames_.back().entered && !frames_.back().unreachable;
  return push(frame.type.results());
}

bool BodyChecker::check_body_end() {
  return reader_.at_end() || reader_.malformed(reader_.offset(), "section size mismatch");
}

void BodyChecker::set_unreachable() {
  operands_.truncate(base_);
  slot_height_ = frames_.back().slot_height;
  frames_.back().unreachable = true;
  live_ = false;
}

bool BodyChecker::is_set(LocalIndex local) const {
  return local.value < type().params.size() || (set_bits_[local.value / 64] >> (local.value % 64) & 1) != 0;
}

void BodyChecker::mark_set(LocalIndex local) {
  if (is_set(local)) return;
  set_bits_[local.value / 64] |= u64{1} << (local.value % 64);
  set_locals_.push_back(local);
}

void BodyChecker::forget_set_locals(u32 keep) {
  while (set_locals_.size() > keep) {
    const u32 local = set_locals_.back().value;
    set_bits_[local / 64] &= ~(u64{1} << (local % 64));
    set_locals_.pop_back();
  }
}

bool BodyChecker::check_memarg_slow(const MemArg& memarg, u8 flags, ValType& address) {
  if (!check_index(memarg.memory.value, module().memories.size(), "memory")) return false;
  const u32 natural = flags & OpFlags::align_mask;
  if (memarg.align_log2 > natural) return invalid("alignment must not be larger than natural");
  if ((flags & OpFlags::atomic) != 0 && memarg.align_log2 != natural)
    return invalid("atomic alignment must be natural");
  address = memory_address(memarg.memory.value);
  return address == ValType::i64() || memarg.offset <= ~u32{0} || invalid("offset out of range");
}

bool BodyChecker::check_data_segment() {
  if (!module().data_count) return malformed("data count section required");
  return check_index(reader_.imm().data.value, *module().data_count, "data segment");
}

bool BodyChecker::check_br_table() {
  u32 popped = 0;
  if (!match(ValType::i32(), popped)) return false;
  const std::span<const u32> labels = reader_.imm().labels;
  if (!check_label(labels.back())) return false;
  const usize arity = label(labels.back()).label_types().size();
  ++br_tables_;
  for (const u32 index : labels) {
    if (!check_label(index)) return false;
    // Each label's types are compared once, however often it is named.
    ControlFrame& frame = frames_[frames_.size() - 1 - index];
    if (frame.checked_by == br_tables_) continue;
    frame.checked_by = br_tables_;
    if (frame.label_types().size() != arity) return mismatch("instruction", frame.label_types());
    if (!match(frame.label_types(), popped, 1)) return false;
  }
  return true;
}

bool BodyChecker::check_catches() {
  for (const CatchClause& clause : reader_.imm().catches) {
    if (!check_label(clause.label)) return false;
    if (clause.has_tag() && !check_index(clause.tag.value, module().tags.size(), "tag")) return false;
    std::span<const ValType> params;
    if (clause.has_tag()) params = module().tags[clause.tag.value].type->func.params;
    const std::span<const ValType> types = label(clause.label).label_types();
    const usize count = params.size() + (clause.has_ref() ? 1 : 0);
    if (!pass_on(count)) return false;
    bool is_match = types.size() == count;
    for (usize i = 0; is_match && i < count; ++i) {
      is_match = matches(i < params.size() ? params[i] : ValType::ref(false, HeapKind::exn), types[i]);
    }
    if (is_match) continue;
    std::vector<ValType> given(params.begin(), params.end());
    if (clause.has_ref()) given.push_back(ValType::ref(false, HeapKind::exn));
    return invalid("type mismatch: label requires " + to_string(types, &module()) + " but catch handler has " +
                   to_string(given, &module()));
  }
  return true;
}

bool BodyChecker::peek_ref(ValType& type) {
  type = operand(0);
  if (available() == 0 && !frames_.back().unreachable) return mismatch("instruction", std::span(&type, 1));
  if (type.is_bottom()) type = ValType::ref(false, HeapKind::bottom);
  return type.is_ref() ||
         invalid("type mismatch: instruction requires reference type but stack has " + to_string(type, &module()));
}

bool BodyChecker::check_br_on_non_null(u32& popped) {
  const std::span<const ValType> types = label(reader_.imm().label).label_types();
  if (types.empty() || !types.back().is_ref()) {
    return invalid("type mismatch: instruction requires reference type but label has " + to_string(types, &module()));
  }
  return match(ValType::ref(true, types.back().heap()), popped) && match(types.first(types.size() - 1), popped, 1);
}

bool BodyChecker::check_br_on_cast(Op op, ValType& rest, u32& popped) {
  const ValType source = reader_.imm().ref;
  const ValType target = reader_.imm().target_ref;
  if (!matches(target, source)) return does_not_match("cast", target, source);
  // What fails the cast is not null if null passes it.
  const ValType failed = ValType::ref(source.nullable() && !target.nullable(), source.heap());
  const ValType taken = op == Op::br_on_cast ? target : failed;
  rest = op == Op::br_on_cast ? failed : target;
  const std::span<const ValType> types = label(reader_.imm().label).label_types();
  if (types.empty() || !matches(taken, types.back())) {
    return invalid("type mismatch: instruction requires type " + to_string(taken, &module()) + " but label has " +
                   to_string(types, &module()));
  }
  return match(source, popped) && match(types.first(types.size() - 1), popped, 1);
}

bool BodyChecker::check_tail_call(const FuncType& callee) {
  if (!pass_on(callee.results.size())) return false;
  if (std::ranges::equal(callee.results, type().results, [](ValType a, ValType b) { return matches(a, b); }))
    return true;
  return invalid("type mismatch: current function requires result type " + to_string(type().results, &module()) +
                 " but callee returns " + to_string(callee.results, &module()));
}

bool BodyChecker::check_call_indirect(u32& popped) {
  const Imm& imm = reader_.imm();
  if (!check_index(imm.table.value, module().tables.size(), "table")) return false;
  const TableType& table = module().tables[imm.table.value].type;
  if (!matches(table.element, ValType::funcref())) {
    return invalid("type mismatch: instruction requires table of function type but table has element type " +
                   to_string(table.element, &module()));
  }
  const DefType& type = *module().types[imm.type.value];
  if (type.kind != DefType::Kind::func) return invalid("non-function type " + std::to_string(imm.type.value));
  return match(table.limits.address_type(), popped) && match(type.func.params, popped, 1);
}

bool BodyChecker::check_call_ref(u32& popped) {
  const TypeIndex index = reader_.imm().type;
  const DefType* const type = module().types[index.value];
  if (type->kind != DefType::Kind::func) return invalid("non-function type " + std::to_string(index.value));
  return match(ValType::ref(true, HeapType(type)), popped) && match(type->func.params, popped, 1);
}

bool BodyChecker::check_select(ValType& type, u32& popped) {
  const std::array<ValType, 3> any{ValType::bottom(), ValType::bottom(), ValType::i32()};
  const ValType first = operand(2);
  const ValType second = operand(1);
  if (available() < any.size() && !frames_.back().unreachable) return mismatch("instruction", any);
  if (!match(ValType::i32(), popped)) return false;
  for (const ValType operand : {first, second}) {
    if (operand.is_ref()) {
      return invalid("type mismatch: instruction requires numeric or vector type but stack has " +
                     to_string(operand, &module()));
    }
  }
  type = first.is_bottom() ? second : first;
  const std::array<ValType, 2> operands{type, type};
  return match(operands, popped, 1);
}

bool BodyChecker::check_select_typed(ValType& type, u32& popped) {
  const std::span<const ValType> types = reader_.imm().types;
  if (types.size() != 1) return invalid("invalid result arity other than 1 is not allowed");
  type = types[0];
  const std::array<ValType, 3> operands{type, type, ValType::i32()};
  return match(operands, popped);
}

}  // namespace wisp::wasm
