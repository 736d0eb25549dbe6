#pragma once

#include <optional>
#include <span>
#include <vector>

#include "llvm/object_module.hpp"
#include "runtime/limits.hpp"
#include "wasm/sink.hpp"

namespace wisp::llvm_tier {

using runtime::TrapReason;

/// What is known of a body before it is translated.
struct BodyFacts {
  /// It ends in calls that take its place; only the convention with slots can do that for any two types.
  bool has_tail_call = false;
  /// Functions of the module that it calls or likely calls, and whether it does nothing that would keep it from
  /// becoming part of others.
  std::vector<FuncIndex> callees;
  bool can_inline = true;
  u32 instructions = 0;
  /// Slots for its locals and operands. With more than a frame may have, it is not compiled in any tier.
  u32 slots = 0;
  bool fits_frame() const { return slots <= runtime::limits::frame_slots; }
  u32 locals = 0;
  /// Ways to places where ways meet, and the operands that they carry there.
  u64 ways = 0;
  u64 carried = 0;
  /// Values that are to be merged at most: each way may bring another one of each local.
  u64 merged_values() const { return ways * locals + carried; }
};
std::optional<BodyFacts> facts_of(ObjectModule& out, FuncIndex function);

/// Writes one body as a function of an ObjectModule: a sink of the validator. Operands are values; locals are stack
/// variables that LLVM turns into values. References live in slots of the frame as well (native.hpp): the frame holds
/// the locals that are references, the operands that are, and above them whatever is passed in slots.
class Translator {
 public:
  static constexpr bool wants_unreachable = false;

  Translator(ObjectModule& out, Entry entry) : out_(out), entry_(entry), b_(out.context()) {}

  ir::Function* function() const { return function_; }
  /// After the last call: whether everything that the body asked for could be done.
  bool finish();

  // The sink.
  void begin(const wasm::BodyState& state);
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
  using Value = ir::Value*;
  using Block = ir::BasicBlock*;

  struct Operand {
    Value value;
    bool is_ref;
    u32 refs_below;  // references among the operands below
  };
  struct Local {
    ir::AllocaInst* variable;
    wasm::ValType type;
    u32 slot = 0;  // of a reference
  };
  /// What translation knows of an open construct, beside its ControlFrame.
  struct Label {
    Block target;                       // where branches to it go
    std::vector<ir::PHINode*> carried;  // what they carry
    Block else_block = nullptr;         // of an if
    std::vector<Operand> params;        // of an if: what its else begins with
    u32 height = 0;                     // operands below its parameters
    u32 settled = 0;                    // `settled_` when it opened
    Block handlers = nullptr;           // of a try_table: where exceptions go
    u32 outer_try = none;               // of a try_table: the label around it that has handlers
  };
  static constexpr u32 none = ~u32{0};

  // translator.cpp
  void see();
  Value pop();
  Value peek(u32 from_top) const { return stack_[stack_.size() - 1 - from_top].value; }
  void push(Value value, bool is_ref = false) { stack_.push_back({value, is_ref, refs_on_stack()}); }
  u32 refs_on_stack() const { return stack_.empty() ? 0 : stack_.back().refs_below + (stack_.back().is_ref ? 1 : 0); }
  void truncate(u32 height) {
    stack_.resize(height);
    settled_ = std::min(settled_, height);
  }
  void push(Value value, wasm::ValType type) { push(value, type.is_ref()); }
  void make_locals();
  void load_parameters();
  Value zero_of(wasm::ValType type) const;
  void set_local(Local& local, Value value);
  void check_frame();
  void leave(std::span<const Value> results);
  void leave_with(Value status);
  Block new_block(const char* name = "");
  void trap_if(Value condition, TrapReason reason);
  void trap(TrapReason reason);
  void trap_with(Value reason);
  void branch_unlikely(Value condition, Block rare, Block usual);

  // Slots of the frame. Numbers count slots.
  Value slot(u32 number) { return out_.at(b_, frame_, u64(number) * 8); }
  void need_slots(u32 count) { frame_slots_ = std::max(frame_slots_, count); }
  /// Brings the references among the operands to their slots; the first slot above them.
  u32 settle_refs();
  void set_stack_top(u32 slots);
  Value execution();

  // translate_control.cpp
  Label& push_label(std::span<const wasm::ValType> carried, u32 params);
  void add_phis(Label& label, std::span<const wasm::ValType> types);
  void carry(Label& label);
  void branch_to(const wasm::ControlFrame& target);
  void branch_if(Value condition, const wasm::Branch& branch);
  void begin_osr(u32 params);
  void join_osr_operands();
  void finish_label(Label& label, std::span<const wasm::ValType> types);
  void handle(const wasm::CatchClause& clause, Value exception, Block next);
  Value tag_value(wasm::ValType type, Value address) {
    return out_.load(b_, out_.type_of(type), address, Touches::object);
  }

  // translate_calls.cpp
  std::vector<Value> pop_arguments(const wasm::FuncType& type);
  void check_status(Value status);
  void leave_noted(Value status);
  void push_results(const wasm::FuncType& type, u32 base);
  void finish_call(Value outcome, const wasm::FuncType& type, u32 base);
  Value code_of(Value function, Value otherwise);
  Value call_any(Value function, const wasm::FuncType& type, std::span<const Value> arguments, u32 base);
  void call_function(Value function, const wasm::FuncType& type);
  void call_import(Value function, const wasm::FuncType& type);
  void tail_call_function(Value function, const wasm::FuncType& type);
  Value table_element(TableIndex table);
  Value checked(Value function, TypeIndex index);
  Value call_guest(FuncIndex function, std::span<const Value> arguments, u32 base);
  void throw_reference(Value exception);
  /// Operands are popped, results pushed.
  void emit_libcall(runtime::LibcallId id, u32 operands, std::span<const wasm::ValType> results, Value first = nullptr,
                    Value second = nullptr);

  // translate_plain.cpp
  Value compare(ir::CmpInst::Predicate predicate, Value a, Value b);
  bool integer(wasm::Op op);
  bool floating(wasm::Op op);
  bool conversion(wasm::Op op);
  void divide(wasm::Op op, bool is_signed, bool is_remainder);
  void truncate(ir::Type* to, bool is_signed);
  void truncate_sat(ir::Type* to, bool is_signed);
  void wide(wasm::Op op);
  Value quiet(Value value);
  Value extremum(ir::Intrinsic::ID id, Value a, Value b);
  Value intrinsic(ir::Intrinsic::ID id, std::initializer_list<Value> operands);
  void push_bool(Value condition) { push(b_.CreateZExt(condition, out_.i32())); }

  // translate_memory.cpp
  bool memory(wasm::Op op, const wasm::Imm& imm);
  bool vector_memory(wasm::Op op, const wasm::Imm& imm);
  Value locate(const wasm::MemArg& memarg, u64 bytes, bool is_atomic = false);
  Value memory_base(MemoryIndex memory);
  Value memory_view(MemoryIndex memory);
  Value memory_bytes(MemoryIndex memory);
  void move_ends(Value to, Value from, Value length, u64 width);
  void move_bytes(wasm::Op op, const wasm::Imm& imm);
  bool faults(MemoryIndex memory) const;
  bool is_volatile(MemoryIndex memory) const;
  Value load_from(const wasm::MemArg& memarg, ir::Type* type);
  void store_to(const wasm::MemArg& memarg, Value value);
  void load_extended(const wasm::MemArg& memarg, u32 bits, ir::Type* to, bool is_signed);
  void store_narrow(const wasm::MemArg& memarg, u32 bits);

  // translate_atomic.cpp
  bool atomic(wasm::Op op, const wasm::Imm& imm);
  Value locate_atomic(const wasm::MemArg& memarg, u32 bits);
  bool compare_exchange(const wasm::MemArg& memarg, ir::Type* raw, ir::Type* whole);

  // translate_vector.cpp, translate_vector_float.cpp
  bool vector(wasm::Op op, const wasm::Imm& imm);
  bool vector_integer(wasm::Op op);
  bool vector_widening(wasm::Op op);
  bool vector_float(wasm::Op op);
  bool vector_float_unary(wasm::Op op);
  bool vector_float_conversion(wasm::Op op);
  bool vector_lane(wasm::Op op, const wasm::Imm& imm);
  bool vector_bits(wasm::Op op);
  Value pop_vector(ir::FixedVectorType* type) { return b_.CreateBitCast(pop(), type); }
  void push_vector(Value value) { push(b_.CreateBitCast(value, out_.v128())); }
  ir::FixedVectorType* lanes(u32 bits) const;
  ir::FixedVectorType* float_lanes(u32 bits) const;
  Value shift_count(u32 bits, Value count);
  Value half(Value vector, bool is_high);
  Value every_second(Value vector, u32 first);
  Value widen(Value narrow, bool is_signed);

  // translate_objects.cpp
  bool object(wasm::Op op, const wasm::Imm& imm);
  bool table(wasm::Op op, const wasm::Imm& imm);
  void libcall(wasm::Op op, const wasm::Imm& imm, u32 operands, std::span<const wasm::ValType> results);
  void global_get(GlobalIndex global, wasm::ValType type);
  void global_set(GlobalIndex global);
  Value global_cell(GlobalIndex global, u32& number);
  Value table_view(TableIndex table);
  Value table_size(Value view, TableIndex table);
  Value table_elements(Value view, TableIndex table);
  void field_get(Value address, const wasm::StorageType& type, bool is_signed);
  void field_set(Value address, const wasm::StorageType& type, Value value);
  Value element(TypeIndex type, Value array, Value index);
  Value null_checked(Value ref, TrapReason reason);
  Value address_of(Value ref) { return b_.CreateIntToPtr(ref, out_.pointer()); }
  /// The bits of a reference type, made at run time: a defined type has another address in each process.
  Value type_bits(wasm::ValType type);
  Value is_of_type(Value ref, wasm::ValType type);
  Value function_at(FuncIndex function);
  Value type_at(TypeIndex type);

  ObjectModule& out_;
  Entry entry_;
  const wasm::BodyState* state_ = nullptr;
  ir::Function* function_ = nullptr;
  ir::IRBuilder<> b_;
  ir::DISubprogram* scope_ = nullptr;
  Value frame_ = nullptr;
  Value vm_ = nullptr;
  Value memory_ = nullptr;
  Block entry_block_ = nullptr;
  std::vector<Local> locals_;
  std::vector<Operand> stack_;
  std::vector<Label> labels_;
  u32 ref_locals_ = 0;
  u32 frame_slots_ = 0;
  u32 try_label_ = none;
  std::vector<std::pair<Value, Value>> osr_operands_;  // that waited where execution begins: as made, as found there
  u32 settled_ = 0;                                    // the references among so many operands are in their slots
  Block start_ = nullptr;  // where the body begins, and begins again when it calls itself in tail position
};

}  // namespace wisp::llvm_tier
