#include "llvm/dispatch.hpp"

#include <vector>

#include "llvm/limits.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineInstr.h>
#pragma clang diagnostic pop

namespace wisp::llvm_tier {

namespace {

namespace ir = ::llvm;
using Block = ir::MachineBasicBlock;

/// What leads to a jump through a table: one block, or the check of the index and the block that it falls through to.
std::vector<const Block*> dispatch_of(const Block& jump) {
  if (jump.pred_size() != 1) return {&jump};
  const Block* const check = *jump.pred_begin();
  if (!check->isLayoutSuccessor(&jump) || check == &jump) return {&jump};
  return {check, &jump};
}

bool is_repeatable(const std::vector<const Block*>& dispatch) {
  usize instructions = 0;
  for (const Block* block : dispatch) {
    if (block->isEHPad()) return false;
    for (const ir::MachineInstr& instruction : *block) {
      // Labels belong to one place.
      if (instruction.isPosition() || instruction.isNotDuplicable() || instruction.isCall()) return false;
      instructions += !instruction.isMetaInstruction();
    }
  }
  return instructions <= limits::dispatch_instructions;
}

/// Whether all that leads on from `block` is a jump to `to`.
bool jumps_to(const Block& block, const Block& to) {
  if (block.succ_size() != 1 || !block.isSuccessor(&to) || block.empty()) return false;
  return block.back().isUnconditionalBranch() && &*block.getFirstTerminator() == &block.back();
}

class DispatchPass final : public ir::MachineFunctionPass {
 public:
  static char ID;
  DispatchPass() : MachineFunctionPass(ID) {}

  bool runOnMachineFunction(ir::MachineFunction& function) override {
    bool changed = false;
    std::vector<const Block*> jumps;
    for (const Block& block : function) {
      if (!block.empty() && block.back().isIndirectBranch()) jumps.push_back(&block);
    }
    for (const Block* jump : jumps) {
      const std::vector<const Block*> dispatch = dispatch_of(*jump);
      if (!is_repeatable(dispatch)) continue;
      const std::vector<Block*> turns(dispatch[0]->pred_begin(), dispatch[0]->pred_end());
      if (turns.size() > limits::dispatch_copies) continue;
      for (Block* turn : turns) {
        if (!jumps_to(*turn, *dispatch[0])) continue;
        put_at_end(*turn, dispatch);
        changed = true;
      }
    }
    return changed;
  }

 private:
  static void put_at_end(Block& turn, const std::vector<const Block*>& dispatch) {
    turn.back().eraseFromParent();
    turn.removeSuccessor(turn.succ_begin());
    for (const Block* block : dispatch) {
      for (const ir::MachineInstr& instruction : *block) {
        turn.push_back(turn.getParent()->CloneMachineInstr(&instruction));
      }
      for (Block* next : block->successors()) {
        if (next != dispatch.back() && !turn.isSuccessor(next)) turn.addSuccessorWithoutProb(next);
      }
    }
  }
};
char DispatchPass::ID = 0;

}  // namespace

ir::MachineFunctionPass* make_dispatch_pass() {
  return new DispatchPass;
}

}  // namespace wisp::llvm_tier
