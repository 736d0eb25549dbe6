#pragma once

#include <optional>

#include "interp/function_code.hpp"
#include "interp/operand_stack.hpp"
#include "runtime/call_sites.hpp"
#include "runtime/libcalls.hpp"
#include "runtime/objects.hpp"
#include "wasm/body_validator.hpp"

namespace wisp::interp {

/// What lowering needs to know of the rest of the module's code.
struct LoweringContext {
  const wasm::Module& module;
  const runtime::StructLayouts& layouts;
  /// Where functions are entered: cells of this size, by FuncIndex minus the imported ones.
  const void* cells;
  u32 cell_bytes = sizeof(void*);
  bool fuel = false;
  Encoding encoding = Encoding::handlers;
  /// Code counts how often it is used (SlotOp::count_use).
  bool counts_uses = false;
  /// Code looks whether it is to stop; of Encoding::numbers only.
  bool interruptible = true;
  /// Calls can be seen while they last (runtime::ActiveCall).
  bool linked_calls = false;
  /// Where calls through tables note their callees; null if they do not.
  runtime::CallSites* call_sites = nullptr;

  Word cell_address(FuncIndex function) const {
    return reinterpret_cast<Word>(cells) + u64{function.value - module.imported_functions} * cell_bytes;
  }
};

/// The comparison of integers that is true where this one is not.
wasm::Op opposite(wasm::Op op);

/// Turns bodies into slot code, one after the other: a sink of the validator. Its buffers stay.
class Lowering {
 public:
  static constexpr bool wants_unreachable = false;

  explicit Lowering(const LoweringContext& context)
      : context_(context),
        has_fast_memory_(!context.module.memories.empty() && !context.module.memories[0].limits.is_64),
        out_(context.encoding) {}

  /// The code of the body that has just been validated.
  FunctionCode take();
  /// The code of a body that has just turned out not to be valid at `offset`: the trap `invalid_function`.
  FunctionCode take_invalid(FuncIndex function, u64 offset);
  /// Notes the origin of every instruction from now on, until called with null.
  void record_origins(std::vector<Origin>* origins) { origins_ = origins; }

  // The sink.
  void begin(const wasm::BodyState& state);
  template <wasm::PlainRule rule>
  void plain(wasm::Op op, const wasm::Imm& imm);
  void typed(wasm::Op op, const wasm::Imm& imm, std::span<const wasm::ValType> operands,
             std::span<const wasm::ValType> results);
  void drop(wasm::ValType type);
  void select(wasm::ValType type);
  void local_get(LocalIndex local, wasm::ValType type);
  void local_set(LocalIndex local, wasm::ValType type);
  void local_tee(LocalIndex local, wasm::ValType type);
  void block(const wasm::BlockType& type);
  void loop(const wasm::BlockType& type);
  void if_(const wasm::BlockType& type);
  void try_table(const wasm::BlockType& type, std::span<const wasm::CatchClause> catches);
  void else_(const wasm::ControlFrame& frame);
  void end(const wasm::ControlFrame& frame);
  void unreachable();
  void br(const wasm::Branch& branch);
  void br_if(const wasm::Branch& branch);
  void br_table(std::span<const u32> labels);
  void return_();
  void br_on_null(const wasm::Branch& branch, wasm::ValType operand);
  void br_on_non_null(const wasm::Branch& branch, wasm::ValType operand);
  void br_on_cast(wasm::Op op, const wasm::Branch& branch, const wasm::Imm& imm);
  void call(FuncIndex function, const wasm::FuncType& type);
  void call_indirect(TableIndex table, TypeIndex index, const wasm::FuncType& type);
  void call_ref(TypeIndex index, const wasm::FuncType& type);
  void return_call(FuncIndex function, const wasm::FuncType& type);
  void return_call_indirect(TableIndex table, TypeIndex index, const wasm::FuncType& type);
  void return_call_ref(TypeIndex index, const wasm::FuncType& type);
  void throw_(TagIndex tag, const wasm::FuncType& type);
  void throw_ref();

 private:
  void become_trap(TrapReason reason);
  void give_words(FunctionCode& code) const;
  static constexpr u32 none = ~u32{0};

  /// A place in the code, or a catch handler, that waits for a label's position.
  struct Fixup {
    enum class Kind : u8 { half_word, handler } kind;
    u32 at;    // the half word, or the handler's number
    u32 base;  // of a half word: the instruction that it counts from
    u32 next;
  };
  /// What lowering knows of an open construct, beside its ControlFrame.
  struct Label {
    u32 fixups = none;
    u32 height = 0;           // operands below its parameters
    u32 start = none;         // of a loop: its first word
    u32 loop = 0;             // and its number
    u32 else_fixups = none;   // of an if
    u32 detour = none;        // entries of the br_table being written that go there by way of other code
    u32 region_begin = none;  // of a try_table
    u32 first_handler = 0;
    u32 handler_count = 0;
  };
  /// A comparison that has not been written yet: the next instruction may be a branch on it.
  struct Comparison {
    wasm::Op op;
    bool negate = false;
    Operand a;
    Operand b;
  };
  /// What a branch depends on: a comparison, or an i32.
  struct Condition {
    std::optional<Comparison> comparison;
    Operand value;
  };

  // lowering.cpp
  std::vector<LocalClass> classify_locals() const;
  /// Called at each instruction but those that can use a pending comparison.
  void settle() {
    if (comparison_) write_comparison();
  }
  void write_comparison();
  /// At each instruction: what it costs.
  void see(u32 cost = 1) { segment_cost_ += cost; }
  void begin_segment();
  void end_segment();
  void count_use(bool of_loop);
  [[gnu::always_inline]] u32 emit(SlotOp op, u32 f0 = 0, u32 f1 = 0, u32 f2 = 0, u32 f3 = 0) {
    note_origin();
    return out_.append(op, f0, f1, f2, f3);
  }
  [[gnu::always_inline]] u32 emit_wide(SlotOp op, u32 f0, u32 f1, u32 wide) {
    note_origin();
    return out_.append_wide(op, f0, f1, wide);
  }
  void note_origin() {
    if (origins_ != nullptr) [[unlikely]]
      add_origin();
  }
  [[gnu::noinline]] void add_origin();
  /// Operands are popped, results pushed to their homes.
  void emit_libcall(runtime::LibcallId id, u32 operands, std::span<const wasm::ValType> results, u64 first = 0,
                    u64 second = 0);
  [[gnu::always_inline]] void push_result(Rep rep, u32 at, SlotOp op) { stack_.push_result(rep, at, op); }

  /// An address or sum that was to be computed by the last instruction: (x << shift) + y.
  struct Sum {
    bool x_in_acc;
    u32 x = 0;
    u32 shift = 0;
    std::optional<u32> y;  // a slot; else
    u32 constant = 0;
  };
  /// Takes the instruction back that made the operand, if it was such a sum and the last one.
  std::optional<Sum> take_sum(const Operand& operand);
  void take_back(u32 at);

  // lower_plain.cpp
  void lower(wasm::Op op, const wasm::Imm& imm);
  void lower_other(wasm::Op op, const wasm::Imm& imm);
  void lower_unary(wasm::Op op, Rep result);
  void lower_binary(wasm::Op op, Rep result, bool commutative);
  void emit_binary(SlotOp op, u32 number, const Operand& a, const Operand& b, Rep result);
  bool lower_shifted_add(const Operand& shifted, const Operand& base);
  void lower_comparison(wasm::Op op);
  void lower_eqz(wasm::Op op);
  void lower_wide(wasm::Op op);
  void lower_vector(wasm::Op op, const wasm::Imm& imm, Rep result);

  // lower_memory.cpp
  void lower_load(const SlotForm& f, const wasm::Imm& imm);
  void lower_store(const SlotForm& f, const wasm::Imm& imm);
  void lower_any(wasm::Op op, const wasm::Imm& imm);
  void lower_wait(wasm::Op op, const wasm::Imm& imm);
  /// Folds a constant address into the offset, where memory 0 is meant and the sum fits.
  std::optional<u32> constant_address(u32 from_top, const wasm::MemArg& memarg) const;
  bool is_fast(const wasm::MemArg& memarg) const {
    return memarg.memory.value == 0 && has_fast_memory_ && memarg.offset <= limits::address_offset;
  }

  // lower_typed.cpp
  bool lower_object(wasm::Op op, const wasm::Imm& imm);
  void lower_global_get(const wasm::Imm& imm, wasm::ValType type);
  void lower_global_set(const wasm::Imm& imm, wasm::ValType type);
  void lower_table(wasm::Op op, const wasm::Imm& imm);
  void lower_libcall(wasm::Op op, const wasm::Imm& imm, u32 operands, std::span<const wasm::ValType> results);
  void lower_get(SlotOp op, u32 operands, u32 wide, Rep result);
  void lower_set(SlotOp op, u32 operands, u32 wide);
  void lower_null_check(TrapReason reason);

  // lower_control.cpp
  Label& push_label(std::span<const wasm::ValType> params);
  void link(u32& list, u32 at, u32 half);
  void resolve(u32& list);
  void land();
  void emit_jump(u32 label_index);
  bool emit_increment_branch(const Condition& condition, bool when, u32 target);
  void emit_branch(const Condition& condition, bool when, u32 label_index);
  u32 emit_condition(const Condition& condition, bool when, bool backward);
  u32 emit_compare_branch(const Comparison& comparison, bool when, bool backward);
  Condition take_condition();
  void branch_on(const Condition& condition, bool when, const wasm::Branch& branch);
  void branch_away(const wasm::ControlFrame& target);
  u32 label_base(const wasm::ControlFrame& target) const;
  void emit_return();
  void emit_single_return(Rep rep);
  void push_homes(std::span<const wasm::ValType> types);
  void add_handler(const wasm::CatchClause& clause);

  // lower_calls.cpp
  u32 prepare_call(const wasm::FuncType& type);
  void finish_call(const wasm::FuncType& type);

  LoweringContext context_;
  bool has_fast_memory_;  // memory 0 has fast loads and stores
  const wasm::BodyState* state_ = nullptr;
  Emitter out_;
  OperandStack stack_{out_};
  struct Local {
    u32 slot;
    Rep rep;
  };
  Buffer<Local> locals_;
  u32 locals_end_ = 0;  // first slot above the locals
  Buffer<LoopRange> loop_ranges_;
  std::vector<Origin> loops_;
  Buffer<Label> labels_;
  Buffer<Fixup> fixups_;
  std::vector<TryRegion> regions_;
  std::vector<CatchHandler> handlers_;
  Buffer<u32> frame_size_uses_;  // instructions whose field 1 is to be the frame's size
  std::optional<Comparison> comparison_;
  u32 segment_at_ = none;
  u64 segment_cost_ = 0;
  std::vector<Origin>* origins_ = nullptr;
};

// The most frequent instructions write nothing: they are inlined into the validator.

template <wasm::PlainRule rule>
inline void Lowering::plain(wasm::Op op, const wasm::Imm& imm) {
  using wasm::Immediate;
  constexpr Immediate kind = rule.immediate;
  if constexpr (kind == Immediate::i32 || kind == Immediate::i64 || kind == Immediate::f32 || kind == Immediate::f64) {
    constexpr Rep reps[] = {Rep::i32, Rep::i64, Rep::f32, Rep::f64};
    settle();
    see();
    stack_.push_constant(reps[u32(kind) - u32(Immediate::i32)], kind == Immediate::i32 ? u32(imm.bits) : imm.bits);
  } else if constexpr (kind == Immediate::memarg || kind == Immediate::memarg_lane) {
    settle();
    see();
    const SlotForm& f = form(op);
    if (f.op == SlotOp::none || !is_fast(imm.memarg)) return lower_any(op, imm);
    // Fast ones either load or store.
    constexpr bool is_load = wasm::Signature(rule.signature).result_count != 0;
    is_load ? lower_load(f, imm) : lower_store(f, imm);
  } else {
    lower(op, imm);
  }
}

inline void Lowering::local_get(LocalIndex local, wasm::ValType) {
  settle();
  see();
  const Local& found = locals_[local.value];
  stack_.push_local(found.slot, found.rep);
}

}  // namespace wisp::interp
