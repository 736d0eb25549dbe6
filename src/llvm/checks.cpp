#include "llvm/checks.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/Analysis/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>
#pragma clang diagnostic pop

#include <set>

#include "runtime/vm.hpp"

namespace wisp::llvm_tier {

namespace {

/// Locals become values, so that it can be seen who uses what.
void promote_locals(ir::Function& function) {
  ir::removeUnreachableBlocks(function);
  std::vector<ir::AllocaInst*> variables;
  for (ir::Instruction& instruction : function.getEntryBlock()) {
    if (auto* variable = ir::dyn_cast<ir::AllocaInst>(&instruction)) variables.push_back(variable);
  }
  ir::DominatorTree tree(function);
  ir::PromoteMemToReg(variables, tree);
}

/// Writes checks into one body.
class Checker {
 public:
  Checker(ObjectModule& out, ir::Function& function) : out_(out), function_(function), b_(out.context()) {}

  void run() {
    ir::SmallVector<std::pair<const ir::BasicBlock*, const ir::BasicBlock*>> edges;
    ir::FindFunctionBackedges(function_, edges);
    std::set<ir::BasicBlock*> headers;
    for (const auto& [from, to] : edges) headers.insert(const_cast<ir::BasicBlock*>(to));
    const bool calls = has_calls();
    // In an order that does not depend on addresses.
    std::vector<ir::BasicBlock*> ordered;
    for (ir::BasicBlock& block : function_) {
      if (headers.contains(&block)) ordered.push_back(&block);
    }
    for (ir::BasicBlock* header : ordered) check_interrupt(*header);
    if (calls) check_entry();
  }

 private:
  /// Whether it calls guest code: what does not comes to an end, or to a loop.
  bool has_calls() const {
    for (const ir::BasicBlock& block : function_) {
      for (const ir::Instruction& instruction : block) {
        const auto* call = ir::dyn_cast<ir::CallInst>(&instruction);
        if (call != nullptr && call->getCallingConv() == ir::CallingConv::PreserveNone) return true;
      }
    }
    return false;
  }

  ir::Value* execution() {
    return out_.fixed_pointer(b_, function_.getArg(1), offsetof(runtime::VmContext, execution),
                              sizeof(runtime::Execution));
  }

  ir::Value* is_interrupted(ir::Value* execution) {
    ir::Value* address = out_.at(b_, execution, offsetof(runtime::Execution, interrupt));
    ir::LoadInst* load = out_.load(b_, out_.i32(), address, Touches::runtime);
    load->setVolatile(true);
    return b_.CreateICmpNE(load, out_.constant32(0));
  }

  void leave(std::string_view helper_name, std::initializer_list<ir::Value*> operands) {
    const auto helper = operands.size() == 1
                            ? out_.helper(helper_name, b_.getVoidTy(), {out_.pointer()})
                            : out_.helper(helper_name, b_.getVoidTy(), {out_.pointer(), out_.i32()});
    ir::CallInst* call = b_.CreateCall(helper, ir::ArrayRef<ir::Value*>(operands));
    call->addFnAttr(ir::Attribute::NoMerge);
    call->addFnAttr(ir::Attribute::Cold);
    ir::Value* status = out_.constant32(u32(runtime::Status::unwind));
    ir::Type* type = function_.getReturnType();
    b_.CreateRet(type->isIntegerTy() ? status : b_.CreateInsertValue(ir::PoisonValue::get(type), status, 0));
  }

  /// Leaves if the condition, which `make` writes at the place, holds.
  void leave_if(ir::BasicBlock::iterator place, ir::DebugLoc where, auto make, auto leave_there) {
    ir::BasicBlock* before = place->getParent();
    ir::BasicBlock* after = ir::SplitBlock(before, place);
    before->getTerminator()->eraseFromParent();
    ir::BasicBlock* away = ir::BasicBlock::Create(out_.context(), "", &function_);
    b_.SetInsertPoint(before);
    b_.SetCurrentDebugLocation(where);
    b_.CreateCondBr(make(), away, after, out_.unlikely());
    b_.SetInsertPoint(away);
    leave_there();
  }

  void check_interrupt(ir::BasicBlock& header) {
    ir::DebugLoc where;
    for (const ir::Instruction& instruction : header) {
      if (!where && instruction.getDebugLoc() && instruction.getDebugLoc().getLine() != 0) {
        where = instruction.getDebugLoc();
      }
    }
    if (!where) where = entry_location();
    leave_if(header.getFirstInsertionPt(), where, [&] { return is_interrupted(execution()); },
             [&] { leave("interrupted", {function_.getArg(1)}); });
  }

  ir::DebugLoc entry_location() {
    ir::DISubprogram* scope = function_.getSubprogram();
    return ir::DILocation::get(out_.context(), scope->getScopeLine(), 0, scope);
  }

  void check_entry() {
    ir::BasicBlock::iterator place = function_.getEntryBlock().getFirstInsertionPt();
    while (ir::isa<ir::AllocaInst>(*place)) ++place;
    ir::Value* state = nullptr;
    leave_if(
        place, entry_location(),
        [&] {
          state = execution();
          ir::Value* limit = out_.fixed(b_, out_.i64(), state, offsetof(runtime::Execution, native_stack_limit));
          auto* rsp = ir::MDNode::get(out_.context(), ir::MDString::get(out_.context(), "rsp"));
          ir::Value* pointer = b_.CreateIntrinsic(ir::Intrinsic::read_register, {out_.i64()},
                                                  {ir::MetadataAsValue::get(out_.context(), rsp)});
          return b_.CreateICmpULT(pointer, limit);
        },
        [&] {
          leave("trap", {function_.getArg(1), out_.constant32(u32(runtime::TrapReason::stack_overflow))});
        });
    // The block that the check goes on in.
    ir::BasicBlock* rest = ir::cast<ir::BranchInst>(ir::cast<ir::Instruction>(state)->getParent()->getTerminator())
                               ->getSuccessor(1);
    leave_if(rest->begin(), entry_location(), [&] { return is_interrupted(state); },
             [&] { leave("interrupted", {function_.getArg(1)}); });
  }

  ObjectModule& out_;
  ir::Function& function_;
  ir::IRBuilder<> b_;
};

}  // namespace

void keep_dead_loads(ir::Function& function) {
  promote_locals(function);
  const unsigned guest = function.getContext().getMDKindID(guest_load_metadata);
  std::vector<ir::Instruction*> todo;
  std::set<const ir::Instruction*> wanted;
  for (ir::BasicBlock& block : function) {
    for (ir::Instruction& instruction : block) {
      if (instruction.isTerminator() || instruction.mayHaveSideEffects()) todo.push_back(&instruction);
    }
  }
  while (!todo.empty()) {
    ir::Instruction* instruction = todo.back();
    todo.pop_back();
    for (ir::Value* operand : instruction->operands()) {
      auto* needed = ir::dyn_cast<ir::Instruction>(operand);
      if (needed != nullptr && wanted.insert(needed).second) todo.push_back(needed);
    }
  }
  for (ir::BasicBlock& block : function) {
    for (ir::Instruction& instruction : block) {
      if (!instruction.hasMetadata() || !instruction.hasMetadata(guest)) continue;
      if (!wanted.contains(&instruction)) ir::cast<ir::LoadInst>(instruction).setVolatile(true);
      instruction.setMetadata(guest, nullptr);
    }
  }
}

void add_checks(ObjectModule& out) {
  for (ir::Function& function : out.module()) {
    if (!function.isDeclarationForLinker() && function.hasFnAttribute("wisp-body")) Checker(out, function).run();
  }
}

}  // namespace wisp::llvm_tier
