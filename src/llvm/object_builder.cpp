#include "llvm/object_builder.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/IR/InstIterator.h>
#include <llvm/Transforms/Utils/Cloning.h>
#pragma clang diagnostic pop

#include <set>

#include "llvm/limits.hpp"
#include "runtime/native.hpp"
#include "wasm/validator.hpp"

namespace wisp::llvm_tier {

namespace {

ir::Function* translate(ObjectModule& out, FuncIndex function, Entry entry) {
  Translator translator(out, entry);
  WISP_CHECK(wasm::validate_body(out.wasm(), function, translator).ok());
  out.note_body(function);
  return translator.finish() ? translator.function() : nullptr;
}

/// slots_N, which does nothing but call regs_N.
void add_slots_entry(ObjectModule& out, FuncIndex function) {
  const wasm::FuncType& type = out.wasm().functions[function.value]->func;
  ir::Function* f = out.entry(Entry::slots, function);
  ir::IRBuilder<> b(ir::BasicBlock::Create(out.context(), "", f));
  ir::Value* frame = f->getArg(0);
  ir::SmallVector<ir::Value*> operands{frame, f->getArg(1), f->getArg(2)};
  u64 offset = 0;
  for (const wasm::ValType param : type.params) {
    operands.push_back(out.load_slot(b, param, out.at(b, frame, offset)));
    offset += 8 * param.slots();
  }
  ir::CallInst* call = b.CreateCall(out.entry(Entry::registers, function), operands);
  call->setCallingConv(ir::CallingConv::PreserveNone);
  call->addFnAttr(ir::Attribute::NoInline);
  if (type.results.size() != 1) {
    b.CreateRet(call);
    return;
  }
  // Whatever it is if the call did not return: nobody looks then.
  out.store_slot(b, b.CreateExtractValue(call, 1), frame);
  b.CreateRet(b.CreateExtractValue(call, 0));
}

/// regs_N of a function whose body wants its parameters in slots: as the adapter, but without the way by the cell.
void add_registers_entry(ObjectModule& out, FuncIndex function) {
  out.fill_adapter(*out.entry(Entry::registers, function), function, out.entry(Entry::slots, function));
}

/// Bodies of small functions that are called, and of what they call.
class InlineCandidates {
 public:
  explicit InlineCandidates(ObjectModule& out) : out_(out) { seen_.insert(out.job().function.value); }

  bool add(const BodyFacts& caller, u32 depth) {
    if (depth == limits::inline_depth) return true;
    for (const FuncIndex callee : caller.callees) {
      if (!is_allowed(callee) || !seen_.insert(callee.value).second) continue;
      const std::optional<BodyFacts> known = facts_of(out_, callee);
      if (!known) continue;
      const BodyFacts& facts = *known;
      if (!facts.can_inline || !facts.fits_frame() || facts.instructions > limits::inline_instructions) continue;
      if (facts.merged_values() > limits::inline_merged_values) continue;
      if (total_ + facts.instructions > limits::inline_total_instructions) continue;
      total_ += facts.instructions;
      ir::Function* f = translate(out_, callee, Entry::registers);
      if (f == nullptr) return false;
      f->setLinkage(ir::GlobalValue::AvailableExternallyLinkage);
      if (facts.instructions <= limits::always_inline_instructions) f->addFnAttr(ir::Attribute::AlwaysInline);
      if (!add(facts, depth + 1)) return false;
    }
    return true;
  }

 private:
  bool is_allowed(FuncIndex callee) const {
    const wasm::Module& module = out_.wasm();
    const std::vector<bool>* allowed = out_.job().may_inline;
    // A body of few bytes may still declare many locals.
    if (module.body(callee).code.size() > 8 * limits::inline_instructions) return false;
    return allowed == nullptr || (*allowed)[callee.value - module.imported_functions];
  }

  ObjectModule& out_;
  std::set<u32> seen_;
  u32 total_ = 0;
};

std::vector<ir::CallInst*> calls_in(ir::Function& caller, const ir::Function& callee) {
  std::vector<ir::CallInst*> calls;
  for (ir::Instruction& instruction : ir::instructions(caller)) {
    auto* call = ir::dyn_cast<ir::CallInst>(&instruction);
    if (call != nullptr && call->getCalledFunction() == &callee) calls.push_back(call);
  }
  return calls;
}

/// How many times a function is to become part of itself.
u32 times_unrolled(u64 instructions, u64 calls) {
  u32 times = 0;
  u64 copies = 1;
  u64 total = instructions;
  for (; times < limits::unrolled_calls; ++times) {
    copies *= calls;
    total += copies * instructions;
    if (total > limits::unrolled_call_instructions) break;
  }
  return times;
}

/// A function that calls itself becomes part of itself: it calls a copy, which calls another one; the last one calls
/// the function.
void unroll_calls(ir::Function& function, const BodyFacts& facts) {
  const usize calls = calls_in(function, function).size();
  if (calls == 0 || !facts.can_inline) return;
  const u32 times = times_unrolled(facts.instructions, calls);
  ir::Function* next = &function;
  for (u32 i = 0; i < times; ++i) {
    ir::ValueToValueMapTy map;
    ir::Function* copy = ir::CloneFunction(&function, map);
    copy->setLinkage(ir::GlobalValue::AvailableExternallyLinkage);
    copy->addFnAttr(ir::Attribute::AlwaysInline);
    for (ir::CallInst* call : calls_in(*copy, function)) {
      call->setCalledFunction(next);
      if (next == &function) call->setIsNoInline();
    }
    next = copy;
  }
  for (ir::CallInst* call : calls_in(function, function)) call->setCalledFunction(next);
}

}  // namespace

bool build_object(ObjectModule& out) {
  const FuncIndex function = out.job().function;
  const std::optional<BodyFacts> known = facts_of(out, function);
  if (!known || !known->fits_frame()) return false;
  const BodyFacts& facts = *known;
  if (facts.instructions > limits::body_instructions || facts.merged_values() > limits::merged_values) return false;
  const bool is_osr = out.job().osr_loop.has_value();
  const Entry entry = is_osr ? Entry::osr : facts.has_tail_call ? Entry::slots : Entry::registers;
  ir::Function* const body = translate(out, function, entry);
  if (body == nullptr) return false;
  if (entry == Entry::registers) add_slots_entry(out, function);
  if (entry == Entry::slots) add_registers_entry(out, function);
  unroll_calls(*body, facts);
  return InlineCandidates(out).add(facts, 0);
}

void add_adapters(ObjectModule& out) {
  std::vector<FuncIndex> wanted;
  for (ir::Function& f : out.module()) {
    ir::StringRef name = f.getName();
    u32 index = 0;
    if (!f.isDeclarationForLinker() || f.use_empty() || !name.consume_front("regs_")) continue;
    if (!name.getAsInteger(10, index)) wanted.emplace_back(index);
  }
  for (const FuncIndex function : wanted) out.add_adapter(function);
}

}  // namespace wisp::llvm_tier
