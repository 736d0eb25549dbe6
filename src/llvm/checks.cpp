#include "llvm/checks.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/CFG.h>
#include <llvm/Analysis/InlineCost.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/IPO/Inliner.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/ValueMapper.h>
#pragma clang diagnostic pop

#include <set>

#include "llvm/limits.hpp"
#include "runtime/vm.hpp"

namespace wisp::llvm_tier {

namespace {

/// Writes checks into one body.
class Checker {
 public:
  Checker(ObjectModule& out, ir::Function& function) : out_(out), function_(function), b_(out.context()) {}

  void run() {
    std::set<const ir::BasicBlock*> headers;
    if (out_.job().interruptible) headers = repeated_blocks();
    const bool calls = has_calls();
    if (headers.empty() && !calls) return;
    ir::BasicBlock::iterator place = function_.getEntryBlock().getFirstInsertionPt();
    while (ir::isa<ir::AllocaInst>(*place)) ++place;
    b_.SetInsertPoint(place);
    b_.SetCurrentDebugLocation(entry_location());
    execution_ = out_.fixed_pointer(b_, function_.getArg(1), offsetof(runtime::VmContext, execution),
                                    sizeof(runtime::Execution));
    if (polls() && !headers.empty()) {
      poll_ = out_.fixed_pointer(b_, execution_, offsetof(runtime::Execution, poll), sizeof(u32));
    }
    // In an order that does not depend on addresses.
    std::vector<ir::BasicBlock*> ordered;
    for (ir::BasicBlock& block : function_) {
      if (headers.contains(&block)) ordered.push_back(&block);
    }
    for (ir::BasicBlock* header : ordered) check_interrupt(*header);
    if (calls) check_entry();
  }

 private:
  /// Whether it is stopped by a read that faults, and need not ask. Whoever is to say where it is goes on afterwards,
  /// which after a fault it could not.
  bool polls() const { return out_.job().is_guarded && !out_.job().sampled; }

  /// Whether it calls guest code or an import: what does not comes to an end, or to a loop.
  bool has_calls() const {
    for (const ir::BasicBlock& block : function_) {
      for (const ir::Instruction& instruction : block) {
        const auto* call = ir::dyn_cast<ir::CallInst>(&instruction);
        if (call == nullptr) continue;
        // Helpers are called by name.
        if (call->getCallingConv() == ir::CallingConv::PreserveNone || call->isIndirectCall()) return true;
      }
    }
    return false;
  }

  /// Where loops repeat, but for short ones that do not last long enough to stop in, and those that are stopped inside.
  std::set<const ir::BasicBlock*> repeated_blocks() {
    ir::SmallVector<std::pair<const ir::BasicBlock*, const ir::BasicBlock*>> edges;
    ir::FindFunctionBackedges(function_, edges);
    std::set<const ir::BasicBlock*> headers;
    for (const auto& [from, to] : edges) headers.insert(to);
    if (headers.empty()) return headers;
    ir::DominatorTree tree(function_);
    const auto is_entered_elsewhere = [&](const ir::BasicBlock* header) {
      return ir::any_of(edges,
                        [&](const auto& edge) { return edge.second == header && !tree.dominates(header, edge.first); });
    };
    const auto leave_out = [&](const ir::BasicBlock* header) {
      if (!is_entered_elsewhere(header)) headers.erase(header);
    };
    ir::LoopInfo loops(tree);
    ir::AssumptionCache assumptions(function_);
    ir::TargetLibraryInfoImpl library(function_.getParent()->getTargetTriple());
    ir::TargetLibraryInfo library_info(library, &function_);
    ir::ScalarEvolution evolution(function_, library_info, assumptions, tree, loops);
    for (const ir::Loop* loop : loops.getLoopsInPreorder()) {
      if (!loop->isInnermost()) continue;
      const unsigned turns = evolution.getSmallConstantMaxTripCount(loop);
      if (turns != 0 && turns <= limits::unchecked_turns && !calls_in(*loop)) leave_out(loop->getHeader());
    }
    for (const ir::Loop* loop : ir::reverse(loops.getLoopsInPreorder())) {
      if (is_checked_inside(*loop, headers, tree)) leave_out(loop->getHeader());
    }
    return headers;
  }

  /// Whether each turn comes by a check besides the one at the loop's own header.
  static bool is_checked_inside(const ir::Loop& loop, const std::set<const ir::BasicBlock*>& checked,
                                const ir::DominatorTree& tree) {
    ir::SmallVector<ir::BasicBlock*> latches;
    loop.getLoopLatches(latches);
    return ir::any_of(checked, [&](const ir::BasicBlock* block) {
      return block != loop.getHeader() && loop.contains(block) &&
             ir::all_of(latches, [&](const ir::BasicBlock* latch) { return tree.dominates(block, latch); });
    });
  }

  static bool calls_in(const ir::Loop& loop) {
    for (const ir::BasicBlock* block : loop.blocks()) {
      for (const ir::Instruction& instruction : *block) {
        if (ir::isa<ir::CallInst>(instruction) && !ir::isa<ir::IntrinsicInst>(instruction)) return true;
      }
    }
    return false;
  }

  ir::Value* is_interrupted() {
    ir::Value* address = out_.at(b_, execution_, offsetof(runtime::Execution, interrupt));
    ir::LoadInst* load = out_.load(b_, out_.i32(), address, Touches::runtime);
    load->setVolatile(true);
    return b_.CreateICmpNE(load, out_.constant32(0));
  }

  void leave(std::string_view helper_name) {
    const auto helper = out_.helper(helper_name, b_.getVoidTy(), {out_.pointer()});
    ir::CallInst* call = b_.CreateCall(helper, {function_.getArg(1)});
    call->addFnAttr(ir::Attribute::NoMerge);
    ir::Value* status = out_.constant32(u32(runtime::Status::unwind));
    ir::Type* type = function_.getReturnType();
    b_.CreateRet(type->isIntegerTy() ? status : b_.CreateInsertValue(ir::PoisonValue::get(type), status, 0));
  }

  /// Leaves if the condition, which `make` writes at the place, holds.
  void leave_if(ir::BasicBlock::iterator place, const ir::DebugLoc& where, auto make, auto leave_there) {
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

  /// If the code is sampled, only when the interruption is not for a sample.
  void leave_if_interrupted(ir::BasicBlock::iterator place, const ir::DebugLoc& where) {
    leave_if(place, where, [&] { return is_interrupted(); }, [&] { leave_interrupted(); });
  }

  void leave_interrupted() {
    if (out_.job().sampled) {
      const ir::BasicBlock* const check = b_.GetInsertBlock()->getSinglePredecessor();
      ir::BasicBlock* const rest = check->getTerminator()->getSuccessor(1);
      ir::BasicBlock* const away = ir::BasicBlock::Create(out_.context(), "", &function_);
      ir::CallInst* const stops =
          b_.CreateCall(out_.helper("stops", b_.getInt1Ty(), {out_.pointer()}), {function_.getArg(1)});
      stops->addFnAttr(ir::Attribute::NoMerge);
      b_.CreateCondBr(stops, away, rest, out_.unlikely());
      b_.SetInsertPoint(away);
    }
    leave("interrupted");
  }

  /// The first that there is from a block on; what LLVM itself has written has none.
  static ir::DebugLoc location_from(const ir::BasicBlock& block) {
    std::vector<const ir::BasicBlock*> seen{&block};
    for (usize i = 0; i < seen.size() && i < limits::located_blocks; ++i) {
      for (const ir::Instruction& instruction : *seen[i]) {
        if (instruction.getDebugLoc() && instruction.getDebugLoc().getLine() != 0) return instruction.getDebugLoc();
      }
      for (const ir::BasicBlock* next : ir::successors(seen[i])) {
        if (!ir::is_contained(seen, next)) seen.push_back(next);
      }
    }
    return {};
  }

  void check_interrupt(ir::BasicBlock& header) {
    ir::DebugLoc where = location_from(header);
    if (!where) where = entry_location();
    if (!polls()) return leave_if_interrupted(header.getFirstInsertionPt(), where);
    b_.SetInsertPoint(header.getFirstInsertionPt());
    b_.SetCurrentDebugLocation(where);
    out_.load(b_, out_.i32(), poll_, Touches::runtime)->setVolatile(true);
  }

  ir::DebugLoc entry_location() {
    ir::DISubprogram* scope = function_.getSubprogram();
    return ir::DILocation::get(out_.context(), scope->getScopeLine(), 0, scope);
  }

  void check_entry() {
    auto* const state = ir::cast<ir::Instruction>(execution_);
    // A guest that is asked for a sample goes on, and so asks the two questions apart.
    const bool asks_both = out_.job().interruptible && !out_.job().sampled;
    const u64 limit_at =
        asks_both ? offsetof(runtime::Execution, entry_limit) : offsetof(runtime::Execution, native_stack_limit);
    const auto is_refused = [&] {
      ir::LoadInst* limit = out_.load(b_, out_.i64(), out_.at(b_, execution_, limit_at), Touches::runtime);
      limit->setVolatile(true);
      auto* rsp = ir::MDNode::get(out_.context(), ir::MDString::get(out_.context(), "rsp"));
      ir::Value* pointer = b_.CreateIntrinsic(ir::Intrinsic::read_register, {out_.i64()},
                                              {ir::MetadataAsValue::get(out_.context(), rsp)});
      return b_.CreateICmpULT(pointer, limit);
    };
    leave_if(std::next(state->getIterator()), entry_location(), is_refused, [&] { leave("refused"); });
    if (asks_both || !out_.job().interruptible) return;
    ir::BasicBlock* rest = ir::cast<ir::BranchInst>(state->getParent()->getTerminator())->getSuccessor(1);
    leave_if_interrupted(rest->begin(), entry_location());
  }

  ObjectModule& out_;
  ir::Function& function_;
  ir::IRBuilder<> b_;
  ir::Value* execution_ = nullptr;
  ir::Value* poll_ = nullptr;
};

}  // namespace

void inline_bodies(ObjectModule& out) {
  const auto bodies = [&](auto each) {
    for (ir::Function& function : out.module()) {
      if (function.hasAvailableExternallyLinkage() && !function.isDeclaration()) each(function);
    }
  };
  bool any = false;
  bodies([&](ir::Function&) { any = true; });
  if (!any) return;
  ir::LoopAnalysisManager loops;
  ir::FunctionAnalysisManager functions;
  ir::CGSCCAnalysisManager components;
  ir::ModuleAnalysisManager modules;
  ir::PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ir::ModuleInlinerWrapperPass(ir::getInlineParams(2, 0)).run(out.module(), modules);
  bodies([](ir::Function& function) { function.deleteBody(); });
}

/// At the end of `before` that jumps to it, what a block does that ends in a return.
static void return_from(ir::BasicBlock& block, ir::BranchInst& jump) {
  ir::BasicBlock* const before = jump.getParent();
  ir::ValueToValueMapTy map;
  for (ir::Instruction& instruction : block) {
    if (auto* phi = ir::dyn_cast<ir::PHINode>(&instruction)) {
      map[phi] = phi->getIncomingValueForBlock(before);
      continue;
    }
    ir::Instruction* copy = instruction.clone();
    copy->insertBefore(jump.getIterator());
    ir::RemapInstruction(copy, map, ir::RF_NoModuleLevelChanges | ir::RF_IgnoreMissingLocals);
    map[&instruction] = copy;
  }
  block.removePredecessor(before);
  jump.eraseFromParent();
}

/// A return for each way to it: a status that all have in common would be kept from where it is known.
static void split_returns(ir::Function& function) {
  std::vector<ir::BasicBlock*> returns;
  for (ir::BasicBlock& block : function) {
    const bool is_short = block.size() <= limits::split_return_instructions;
    if (is_short && ir::isa<ir::ReturnInst>(block.getTerminator())) returns.push_back(&block);
  }
  for (ir::BasicBlock* block : returns) {
    if (!ir::isa<ir::PHINode>(block->front())) continue;
    for (ir::BasicBlock* before : ir::SmallVector<ir::BasicBlock*>(ir::predecessors(block))) {
      auto* jump = ir::dyn_cast<ir::BranchInst>(before->getTerminator());
      if (jump != nullptr && jump->isUnconditional()) return_from(*block, *jump);
    }
    if (ir::pred_empty(block)) ir::DeleteDeadBlock(block);
  }
}

/// Whether a processor computes the value: what comes of that is no signalling NaN.
static bool is_computed(const ir::Value& value) {
  if (const auto* call = ir::dyn_cast<ir::IntrinsicInst>(&value)) {
    constexpr ir::Intrinsic::ID computing[] = {ir::Intrinsic::sqrt, ir::Intrinsic::ceil, ir::Intrinsic::floor,
                                               ir::Intrinsic::trunc, ir::Intrinsic::roundeven};
    return ir::is_contained(computing, call->getIntrinsicID());
  }
  // Lanes beside zeros.
  if (const auto* lanes = ir::dyn_cast<ir::ShuffleVectorInst>(&value)) {
    return ir::isa<ir::Constant>(lanes->getOperand(1)) && is_computed(*lanes->getOperand(0));
  }
  // There and back is nothing.
  if (const auto* shorter = ir::dyn_cast<ir::FPTruncInst>(&value))
    return !ir::isa<ir::FPExtInst>(shorter->getOperand(0));
  return ir::isa<ir::BinaryOperator, ir::FPExtInst>(value);
}

/// Lane by lane, the same.
static ir::Value* by_lanes(ir::IntrinsicInst& call) {
  ir::IRBuilder<> b(&call);
  ir::Value* vector = call.getOperand(0);
  const u32 count = ir::cast<ir::FixedVectorType>(call.getType())->getNumElements();
  for (u32 i = 0; i < count; ++i) {
    ir::Value* lane = b.CreateUnaryIntrinsic(call.getIntrinsicID(), b.CreateExtractElement(call.getOperand(0), u64{i}));
    vector = b.CreateInsertElement(vector, lane, u64{i});
  }
  return vector;
}

/// Makes NaNs quiet only where nothing is computed.
static void settle_nans(ir::Function& function) {
  for (ir::Instruction& instruction : ir::make_early_inc_range(ir::instructions(function))) {
    auto* call = ir::dyn_cast<ir::IntrinsicInst>(&instruction);
    if (call == nullptr || call->getIntrinsicID() != ir::Intrinsic::canonicalize) continue;
    const bool is_needed = !is_computed(*call->getOperand(0));
    // LLVM has no instruction of other widths for it.
    if (is_needed && (!call->getType()->isVectorTy() || call->getType()->getPrimitiveSizeInBits() == 128)) continue;
    call->replaceAllUsesWith(is_needed ? by_lanes(*call) : call->getOperand(0));
    call->eraseFromParent();
  }
}

/// Whether it may have to be left where it is, in an access or a call.
static bool can_be_left(const ir::Function& function) {
  return ir::any_of(ir::instructions(function),
                    [](const ir::Instruction& instruction) { return instruction.mayReadOrWriteMemory(); });
}

void add_checks(ObjectModule& out) {
  for (ir::Function& function : out.module()) {
    if (function.isDeclarationForLinker() || !function.hasFnAttribute("wisp-body")) continue;
    settle_nans(function);
    split_returns(function);
    Checker(out, function).run();
    if (!can_be_left(function)) function.removeFnAttr("frame-pointer");
  }
}

}  // namespace wisp::llvm_tier
