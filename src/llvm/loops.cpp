#include "llvm/loops.hpp"

#include <map>

#include "llvm/limits.hpp"
#include "llvm/llvm_headers.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/OptimizationRemarkEmitter.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>
#include <llvm/Transforms/Utils/UnrollLoop.h>
#pragma clang diagnostic pop

namespace wisp::llvm_tier {

namespace ir = ::llvm;

namespace {

/// Whether a store goes to one place, or to the next one at each turn, or to one not much further.
bool is_regular(ir::PredicatedScalarEvolution& evolution, const ir::Loop& loop, ir::StoreInst& store) {
  ir::Value* pointer = store.getPointerOperand();
  if (loop.isLoopInvariant(pointer)) return true;
  const ir::SCEVAddRecExpr* place = evolution.getAsAddRec(pointer);
  if (place == nullptr || place->getLoop() != &loop) return false;
  const auto* step = ir::dyn_cast<ir::SCEVConstant>(place->getStepRecurrence(*evolution.getSE()));
  if (step == nullptr) return false;
  const u64 size = store.getValueOperand()->getType()->getPrimitiveSizeInBits() / 8;
  return step->getAPInt().abs().ule(limits::regular_stride * size);
}

struct ScatterVeto : ir::PassInfoMixin<ScatterVeto> {
  ir::PreservedAnalyses run(ir::Function& function, ir::FunctionAnalysisManager& analyses) {
    auto& evolution = analyses.getResult<ir::ScalarEvolutionAnalysis>(function);
    for (ir::Loop* loop : analyses.getResult<ir::LoopAnalysis>(function).getLoopsInPreorder()) {
      if (!loop->isInnermost()) continue;
      ir::PredicatedScalarEvolution predicated(evolution, *loop);
      bool is_scattered = false;
      for (ir::BasicBlock* block : loop->blocks()) {
        for (ir::Instruction& instruction : *block) {
          auto* store = ir::dyn_cast<ir::StoreInst>(&instruction);
          is_scattered = is_scattered || (store != nullptr && !is_regular(predicated, *loop, *store));
        }
      }
      if (is_scattered) ir::addStringMetadataToLoop(loop, "llvm.loop.vectorize.enable", 0);
    }
    return ir::PreservedAnalyses::all();
  }
};

/// An address that grows by the same in each turn, and of which it is known that it does not begin anew within 32 bits,
/// becomes one of 64 bits. Later passes would count in 64 bits, too, but from where 32 bits begin anew, and mask.
struct WideAddresses : ir::PassInfoMixin<WideAddresses> {
  ir::PreservedAnalyses run(ir::Function& function, ir::FunctionAnalysisManager& analyses) {
    auto& evolution = analyses.getResult<ir::ScalarEvolutionAnalysis>(function);
    auto& loops = analyses.getResult<ir::LoopAnalysis>(function);
    // To ask takes as long as the loop and its exits are many, which is quadratic if every instruction asks.
    std::map<const ir::Loop*, bool> is_simplified;
    const auto can_widen = [&](const ir::Loop& loop) {
      const auto [known, is_new] = is_simplified.emplace(&loop, false);
      if (is_new) known->second = loop.isLoopSimplifyForm();
      return known->second;
    };
    std::vector<std::pair<ir::Instruction*, const ir::SCEV*>> found;
    for (ir::Instruction& instruction : ir::instructions(function)) {
      if (!ir::isa<ir::ZExtInst>(instruction)) continue;
      const ir::Loop* loop = loops.getLoopFor(instruction.getParent());
      if (loop == nullptr || !can_widen(*loop)) continue;
      if (!instruction.getType()->isIntegerTy(64) || !instruction.getOperand(0)->getType()->isIntegerTy(32)) continue;
      const auto* wide = ir::dyn_cast<ir::SCEVAddRecExpr>(evolution.getSCEV(&instruction));
      if (wide != nullptr && wide->isAffine() && wide->getLoop() == loop) found.emplace_back(&instruction, wide);
    }
    if (found.empty()) return ir::PreservedAnalyses::all();
    ir::SCEVExpander expander(evolution, "");
    expander.disableCanonicalMode();
    for (const auto& [instruction, wide] : found) {
      instruction->replaceAllUsesWith(expander.expandCodeFor(wide, wide->getType(), instruction->getIterator()));
      instruction->eraseFromParent();
    }
    return ir::PreservedAnalyses::none();
  }
};

class CheckUnroll : public ir::PassInfoMixin<CheckUnroll> {
 public:
  ir::PreservedAnalyses run(ir::Function& function, ir::FunctionAnalysisManager& analyses) {
    auto& loops = analyses.getResult<ir::LoopAnalysis>(function);
    auto& evolution = analyses.getResult<ir::ScalarEvolutionAnalysis>(function);
    auto& tree = analyses.getResult<ir::DominatorTreeAnalysis>(function);
    auto& assumptions = analyses.getResult<ir::AssumptionAnalysis>(function);
    auto& target = analyses.getResult<ir::TargetIRAnalysis>(function);
    auto& remarks = analyses.getResult<ir::OptimizationRemarkEmitterAnalysis>(function);
    std::vector<ir::Loop*> chosen;
    for (ir::Loop* loop : loops.getLoopsInPreorder()) {
      if (loop->isInnermost() && is_worth_it(*loop, evolution)) chosen.push_back(loop);
    }
    for (ir::Loop* loop : chosen) {
      ir::simplifyLoop(loop, &tree, &loops, &evolution, &assumptions, nullptr, false);
      ir::formLCSSARecursively(*loop, tree, &loops, &evolution);
      ir::UnrollLoopOptions options{};
      options.Count = limits::check_unroll;
      options.Force = true;
      ir::UnrollLoop(loop, options, &loops, &evolution, &tree, &assumptions, &target, &remarks, true);
    }
    return chosen.empty() ? ir::PreservedAnalyses::all() : ir::PreservedAnalyses::none();
  }

 private:
  static bool is_worth_it(const ir::Loop& loop, ir::ScalarEvolution& evolution) {
    if (loop.getNumBlocks() != 1) return false;
    if (ir::findOptionMDForLoop(&loop, "llvm.loop.isvectorized") != nullptr) return false;
    if (evolution.getSmallConstantMaxTripCount(&loop) != 0) return false;
    u32 size = 0;
    for (const ir::BasicBlock* block : loop.blocks()) {
      for (const ir::Instruction& instruction : *block) {
        // A loop that ends by what it reads often does so after a few turns, and each of the copies would have to bring
        // what it knows to where the loop ends.
        if (instruction.mayReadFromMemory()) return false;
        size += ir::isa<ir::PHINode>(instruction) ? 0 : 1;
      }
    }
    return size <= limits::check_unroll_instructions;
  }
};

}  // namespace

void register_loop_passes(ir::PassBuilder& builder) {
  builder.registerPipelineStartEPCallback([](ir::ModulePassManager& passes, ir::OptimizationLevel) {
    ir::FunctionPassManager function;
    function.addPass(ir::LoopSimplifyPass());
    function.addPass(WideAddresses());
    passes.addPass(ir::createModuleToFunctionPassAdaptor(std::move(function)));
  });
  builder.registerVectorizerStartEPCallback(
      [](ir::FunctionPassManager& passes, ir::OptimizationLevel) { passes.addPass(ScatterVeto()); });
  builder.registerOptimizerLastEPCallback(
      [](ir::ModulePassManager& passes, ir::OptimizationLevel, ir::ThinOrFullLTOPhase) {
        passes.addPass(ir::createModuleToFunctionPassAdaptor(CheckUnroll()));
      });
}

}  // namespace wisp::llvm_tier
