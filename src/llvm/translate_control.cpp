#include "llvm/translator.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/ADT/STLExtras.h>
#include <llvm/Transforms/Utils/SSAUpdater.h>
#pragma clang diagnostic pop

/// Translation of blocks, branches and exception handlers.
namespace wisp::llvm_tier {

using wasm::Branch;
using wasm::CatchClause;
using wasm::ControlFrame;
using wasm::Op;
using wasm::ValType;

void Translator::add_phis(Label& label, std::span<const ValType> types) {
  ir::IRBuilder<> phis(label.target);
  for (const ValType type : types) label.carried.push_back(phis.CreatePHI(out_.type_of(type), 2));
}

Translator::Label& Translator::push_label(std::span<const ValType> carried, u32 params) {
  Label& label = labels_.emplace_back();
  label.target = new_block();
  label.height = u32(stack_.size()) - params;
  label.settled = settled_;
  add_phis(label, carried);
  return label;
}

/// The operands on top go along to the label from the current block.
void Translator::carry(Label& label) {
  const usize count = label.carried.size();
  for (usize i = 0; i < count; ++i) {
    label.carried[i]->addIncoming(stack_[stack_.size() - count + i].value, b_.GetInsertBlock());
  }
}

void Translator::branch_to(const ControlFrame& target) {
  Label& label = labels_[target.index];
  carry(label);
  b_.CreateBr(label.target);
}

void Translator::branch_if(Value condition, const Branch& branch) {
  Label& label = labels_[branch.target.index];
  carry(label);
  Block rest = new_block();
  b_.CreateCondBr(condition, label.target, rest);
  b_.SetInsertPoint(rest);
}

void Translator::block(const wasm::BlockType& type) {
  push_label(type.results(), u32(type.params().size()));
}

void Translator::loop(const wasm::BlockType& type) {
  see();
  const u32 params = u32(type.params().size());
  if (entry_ == Entry::osr && state_->offset() == *out_.job().osr_loop) begin_osr(params);
  Label& label = push_label(type.params(), params);
  carry(label);
  b_.CreateBr(label.target);
  b_.SetInsertPoint(label.target);
  for (u32 i = 0; i < params; ++i) stack_[label.height + i].value = label.carried[i];
  settled_ = std::min(settled_, label.height);
}

/// Execution begins before the loop that comes next, with everything from its slot.
void Translator::begin_osr(u32 params) {
  Block before = b_.GetInsertBlock();
  Block osr = new_block("osr");
  Block both = new_block();
  b_.CreateBr(both);
  ir::cast<ir::BranchInst>(entry_block_->getTerminator())->setSuccessor(0, osr);
  b_.SetInsertPoint(osr);
  u32 from = 0;
  std::vector<Value> locals;
  for (const Local& local : locals_) {
    locals.push_back(out_.load_slot(b_, local.type, slot(from)));
    from += local.type.slots();
  }
  std::vector<Value> operands;
  for (const Operand& operand : stack_) {
    operands.push_back(out_.load(b_, operand.value->getType(), slot(from), Touches::slot));
    from += operand.value->getType()->isVectorTy() ? 2 : 1;
  }
  need_slots(from);
  for (usize i = 0; i < locals_.size(); ++i) set_local(locals_[i], locals[i]);
  for (usize i = 0; i < stack_.size(); ++i) {
    Operand& operand = stack_[i];
    // What is at home elsewhere has not been brought there on this way.
    if (operand.is_ref) out_.store(b_, operands[i], slot(ref_locals_ + operand.refs_below), Touches::slot);
    if (i < stack_.size() - params) {
      osr_operands_.push_back({operand.value, operands[i]});
      continue;
    }
    // The loop's parameters are others in each turn.
    ir::PHINode* phi = ir::IRBuilder<>(both).CreatePHI(operand.value->getType(), 2);
    phi->addIncoming(operand.value, before);
    phi->addIncoming(operands[i], osr);
    operand.value = phi;
  }
  b_.CreateBr(both);
  b_.SetInsertPoint(both);
}

/// Where an operand that waited below the loop is used, it is what the slot had, unless the way there has come by where
/// it is made.
void Translator::join_osr_operands() {
  for (const auto& [made, loaded] : osr_operands_) {
    auto* maker = ir::dyn_cast<ir::Instruction>(made);
    if (maker == nullptr) continue;  // the same on every way
    ir::SSAUpdater values;
    values.Initialize(made->getType(), "");
    values.AddAvailableValue(maker->getParent(), made);
    values.AddAvailableValue(ir::cast<ir::Instruction>(loaded)->getParent(), loaded);
    const auto is_elsewhere = [&](const ir::Use& use) {
      auto* user = ir::cast<ir::Instruction>(use.getUser());
      return user->getParent() != maker->getParent() || ir::isa<ir::PHINode>(user);
    };
    for (ir::Use& use : ir::make_early_inc_range(made->uses())) {
      if (is_elsewhere(use)) values.RewriteUse(use);
    }
  }
}

void Translator::if_(const wasm::BlockType& type) {
  see();
  Value condition = b_.CreateICmpNE(pop(), out_.constant32(0));
  const u32 params = u32(type.params().size());
  Label& label = push_label(type.results(), params);
  label.else_block = new_block();
  label.params.assign(stack_.end() - params, stack_.end());
  Block then = new_block();
  b_.CreateCondBr(condition, then, label.else_block);
  b_.SetInsertPoint(then);
}

void Translator::else_(const ControlFrame& frame) {
  see();
  Label& label = labels_.back();
  if (state_->reachable()) branch_to(frame);
  truncate(label.height);
  settled_ = std::min(label.settled, label.height);
  for (const Operand& param : label.params) push(param.value, param.is_ref);
  b_.SetInsertPoint(label.else_block);
  label.else_block = nullptr;
}

void Translator::end(const ControlFrame& frame) {
  see();
  Label& label = labels_.back();
  if (frame.kind == ControlFrame::Kind::loop) {
    // Where control does not come to the end, what follows is never reached.
    if (!state_->reachable()) {
      truncate(label.height);
      b_.SetInsertPoint(new_block());
      for (const ValType type : frame.type.results()) push(ir::PoisonValue::get(out_.type_of(type)), type);
    }
    settled_ = std::min(settled_, label.settled);
    labels_.pop_back();
    return;
  }
  if (state_->reachable()) branch_to(frame);
  if (label.else_block != nullptr) {
    b_.SetInsertPoint(label.else_block);
    truncate(label.height);
    for (const Operand& param : label.params) push(param.value, param.is_ref);
    branch_to(frame);
  }
  if (label.handlers != nullptr) try_label_ = label.outer_try;
  const bool is_function = frame.kind == ControlFrame::Kind::function;
  finish_label(label, is_function ? std::span<const ValType>(state_->type().results) : frame.type.results());
  labels_.pop_back();
  if (!is_function) return;
  std::vector<Value> results;
  results.reserve(stack_.size());
  for (const Operand& operand : stack_) results.push_back(operand.value);
  leave(results);
}

/// Goes on behind the construct with what its branches carry.
void Translator::finish_label(Label& label, std::span<const ValType> types) {
  truncate(label.height);
  settled_ = std::min(label.settled, label.height);
  b_.SetInsertPoint(label.target);
  const bool is_reached = !ir::pred_empty(label.target);
  for (usize i = 0; i < types.size(); ++i) {
    Value value = label.carried[i];
    if (!is_reached) {
      value = ir::PoisonValue::get(label.carried[i]->getType());
      label.carried[i]->eraseFromParent();
    }
    push(value, types[i]);
  }
}

void Translator::br(const Branch& branch) {
  see();
  branch_to(branch.target);
}

void Translator::br_if(const Branch& branch) {
  see();
  Value condition = b_.CreateICmpNE(pop(), out_.constant32(0));
  branch_if(condition, branch);
}

void Translator::br_table(std::span<const u32> labels) {
  see();
  Value index = pop();
  Label& otherwise = labels_[state_->label(labels.back()).index];
  carry(otherwise);
  ir::SwitchInst* jump = b_.CreateSwitch(index, otherwise.target, unsigned(labels.size()) - 1);
  for (u32 i = 0; i + 1 < labels.size(); ++i) {
    Label& label = labels_[state_->label(labels[i]).index];
    // What goes where all others go needs no case.
    if (label.target == otherwise.target) continue;
    carry(label);
    jump->addCase(out_.constant32(i), label.target);
  }
}

void Translator::return_() {
  see();
  branch_to(state_->frame(0));
}

void Translator::br_on_null(const Branch& branch, ValType operand) {
  see();
  Value ref = pop();
  branch_if(b_.CreateICmpEQ(ref, out_.constant64(runtime::null_ref)), branch);
  push(ref, operand);
}

void Translator::br_on_non_null(const Branch& branch, ValType) {
  see();
  branch_if(b_.CreateICmpNE(peek(0), out_.constant64(runtime::null_ref)), branch);
  pop();
}

void Translator::br_on_cast(Op op, const Branch& branch, const wasm::Imm& imm) {
  see();
  Value matches = is_of_type(peek(0), imm.target_ref);
  branch_if(op == Op::br_on_cast ? matches : b_.CreateNot(matches), branch);
}

void Translator::try_table(const wasm::BlockType& type, std::span<const CatchClause> catches) {
  see();
  // Clauses count their labels from outside.
  Block handlers = catches.empty() ? nullptr : new_block("handlers");
  if (handlers != nullptr) {
    const ir::IRBuilder<>::InsertPoint here = b_.saveIP();
    b_.SetInsertPoint(handlers);
    Value exception =
        out_.load(b_, out_.i64(), out_.at(b_, execution(), offsetof(runtime::Execution, exception)), Touches::runtime);
    for (const CatchClause& clause : catches) {
      Block next = new_block();
      handle(clause, exception, next);
      b_.SetInsertPoint(next);
    }
    if (try_label_ != none) {
      b_.CreateBr(labels_[try_label_].handlers);
    } else {
      leave_with(out_.constant32(u32(runtime::Status::exception)));
    }
    b_.restoreIP(here);
  }
  Label& label = push_label(type.results(), u32(type.params().size()));
  if (handlers == nullptr) return;
  label.handlers = handlers;
  label.outer_try = std::exchange(try_label_, u32(labels_.size()) - 1);
}

/// Delivers the exception to the clause's label if it is the clause's; else goes on in `next`.
void Translator::handle(const CatchClause& clause, Value exception, Block next) {
  Value object = address_of(exception);
  if (clause.has_tag()) {
    Value tag =
        out_.load(b_, out_.pointer(), out_.at(b_, object, offsetof(runtime::ExceptionObject, tag)), Touches::object);
    Value tags = out_.fixed_pointer(b_, vm_, offsetof(runtime::VmContext, tags), out_.wasm().tags.size() * 8);
    Value wanted = out_.fixed(b_, out_.pointer(), tags, clause.tag.value * 8);
    Block ours = new_block();
    b_.CreateCondBr(b_.CreateICmpEQ(tag, wanted), ours, next);
    b_.SetInsertPoint(ours);
  }
  Label& label = labels_[state_->label(clause.label).index];
  std::vector<Value> values;
  if (clause.has_tag()) {
    u64 offset = sizeof(runtime::ExceptionObject);
    for (const ValType type : out_.wasm().tags[clause.tag.value].type->func.params) {
      values.push_back(tag_value(type, out_.at(b_, object, offset)));
      offset += 8 * type.slots();
    }
  }
  if (clause.has_ref()) values.push_back(exception);
  b_.CreateCall(out_.helper("caught", ir::Type::getVoidTy(out_.context()), {out_.pointer()}), {vm_});
  for (usize i = 0; i < values.size(); ++i) label.carried[i]->addIncoming(values[i], b_.GetInsertBlock());
  b_.CreateBr(label.target);
}

}  // namespace wisp::llvm_tier
