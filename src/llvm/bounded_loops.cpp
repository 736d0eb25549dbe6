#include "llvm/bounded_loops.hpp"

#include "llvm/limits.hpp"
#include "runtime/vm.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Dominators.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>
#pragma clang diagnostic pop

namespace wisp::llvm_tier {

namespace {

/// Where an access is in the first turn and in the last one, from the memory's base.
struct Range {
  const ir::SCEV* first;
  const ir::SCEV* last;
  u64 size_bytes;
};

class BoundedLoop {
 public:
  BoundedLoop(ObjectModule& out, ir::Loop& loop, ir::ScalarEvolution& evolution)
      : out_(out), loop_(loop), evolution_(evolution), predicated_(evolution, loop) {}

  /// Whether it is worth a second form, and the ranges are known.
  bool understand() {
    if (!loop_.isLoopSimplifyForm() || loop_.getExitingBlock() != loop_.getLoopLatch()) return false;
    if (loop_.getExitBlock() == nullptr) return false;
    turns_ = predicated_.getBackedgeTakenCount();
    if (ir::isa<ir::SCEVCouldNotCompute>(turns_) || turns_->getType()->getIntegerBitWidth() > 64) return false;
    turns_ = evolution_.getNoopOrZeroExtend(turns_, out_.i64());
    u32 instructions = 0;
    for (ir::BasicBlock* block : loop_.blocks()) {
      for (ir::Instruction& instruction : *block) {
        if (++instructions > limits::bounded_loop_instructions || !accept(instruction)) return false;
      }
    }
    ir::SCEVExpander expander(evolution_, "");
    const ir::Instruction* place = loop_.getLoopPreheader()->getTerminator();
    return !ranges_.empty() && expander.isSafeToExpandAt(turns_, place) && ir::all_of(ranges_, [&](const Range& range) {
      return expander.isSafeToExpandAt(range.first, place) && expander.isSafeToExpandAt(range.last, place);
    });
  }

  /// Writes the question and the second form.
  void write(ir::DominatorTree& tree, ir::LoopInfo& loops) {
    ir::BasicBlock* const question = loop_.getLoopPreheader();
    ir::Value* const may_fault = ask(*question->getTerminator());
    ir::BasicBlock* const exit = loop_.getExitBlock();
    ir::BasicBlock* const preheader = ir::SplitBlock(question, question->getTerminator(), &tree, &loops);
    ir::ValueToValueMapTy copies;
    ir::SmallVector<ir::BasicBlock*> blocks;
    const ir::Loop* exact = ir::cloneLoopWithPreheader(preheader, question, &loop_, copies, "", &loops, &tree, blocks);
    ir::remapInstructionsInBlocks(blocks, copies);
    for (ir::PHINode& phi : exit->phis()) {
      ir::Value* value = phi.getIncomingValueForBlock(loop_.getExitingBlock());
      const auto copy = copies.find(value);
      phi.addIncoming(copy == copies.end() ? value : &*copy->second,
                      ir::cast<ir::BasicBlock>(copies[loop_.getExitingBlock()]));
    }
    ir::BranchInst::Create(exact->getLoopPreheader(), preheader, may_fault, question->getTerminator()->getIterator())
        ->setMetadata(ir::LLVMContext::MD_prof, out_.unlikely());
    question->getTerminator()->eraseFromParent();
    tree.changeImmediateDominator(exit, question);
    ir::formDedicatedExitBlocks(&loop_, &tree, &loops, nullptr, true);
    for (ir::Instruction* access : accesses_) set_plain(*access);
  }

 private:
  static void set_plain(ir::Instruction& access) {
    if (auto* load = ir::dyn_cast<ir::LoadInst>(&access)) load->setVolatile(false);
    if (auto* store = ir::dyn_cast<ir::StoreInst>(&access)) store->setVolatile(false);
  }

  bool accept(ir::Instruction& instruction) {
    if (!instruction.isVolatile()) {
      if (const auto* call = ir::dyn_cast<ir::CallInst>(&instruction)) {
        return ir::isTriviallyVectorizable(call->getIntrinsicID());
      }
      return !instruction.mayWriteToMemory();
    }
    ir::Value* const pointer = ir::getLoadStorePointerOperand(&instruction);
    ir::Type* const type = pointer == nullptr ? nullptr : ir::getLoadStoreType(&instruction);
    if (type == nullptr || type->isVectorTy()) return false;
    return add_access(instruction, *pointer, type->getPrimitiveSizeInBits() / 8);
  }

  bool add_access(ir::Instruction& access, ir::Value& pointer, u64 size_bytes) {
    const ir::SCEV* first = predicated_.getSCEV(&pointer);
    const ir::SCEV* step = evolution_.getZero(out_.i64());
    if (!evolution_.isLoopInvariant(first, &loop_)) {
      const ir::SCEVAddRecExpr* even = predicated_.getAsAddRec(&pointer);
      if (even == nullptr || even->getLoop() != &loop_ || !even->isAffine()) return false;
      first = even->getStart();
      step = even->getStepRecurrence(evolution_);
    }
    const auto* bytes = ir::dyn_cast<ir::SCEVConstant>(step);
    if (bytes == nullptr || bytes->getAPInt().abs().ugt(limits::bounded_step_bytes)) return false;
    const auto* base = ir::dyn_cast<ir::SCEVUnknown>(evolution_.getPointerBase(first));
    if (base == nullptr || base->getValue() != access.getFunction()->getArg(2)) return false;
    first = evolution_.removePointerBase(first);
    const ir::SCEV* last = evolution_.getAddExpr(first, evolution_.getMulExpr(step, turns_));
    accesses_.push_back(&access);
    ranges_.push_back({first, last, size_bytes});
    return ranges_.size() <= limits::bounded_loop_accesses;
  }

  /// Whether an access may be out of bounds, or what is known of the loop may not hold.
  ir::Value* ask(ir::Instruction& place) {
    ir::IRBuilder<> b(&place);
    ir::Value* view = out_.fixed_pointer(b, place.getFunction()->getArg(1), offsetof(runtime::VmContext, memory0),
                                         sizeof(runtime::MemoryView));
    ir::Value* bytes =
        out_.load(b, out_.i64(), out_.at(b, view, offsetof(runtime::MemoryView, size_bytes)), Touches::runtime);
    ir::SCEVExpander expander(evolution_, "");
    ir::Value* fails = expander.expandCodeForPredicate(&predicated_.getPredicate(), &place);
    // So that nothing overflows: in more turns, no step but 0 stays in a memory.
    ir::Value* turns = expander.expandCodeFor(turns_, out_.i64(), &place);
    fails = b.CreateOr(fails, b.CreateICmpUGT(turns, out_.constant64(limits::bounded_turns)));
    fails = b.CreateOr(fails, b.CreateICmpULT(bytes, out_.constant64(sizeof(u64))));
    for (const Range& range : ranges_) {
      ir::Value* end = b.CreateSub(bytes, out_.constant64(range.size_bytes));
      for (const ir::SCEV* at : {range.first, range.last}) {
        fails = b.CreateOr(fails, b.CreateICmpUGT(expander.expandCodeFor(at, out_.i64(), &place), end));
      }
    }
    return fails;
  }

  ObjectModule& out_;
  ir::Loop& loop_;
  ir::ScalarEvolution& evolution_;
  ir::PredicatedScalarEvolution predicated_;
  const ir::SCEV* turns_ = nullptr;  // but the first
  std::vector<ir::Instruction*> accesses_;
  std::vector<Range> ranges_;
};

class BoundedLoops : public ir::PassInfoMixin<BoundedLoops> {
 public:
  explicit BoundedLoops(ObjectModule& out) : out_(&out) {}

  ir::PreservedAnalyses run(ir::Function& function, ir::FunctionAnalysisManager& analyses) {
    if (!function.hasFnAttribute("wisp-body")) return ir::PreservedAnalyses::all();
    auto& loops = analyses.getResult<ir::LoopAnalysis>(function);
    auto& evolution = analyses.getResult<ir::ScalarEvolutionAnalysis>(function);
    auto& tree = analyses.getResult<ir::DominatorTreeAnalysis>(function);
    auto& assumptions = analyses.getResult<ir::AssumptionAnalysis>(function);
    bool changed = false;
    for (ir::Loop* loop : loops.getLoopsInPreorder()) {
      if (!loop->isInnermost()) continue;
      changed |= ir::simplifyLoop(loop, &tree, &loops, &evolution, &assumptions, nullptr, false);
      changed |= ir::formLCSSARecursively(*loop, tree, &loops, &evolution);
      BoundedLoop bounded(*out_, *loop, evolution);
      if (!bounded.understand()) continue;
      bounded.write(tree, loops);
      evolution.forgetLoop(loop);
      changed = true;
    }
    return changed ? ir::PreservedAnalyses::none() : ir::PreservedAnalyses::all();
  }

 private:
  ObjectModule* out_;
};

}  // namespace

void register_bounded_loops(ir::PassBuilder& builder, ObjectModule& out) {
  const std::vector<wasm::MemoryType>& memories = out.wasm().memories;
  // Who shares a memory may see in which order it is written to.
  if (!out.job().is_guarded || memories.empty() || memories[0].shared || memories[0].limits.is_64) return;
  builder.registerVectorizerStartEPCallback(
      [&out](ir::FunctionPassManager& passes, ir::OptimizationLevel) { passes.addPass(BoundedLoops(out)); });
}

}  // namespace wisp::llvm_tier
