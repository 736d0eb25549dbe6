#include "runtime/const_eval.hpp"

#include <cstring>

#include "runtime/libcalls.hpp"
#include "runtime/objects.hpp"
#include "wasm/const_expr.hpp"

namespace wisp::runtime {
namespace {

using wasm::Op;

/// Evaluates on the value stack, so that the collector sees the operands.
class Evaluator {
 public:
  Evaluator(VmContext& vm, const wasm::Module& module)
      : vm_(vm), execution_(*vm.execution), module_(module), bottom_(vm.execution->stack_top), top_(bottom_) {}
  ~Evaluator() { execution_.stack_top = bottom_; }
  Evaluator(const Evaluator&) = delete;

  TrapReason run(const wasm::ConstExpr& expression, const ConstValue*& value);

 private:
  TrapReason step(Op op, const wasm::Imm& imm);
  TrapReason push(u64 slot) {
    if (top_ == execution_.stack_limit) return TrapReason::stack_overflow;
    *top_++ = slot;
    return TrapReason::none;
  }
  TrapReason push(const u64* slots, u32 count) {
    TrapReason reason = push(slots[0]);
    if (reason == TrapReason::none && count == 2) reason = push(slots[1]);
    return reason;
  }
  template <class T, class F>
  TrapReason binary(F f) {
    --top_;
    top_[-1] = T(f(T(top_[-1]), T(top_[0])));
    return TrapReason::none;
  }
  /// Calls a libcall that takes `operands` slots and gives a reference.
  TrapReason make(Libcall libcall, u64 operands, u64 first, u64 second = 0) {
    // Without operands, the result still needs a slot.
    if (operands == 0 && top_ == execution_.stack_limit) return TrapReason::stack_overflow;
    execution_.stack_top = top_;
    u64* slots = top_ - operands;
    const TrapReason reason = libcall(vm_, slots, first, second);
    top_ = slots + 1;
    return reason;
  }
  TrapReason aggregate(Op op, const wasm::Imm& imm);

  VmContext& vm_;
  Execution& execution_;
  const wasm::Module& module_;
  u64* bottom_;
  u64* top_;
};

TrapReason Evaluator::aggregate(Op op, const wasm::Imm& imm) {
  const wasm::DefType& type = *module_.types[imm.type.value];
  const u64 index = imm.type.value;
  switch (op) {
    case Op::struct_new: {
      u64 slots = 0;
      for (const wasm::FieldType& field : type.fields) slots += field.storage.type.slots();
      return make(libcall::struct_new, slots, index);
    }
    case Op::struct_new_default:
      return make(libcall::struct_new_default, 0, index);
    case Op::array_new:
      return make(libcall::array_new, type.fields[0].storage.type.slots() + 1, index);
    case Op::array_new_default:
      return make(libcall::array_new_default, 1, index);
    case Op::array_new_fixed:
      return make(libcall::array_new_fixed, u64{imm.count} * type.fields[0].storage.type.slots(), index, imm.count);
    default:
      WISP_UNREACHABLE();
  }
}

TrapReason Evaluator::step(Op op, const wasm::Imm& imm) {
  switch (op) {
    case Op::i32_const:
    case Op::f32_const:
      return push(u32(imm.bits));
    case Op::i64_const:
    case Op::f64_const:
      return push(imm.bits);
    case Op::v128_const: {
      u64 slots[2];
      std::memcpy(slots, imm.v128.data(), sizeof slots);
      return push(slots, 2);
    }
    case Op::global_get: {
      const wasm::ValType type = module_.globals[imm.global.value].type.type;
      return push(vm_.globals[imm.global.value]->slots, type.slots());
    }
    case Op::ref_null:
      return push(null_ref);
    case Op::ref_func:
      return push(reinterpret_cast<Ref>(vm_.functions[imm.func.value]));
    case Op::ref_i31:
      top_[-1] = i31_ref(u32(top_[-1]));
      return TrapReason::none;
    case Op::any_convert_extern:
    case Op::extern_convert_any:
      return TrapReason::none;
    case Op::i32_add:
      return binary<u32>([](u32 a, u32 b) { return a + b; });
    case Op::i32_sub:
      return binary<u32>([](u32 a, u32 b) { return a - b; });
    case Op::i32_mul:
      return binary<u32>([](u32 a, u32 b) { return a * b; });
    case Op::i64_add:
      return binary<u64>([](u64 a, u64 b) { return a + b; });
    case Op::i64_sub:
      return binary<u64>([](u64 a, u64 b) { return a - b; });
    case Op::i64_mul:
      return binary<u64>([](u64 a, u64 b) { return a * b; });
    default:
      return aggregate(op, imm);
  }
}

TrapReason Evaluator::run(const wasm::ConstExpr& expression, const ConstValue*& value) {
  wasm::ConstExprReader reader(module_, expression);
  while (reader.next()) {
    const TrapReason reason = step(reader.op(), reader.imm());
    if (reason != TrapReason::none) return reason;
  }
  value = reinterpret_cast<const ConstValue*>(bottom_);
  return TrapReason::none;
}

}  // namespace

TrapReason evaluate(VmContext& vm, const wasm::Module& module, const wasm::ConstExpr& expression, ConstValue& value) {
  Evaluator evaluator(vm, module);
  const ConstValue* result = nullptr;
  const TrapReason reason = evaluator.run(expression, result);
  if (reason == TrapReason::none) value = *result;
  return reason;
}

}  // namespace wisp::runtime
