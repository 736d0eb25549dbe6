#pragma once

#include <span>

#include "wasm/body_state.hpp"
#include "wasm/immediates.hpp"
#include "wasm/opcodes.hpp"

namespace wisp::wasm {

/// A branch, resolved: the label as written and the frame that it leaves or repeats.
struct Branch {
  u32 depth;                   // label index, counted from the innermost open frame
  const ControlFrame& target;  // valid during the call
};

/// The sink that ignores everything, and the list of what a sink must have. Validation forwards each instruction of a
/// body to a sink, which is a template parameter: calls are direct, and a call to an empty function costs nothing.
///
/// The protocol:
/// - `begin` comes first, then one call per instruction in order. The `end` whose frame is the function's comes last.
///   If the body turns out wrong, the calls stop: what a sink has made until then is to be thrown away.
/// - An instruction is reported when it is known to be valid and before it takes effect: its operands are still on the
///   stack of `state`, and the frame that it opens or closes is not yet opened, or is still open.
/// - Immediates have been checked: indices exist, alignments, lanes and labels are right.
/// - A sink with `wants_unreachable == false` hears nothing of code that cannot be reached: no instruction after an
///   unconditional branch, and no construct that opens there, its `else` and `end` included. The `else_` and `end` of a
///   construct that was reached are always reported; `state.reachable()` says whether control falls into them.
///   A sink with `wants_unreachable == true` hears every instruction. Where `!state.reachable()`, operands may be
///   missing from the stack, types may be `ValType::bottom()`, and the heights mean nothing.
///
/// Example: a sink that computes how many 8-byte slots a body needs for its operands.
///
///     struct SlotCounter : NullSink {
///       u32 slots = 0;
///       const BodyState* state = nullptr;
///       void begin(const BodyState& s) { state = &s; }
///       void see() { slots = std::max(slots, state->slot_height()); }
///       void plain(Op, const Imm&) { see(); }      // hides NullSink's; every other method likewise
///       void end(const ControlFrame&) { see(); }
///     };
///     SlotCounter counter;
///     WISP_TRY(validate_body(module, function, counter));
///
/// A sink may derive from NullSink and hide what it cares for, or, to be told by the compiler of every instruction that
/// it forgot, derive from nothing.
struct NullSink {
  static constexpr bool wants_unreachable = false;

  /// The body's locals are known. `state` lives until the last call and shows the stack at each of them.
  void begin(const BodyState& state) { (void)state; }

  /// An instruction whose signature in opcodes.def is not "*", nop included. Operands and results follow from the
  /// signature; `a` is the address type of the memory that the immediates name.
  /// A sink may have `template <PlainRule> void plain(Op, const Imm&)` instead, to be told when it is compiled what
  /// instructions share (body_validator.hpp).
  void plain(Op op, const Imm& imm) { (void)op, (void)imm; }

  /// An instruction that only takes operands and leaves results, whose types depend on its immediates or operands:
  /// global.*, table.*, elem.drop, memory.init/copy/fill, ref.*, struct.*, array.*, i31.*, any.convert_extern,
  /// extern.convert_any. `operands` are the types that it requires, `results` those that it leaves, deepest first.
  void typed(Op op, const Imm& imm, std::span<const ValType> operands, std::span<const ValType> results) {
    (void)op, (void)imm, (void)operands, (void)results;
  }

  void drop(ValType type) { (void)type; }
  /// Both forms of select; `type` is the operands' type.
  void select(ValType type) { (void)type; }
  void local_get(LocalIndex local, ValType type) { (void)local, (void)type; }
  void local_set(LocalIndex local, ValType type) { (void)local, (void)type; }
  void local_tee(LocalIndex local, ValType type) { (void)local, (void)type; }

  /// The parameters are on the stack; for if_, the condition is above them.
  void block(const BlockType& type) { (void)type; }
  void loop(const BlockType& type) { (void)type; }
  void if_(const BlockType& type) { (void)type; }
  /// Labels of the clauses count from outside of the construct that is about to open.
  void try_table(const BlockType& type, std::span<const CatchClause> catches) { (void)type, (void)catches; }
  /// The frame is the one of the `if`; where control falls into the else, its results are on the stack.
  void else_(const ControlFrame& frame) { (void)frame; }
  /// Where control falls into the end, the frame's results are on the stack. A frame of kind if_ has no else: its
  /// parameters are then its results.
  void end(const ControlFrame& frame) { (void)frame; }

  void unreachable() {}
  void br(const Branch& branch) { (void)branch; }
  void br_if(const Branch& branch) { (void)branch; }
  /// Label indices; the last one is the default. `state.label(i)` is the frame of each.
  void br_table(std::span<const u32> labels) { (void)labels; }
  void return_() {}
  /// `operand` is the type of the reference on top.
  void br_on_null(const Branch& branch, ValType operand) { (void)branch, (void)operand; }
  void br_on_non_null(const Branch& branch, ValType operand) { (void)branch, (void)operand; }
  /// br_on_cast and br_on_cast_fail, from `imm.ref` to `imm.target_ref`.
  void br_on_cast(Op op, const Branch& branch, const Imm& imm) { (void)op, (void)branch, (void)imm; }

  /// The arguments are on the stack; above them the table index of call_indirect, the reference of call_ref.
  void call(FuncIndex function, const FuncType& type) { (void)function, (void)type; }
  void call_indirect(TableIndex table, TypeIndex index, const FuncType& type) { (void)table, (void)index, (void)type; }
  void call_ref(TypeIndex index, const FuncType& type) { (void)index, (void)type; }
  void return_call(FuncIndex function, const FuncType& type) { (void)function, (void)type; }
  void return_call_indirect(TableIndex table, TypeIndex index, const FuncType& type) {
    (void)table, (void)index, (void)type;
  }
  void return_call_ref(TypeIndex index, const FuncType& type) { (void)index, (void)type; }

  void throw_(TagIndex tag, const FuncType& type) { (void)tag, (void)type; }
  void throw_ref() {}
};

}  // namespace wisp::wasm
