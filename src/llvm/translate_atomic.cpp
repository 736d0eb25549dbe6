#include "llvm/translator.hpp"

/// Translation of the atomic memory instructions. https://github.com/WebAssembly/threads
namespace wisp::llvm_tier {

using wasm::Imm;
using wasm::MemArg;
using wasm::Op;

namespace {

constexpr auto ordering = ir::AtomicOrdering::SequentiallyConsistent;

/// What an atomic instruction does, taken from its name: the table has a row for each width.
struct AtomicForm {
  u32 bits;        // in memory
  bool is_64;      // the value
  std::string_view action;
};
AtomicForm form_of(Op op) {
  const wasm::OpInfo& row = wasm::info(op);
  const bool is_64 = row.text.starts_with("i64");
  const u32 bits = 8u << (row.flags & wasm::OpFlags::align_mask);
  std::string_view action = row.text.substr(row.text.find("atomic.") + 7);
  if (action.starts_with("rmw")) action.remove_prefix(action.find('.') + 1);
  return {bits, is_64, action.substr(0, action.find_first_of("_0123456789"))};
}

}  // namespace

/// The bytes of an atomic access: they must be there and aligned, and the memory begins at a page.
ir::Value* Translator::locate_atomic(const MemArg& memarg, u32 bits) {
  Value address = locate(memarg, bits / 8, true);
  if (bits == 8) return address;
  Value low = b_.CreateAnd(b_.CreatePtrToInt(address, out_.i64()), out_.constant64(bits / 8 - 1));
  trap_if(b_.CreateICmpNE(low, out_.constant64(0)), TrapReason::unaligned_atomic);
  return address;
}

bool Translator::atomic(Op op, const Imm& imm) {
  using runtime::LibcallId;
  const wasm::ValType result = wasm::ValType::i32();
  Value memory_index = out_.constant64(imm.memarg.memory.value);
  Value offset = out_.constant64(imm.memarg.offset);
  switch (op) {
    case Op::atomic_fence:
      b_.CreateFence(ordering);
      return true;
    case Op::memory_atomic_notify:
      emit_libcall(LibcallId::memory_atomic_notify, 2, {&result, 1}, memory_index, offset);
      return true;
    case Op::memory_atomic_wait32:
      emit_libcall(LibcallId::memory_atomic_wait32, 3, {&result, 1}, memory_index, offset);
      return true;
    case Op::memory_atomic_wait64:
      emit_libcall(LibcallId::memory_atomic_wait64, 3, {&result, 1}, memory_index, offset);
      return true;
    default:
      break;
  }
  if (op < Op::i32_atomic_load) return false;
  const AtomicForm form = form_of(op);
  ir::Type* raw = b_.getIntNTy(form.bits);
  ir::Type* whole = form.is_64 ? out_.i64() : out_.i32();
  const ir::Align align(form.bits / 8);
  if (form.action == "load") {
    ir::LoadInst* load = b_.CreateAlignedLoad(raw, locate_atomic(imm.memarg, form.bits), align, true);
    load->setAtomic(ordering);
    push(b_.CreateZExt(out_.tag(load, Touches::memory), whole));
    return true;
  }
  if (form.action == "cmpxchg") return compare_exchange(imm.memarg, raw, whole);
  Value value = b_.CreateTrunc(pop(), raw);
  Value address = locate_atomic(imm.memarg, form.bits);
  if (form.action == "store") {
    ir::StoreInst* store = b_.CreateAlignedStore(value, address, align, true);
    store->setAtomic(ordering);
    out_.tag(store, Touches::memory);
    return true;
  }
  using Rmw = ir::AtomicRMWInst;
  const Rmw::BinOp action = form.action == "add"   ? Rmw::Add
                            : form.action == "sub" ? Rmw::Sub
                            : form.action == "and" ? Rmw::And
                            : form.action == "or"  ? Rmw::Or
                            : form.action == "xor" ? Rmw::Xor
                                                   : Rmw::Xchg;
  Value old = out_.tag(b_.CreateAtomicRMW(action, address, value, align, ordering), Touches::memory);
  push(b_.CreateZExt(old, whole));
  return true;
}

/// An expected value that does not fit the width never equals what is in memory; nothing is written then.
bool Translator::compare_exchange(const MemArg& memarg, ir::Type* raw, ir::Type* whole) {
  const u32 bits = raw->getIntegerBitWidth();
  const ir::Align align(bits / 8);
  Value replacement = b_.CreateTrunc(pop(), raw);
  Value expected = pop();
  Value address = locate_atomic(memarg, bits);
  Value narrow = b_.CreateTrunc(expected, raw);
  Block exchange = new_block();
  Block look = new_block();
  Block done = new_block();
  b_.CreateCondBr(b_.CreateICmpEQ(b_.CreateZExt(narrow, whole), expected), exchange, look);

  b_.SetInsertPoint(exchange);
  Value both = out_.tag(b_.CreateAtomicCmpXchg(address, narrow, replacement, align, ordering, ordering),
                        Touches::memory);
  Value exchanged = b_.CreateExtractValue(both, 0);
  b_.CreateBr(done);

  b_.SetInsertPoint(look);
  ir::LoadInst* load = b_.CreateAlignedLoad(raw, address, align, true);
  load->setAtomic(ordering);
  out_.tag(load, Touches::memory);
  b_.CreateBr(done);

  b_.SetInsertPoint(done);
  ir::PHINode* found = b_.CreatePHI(raw, 2);
  found->addIncoming(exchanged, exchange);
  found->addIncoming(load, look);
  push(b_.CreateZExt(found, whole));
  return true;
}

}  // namespace wisp::llvm_tier
