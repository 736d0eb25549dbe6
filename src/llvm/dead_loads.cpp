#include "llvm/dead_loads.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/IR/Dominators.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SCCP.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>
#pragma clang diagnostic pop

#include <set>

/// A load of guest memory may trap, also where nobody wants its value; LLVM drops such loads unless they are volatile,
/// and does little with those that are. So they are volatile exactly where the value may turn out not to be wanted.
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

/// What LLVM would do first, so that it is seen whose values are not wanted for reasons of arithmetic.
void simplify(ir::Function& function) {
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
  ir::FunctionPassManager passes;
  passes.addPass(ir::EarlyCSEPass());
  passes.addPass(ir::SCCPPass());
  passes.addPass(ir::InstCombinePass());
  passes.addPass(ir::SimplifyCFGPass());
  passes.run(function, functions);
}

/// Users of values: all, or those that will be there after inlining; callees may not want their parameters, and callers
/// of what is inlined not its results.
enum class Users : u8 { all, not_callees, not_callees_nor_callers };

bool calls_guest(const ir::Instruction& instruction) {
  const auto* call = ir::dyn_cast<ir::CallInst>(&instruction);
  const ir::Function* callee = call == nullptr ? nullptr : call->getCalledFunction();
  return callee != nullptr && callee->getCallingConv() == ir::CallingConv::PreserveNone;
}

bool is_user(const ir::Instruction& instruction, Users users) {
  if (users == Users::not_callees_nor_callers && ir::isa<ir::ReturnInst>(instruction)) return false;
  return instruction.isTerminator() || instruction.mayHaveSideEffects();
}

/// The instructions whose values somebody uses.
std::set<const ir::Instruction*> used_values(ir::Function& function, unsigned guest, Users users) {
  std::vector<ir::Instruction*> todo;
  std::set<const ir::Instruction*> used;
  for (ir::BasicBlock& block : function) {
    for (ir::Instruction& instruction : block) {
      const bool is_guest_load = instruction.hasMetadata() && instruction.hasMetadata(guest);
      if (!is_guest_load && is_user(instruction, users)) todo.push_back(&instruction);
    }
  }
  while (!todo.empty()) {
    ir::Instruction* instruction = todo.back();
    todo.pop_back();
    if (users != Users::all && calls_guest(*instruction)) continue;
    for (ir::Value* operand : instruction->operands()) {
      auto* needed = ir::dyn_cast<ir::Instruction>(operand);
      if (needed != nullptr && used.insert(needed).second) todo.push_back(needed);
    }
  }
  return used;
}

std::vector<ir::LoadInst*> marked_loads(ir::Function& function, unsigned guest) {
  std::vector<ir::LoadInst*> loads;
  for (ir::BasicBlock& block : function) {
    for (ir::Instruction& instruction : block) {
      auto* load = ir::dyn_cast<ir::LoadInst>(&instruction);
      if (load != nullptr && load->hasMetadata(guest)) loads.push_back(load);
    }
  }
  return loads;
}

unsigned mark_of(const ir::Function& function) {
  return function.getContext().getMDKindID(guest_load_metadata);
}

/// When everything has been inlined that will be: loads whose values are used become ordinary ones.
struct ReleaseLoads : ir::PassInfoMixin<ReleaseLoads> {
  static ir::PreservedAnalyses run(ir::Function& function, ir::FunctionAnalysisManager&) {
    const unsigned guest = mark_of(function);
    const std::vector<ir::LoadInst*> loads = marked_loads(function, guest);
    // Of what is there to be inlined only, the loads go into other functions.
    if (loads.empty() || function.hasAvailableExternallyLinkage()) return ir::PreservedAnalyses::all();
    const auto used = used_values(function, guest, Users::all);
    for (ir::LoadInst* load : loads) {
      if (used.contains(load)) load->setVolatile(false);
      load->setMetadata(guest, nullptr);
    }
    return ir::PreservedAnalyses::none();
  }
};

}  // namespace

void keep_dead_loads(ir::Function& function, bool is_inlined) {
  promote_locals(function);
  const unsigned guest = mark_of(function);
  const std::vector<ir::LoadInst*> before = marked_loads(function, guest);
  if (before.empty()) return;
  // Nothing volatile goes away.
  for (ir::LoadInst* load : before) load->setVolatile(true);
  simplify(function);
  const auto used = used_values(function, guest, is_inlined ? Users::not_callees_nor_callers : Users::not_callees);
  const auto perhaps_used = used_values(function, guest, Users::all);
  for (ir::LoadInst* load : marked_loads(function, guest)) {
    if (used.contains(load)) load->setVolatile(false);
    if (used.contains(load) || !perhaps_used.contains(load)) load->setMetadata(guest, nullptr);
  }
}

void register_load_passes(ir::PassBuilder& builder) {
  builder.registerScalarOptimizerLateEPCallback([](ir::FunctionPassManager& passes, ir::OptimizationLevel) {
    passes.addPass(ReleaseLoads());
    passes.addPass(ir::EarlyCSEPass(true));
  });
}

}  // namespace wisp::llvm_tier
