#include "llvm/translator.hpp"

#include "base/check.hpp"
#include "llvm/limits.hpp"
#include "runtime/native.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/IR/Dominators.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>
#pragma clang diagnostic pop

namespace wisp::llvm_tier {

using wasm::Imm;
using wasm::Op;
using wasm::ValType;

void Translator::begin(const wasm::BodyState& state) {
  state_ = &state;
  function_ = out_.entry(entry_, state.function());
  function_->addFnAttr("wisp-body");
  scope_ = out_.scope_of(state.function(), state.offset());
  function_->setSubprogram(scope_);
  frame_ = function_->getArg(0);
  vm_ = function_->getArg(1);
  memory_ = function_->getArg(2);
  entry_block_ = new_block("entry");
  b_.SetInsertPoint(entry_block_);
  see();
  make_locals();
  if (entry_ != Entry::osr) load_parameters();
  start_ = new_block("start");
  b_.CreateBr(start_);
  b_.SetInsertPoint(start_);
  const u32 params = u32(state.type().params.size());
  for (u32 i = 0; i < locals_.size(); ++i) {
    Local& local = locals_[i];
    if (i >= params) {
      b_.CreateStore(zero_of(local.type), local.variable);
    } else if (local.type.is_ref()) {
      out_.store(b_, b_.CreateLoad(out_.i64(), local.variable), slot(local.slot), Touches::slot);
    }
  }
  push_label(state.type().results, 0);
}

void Translator::make_locals() {
  for (const wasm::LocalTypes::Run& run : state_->locals().runs()) {
    while (locals_.size() < run.end) {
      Local local{b_.CreateAlloca(out_.type_of(run.type)), run.type};
      if (run.type.is_ref()) local.slot = ref_locals_++;
      locals_.push_back(local);
    }
  }
  need_slots(ref_locals_);
}

void Translator::load_parameters() {
  const wasm::FuncType& type = state_->type();
  u32 from = 0;
  for (u32 i = 0; i < type.params.size(); ++i) {
    Value value = nullptr;
    if (entry_ == Entry::registers) {
      value = function_->getArg(3 + i);
    } else {
      value = out_.load_slot(b_, type.params[i], slot(from));
      from += type.params[i].slots();
    }
    b_.CreateStore(value, locals_[i].variable);
  }
}

ir::Value* Translator::zero_of(ValType type) const {
  return ir::Constant::getNullValue(out_.type_of(type));
}

void Translator::see() {
  b_.SetCurrentDebugLocation(ir::DILocation::get(out_.context(), unsigned(state_->offset()), 0, scope_));
}

ir::Value* Translator::pop() {
  Value value = stack_.back().value;
  truncate(u32(stack_.size()) - 1);
  return value;
}

ir::BasicBlock* Translator::new_block(const char* name) {
  return ir::BasicBlock::Create(out_.context(), name, function_);
}

void Translator::branch_unlikely(Value condition, Block rare, Block usual) {
  b_.CreateCondBr(condition, rare, usual, out_.unlikely());
}

/// At the end of the entry block: whether the frame's slots are there.
void Translator::check_frame() {
  if (frame_slots_ == 0) return;
  entry_block_->getTerminator()->eraseFromParent();
  Block body = entry_ == Entry::osr ? nullptr : start_;
  for (ir::BasicBlock& block : *function_) {
    if (block.getName() == "osr") body = &block;
  }
  Block overflow = new_block("overflow");
  b_.SetInsertPoint(entry_block_);
  b_.SetCurrentDebugLocation(ir::DILocation::get(out_.context(), 0, 0, scope_));
  see();
  Value end = b_.CreatePtrToInt(slot(frame_slots_), out_.i64());
  Value limit = out_.fixed(b_, out_.i64(), execution(), offsetof(runtime::Execution, stack_limit));
  branch_unlikely(b_.CreateICmpUGT(end, limit), overflow, body);
  b_.SetInsertPoint(overflow);
  trap(TrapReason::stack_overflow);
}

/// Locals become values.
static void promote_locals(ir::Function& function) {
  ir::removeUnreachableBlocks(function);
  std::vector<ir::AllocaInst*> variables;
  for (ir::Instruction& instruction : function.getEntryBlock()) {
    if (auto* variable = ir::dyn_cast<ir::AllocaInst>(&instruction)) variables.push_back(variable);
  }
  ir::DominatorTree tree(function);
  ir::PromoteMemToReg(variables, tree);
}

bool Translator::finish() {
  if (frame_slots_ > runtime::limits::frame_slots) return false;
  join_osr_operands();
  check_frame();
  // What LLVM makes of a function that is not valid may be anything; the other tiers have code for it.
  const bool is_valid = !ir::verifyFunction(*function_, nullptr);
  WISP_ASSERT(is_valid);
  if (!is_valid) return false;
  promote_locals(*function_);
  return true;
}

void Translator::leave(std::span<const Value> results) {
  if (entry_ == Entry::registers && results.size() == 1) {
    Value both = ir::PoisonValue::get(function_->getReturnType());
    both = b_.CreateInsertValue(both, out_.constant32(u32(runtime::Status::returned)), 0);
    b_.CreateRet(b_.CreateInsertValue(both, results[0], 1));
    return;
  }
  out_.store_slots(b_, ir::ArrayRef<Value>(results.data(), results.size()), frame_);
  need_slots(runtime::slot_count(state_->type().results));
  b_.CreateRet(out_.constant32(u32(runtime::Status::returned)));
}

void Translator::leave_with(Value status) {
  if (function_->getReturnType()->isIntegerTy()) {
    b_.CreateRet(status);
  } else {
    b_.CreateRet(b_.CreateInsertValue(ir::PoisonValue::get(function_->getReturnType()), status, 0));
  }
}

void Translator::trap_with(Value reason) {
  const auto helper = out_.helper("trap", ir::Type::getVoidTy(out_.context()), {out_.pointer(), out_.i32()});
  ir::CallInst* call = b_.CreateCall(helper, {vm_, reason});
  call->addFnAttr(ir::Attribute::NoMerge);
  leave_with(out_.constant32(u32(runtime::Status::unwind)));
}

void Translator::trap(TrapReason reason) {
  trap_with(out_.constant32(u32(reason)));
}

void Translator::trap_if(Value condition, TrapReason reason) {
  Block rare = new_block("trap");
  Block usual = new_block();
  branch_unlikely(condition, rare, usual);
  b_.SetInsertPoint(rare);
  trap(reason);
  b_.SetInsertPoint(usual);
}

ir::Value* Translator::execution() {
  return out_.fixed_pointer(b_, vm_, offsetof(runtime::VmContext, execution), sizeof(runtime::Execution));
}

u32 Translator::settle_refs() {
  for (; settled_ < stack_.size(); ++settled_) {
    const Operand& operand = stack_[settled_];
    if (operand.is_ref) out_.store(b_, operand.value, slot(ref_locals_ + operand.refs_below), Touches::slot);
  }
  const u32 end = ref_locals_ + refs_on_stack();
  need_slots(end);
  return end;
}

void Translator::set_stack_top(u32 slots) {
  need_slots(slots);
  out_.store(b_, slot(slots), out_.at(b_, execution(), offsetof(runtime::Execution, stack_top)), Touches::runtime);
}

void Translator::plain(Op op, const Imm& imm) {
  see();
  switch (op) {
    case Op::nop:
      return;
    case Op::i32_const:
      return push(out_.constant32(u32(imm.bits)));
    case Op::i64_const:
      return push(out_.constant64(imm.bits));
    case Op::f32_const:
      return push(b_.CreateBitCast(out_.constant32(u32(imm.bits)), ir::Type::getFloatTy(out_.context())));
    case Op::f64_const:
      return push(b_.CreateBitCast(out_.constant64(imm.bits), ir::Type::getDoubleTy(out_.context())));
    case Op::v128_const:
      return push(ir::ConstantVector::get(
          {out_.constant64(load_le<u64>(imm.v128.data())), out_.constant64(load_le<u64>(imm.v128.data() + 8))}));
    case Op::data_drop:
    case Op::elem_drop:
      return libcall(op, imm, 0, {});
    default:
      break;
  }
  WISP_CHECK(integer(op) || floating(op) || conversion(op) || memory(op, imm) || vector(op, imm) || atomic(op, imm));
}

void Translator::drop(ValType) {
  pop();
}

void Translator::select(ValType type) {
  see();
  Value condition = b_.CreateICmpNE(pop(), out_.constant32(0));
  Value no = pop();
  Value yes = pop();
  push(b_.CreateSelect(condition, yes, no), type);
}

void Translator::local_get(LocalIndex local, ValType type) {
  see();
  push(b_.CreateLoad(out_.type_of(type), locals_[local.value].variable), type);
}

void Translator::set_local(Local& local, Value value) {
  b_.CreateStore(value, local.variable);
  if (local.type.is_ref()) out_.store(b_, value, slot(local.slot), Touches::slot);
}

void Translator::local_set(LocalIndex local, ValType) {
  see();
  set_local(locals_[local.value], pop());
}

void Translator::local_tee(LocalIndex local, ValType) {
  see();
  set_local(locals_[local.value], peek(0));
}

void Translator::unreachable() {
  see();
  trap(TrapReason::unreachable);
}

}  // namespace wisp::llvm_tier
