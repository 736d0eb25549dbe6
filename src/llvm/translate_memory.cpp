#include <bit>

#include "llvm/checks.hpp"
#include "llvm/limits.hpp"
#include "llvm/translator.hpp"

/// Translation of the memory instructions.
/// https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
namespace wisp::llvm_tier {

using wasm::Imm;
using wasm::MemArg;
using wasm::Op;

/// Bytes of the widest piece that a copy is made of.
static constexpr u64 widest_move = 32;

ir::Value* Translator::memory_view(MemoryIndex memory) {
  if (memory.value == 0) {
    return out_.fixed_pointer(b_, vm_, offsetof(runtime::VmContext, memory0), sizeof(runtime::MemoryView));
  }
  const u64 count = out_.wasm().memories.size();
  Value views = out_.fixed_pointer(b_, vm_, offsetof(runtime::VmContext, memories), count * 8);
  return out_.fixed_pointer(b_, views, u64(memory.value) * 8, sizeof(runtime::MemoryView));
}

ir::Value* Translator::memory_base(MemoryIndex memory) {
  if (memory.value == 0) return memory_;
  return out_.fixed(b_, out_.pointer(), memory_view(memory), offsetof(runtime::MemoryView, base));
}

ir::Value* Translator::memory_bytes(MemoryIndex memory) {
  Value address = out_.at(b_, memory_view(memory), offsetof(runtime::MemoryView, size_bytes));
  ir::LoadInst* bytes = out_.load(b_, out_.i64(), address, Touches::runtime);
  // Other threads make shared memories larger. A call passes the size of memory 0 on even where there is none.
  const std::vector<wasm::MemoryType>& memories = out_.wasm().memories;
  bytes->setVolatile(memory.value < memories.size() && memories[memory.value].shared);
  return bytes;
}

/// Whether accesses are not checked: the processor finds those that are out of bounds.
bool Translator::faults(MemoryIndex memory) const {
  return memory.value == 0 && out_.job().is_guarded && !out_.wasm().memories[0].limits.is_64;
}

/// The address of `bytes` bytes at the index on top of the stack.
ir::Value* Translator::locate(const MemArg& memarg, u64 bytes, bool is_atomic) {
  const wasm::MemoryType& type = out_.wasm().memories[memarg.memory.value];
  Value index = pop();
  Value base = memory_base(memarg.memory);
  Value offset = out_.constant64(memarg.offset);
  if (type.limits.is_64) {
    Value sum = b_.CreateIntrinsic(ir::Intrinsic::uadd_with_overflow, {out_.i64()}, {index, offset});
    Value address = b_.CreateExtractValue(sum, 0);
    Value size = memory_bytes(memarg.memory);
    Value width = out_.constant64(bytes);
    Value outside = b_.CreateOr(b_.CreateExtractValue(sum, 1), b_.CreateICmpULT(size, width));
    outside = b_.CreateOr(outside, b_.CreateICmpUGT(address, b_.CreateSub(size, width)));
    trap_if(outside, TrapReason::memory_out_of_bounds);
    return b_.CreateGEP(out_.i8(), base, address);
  }
  index = b_.CreateZExt(index, out_.i64());
  if (!faults(memarg.memory) || is_atomic) {
    Value end = b_.CreateAdd(index, out_.constant64(memarg.offset + bytes), "", true, true);
    trap_if(b_.CreateICmpUGT(end, memory_bytes(memarg.memory)), TrapReason::memory_out_of_bounds);
  }
  Value address = b_.CreateGEP(out_.i8(), base, index);
  return memarg.offset == 0 ? address : b_.CreateGEP(out_.i8(), address, offset);
}

/// Whether LLVM has to leave accesses as they are, and in their order: because one may fault, which ends the guest,
/// whether anybody wants what it loads or not, after all that came before and before all that comes after; or because
/// other threads write there.
bool Translator::is_volatile(MemoryIndex memory) const {
  return faults(memory) || out_.wasm().memories[memory.value].shared;
}

ir::Value* Translator::load_from(const MemArg& memarg, ir::Type* type) {
  Value address = locate(memarg, type->getPrimitiveSizeInBits() / 8);
  ir::LoadInst* load = out_.load(b_, type, address, Touches::memory);
  load->setVolatile(is_volatile(memarg.memory));
  // An instruction that needs some of the lanes would load those alone, however volatile the vector is; but not if it
  // gets them from something else than a load.
  return load->isVolatile() && type->isVectorTy() ? b_.CreateFreeze(load) : load;
}

void Translator::store_to(const MemArg& memarg, Value value) {
  Value address = locate(memarg, value->getType()->getPrimitiveSizeInBits() / 8);
  out_.store(b_, value, address, Touches::memory)->setVolatile(is_volatile(memarg.memory));
}

void Translator::load_extended(const MemArg& memarg, u32 bits, ir::Type* to, bool is_signed) {
  Value value = load_from(memarg, b_.getIntNTy(bits));
  push(is_signed ? b_.CreateSExt(value, to) : b_.CreateZExt(value, to));
}

void Translator::store_narrow(const MemArg& memarg, u32 bits) {
  Value value = pop();
  store_to(memarg, b_.CreateTrunc(value, b_.getIntNTy(bits)));
}

#define EXTENDING(name, bits, type)               \
  case Op::name##_s:                              \
    load_extended(imm.memarg, bits, type, true);  \
    return true;                                  \
  case Op::name##_u:                              \
    load_extended(imm.memarg, bits, type, false); \
    return true;

bool Translator::memory(Op op, const Imm& imm) {
  switch (op) {
    case Op::i32_load:
      push(load_from(imm.memarg, out_.i32()));
      return true;
    case Op::i64_load:
      push(load_from(imm.memarg, out_.i64()));
      return true;
    case Op::f32_load:
      push(load_from(imm.memarg, b_.getFloatTy()));
      return true;
    case Op::f64_load:
      push(load_from(imm.memarg, b_.getDoubleTy()));
      return true;
      EXTENDING(i32_load8, 8, out_.i32())
      EXTENDING(i32_load16, 16, out_.i32())
      EXTENDING(i64_load8, 8, out_.i64())
      EXTENDING(i64_load16, 16, out_.i64())
      EXTENDING(i64_load32, 32, out_.i64())
    case Op::i32_store:
    case Op::i64_store:
    case Op::f32_store:
    case Op::f64_store:
    case Op::v128_store:
      store_to(imm.memarg, pop());
      return true;
    case Op::i32_store8:
    case Op::i64_store8:
      store_narrow(imm.memarg, 8);
      return true;
    case Op::i32_store16:
    case Op::i64_store16:
      store_narrow(imm.memarg, 16);
      return true;
    case Op::i64_store32:
      store_narrow(imm.memarg, 32);
      return true;
    case Op::memory_size: {
      const wasm::MemoryType& type = out_.wasm().memories[imm.memory.value];
      Value pages = b_.CreateLShr(memory_bytes(imm.memory), u64(type.page_size_log2));
      push(type.limits.is_64 ? pages : b_.CreateTrunc(pages, out_.i32()));
      return true;
    }
    case Op::memory_grow: {
      const wasm::ValType address = out_.wasm().memories[imm.memory.value].limits.address_type();
      emit_libcall(runtime::LibcallId::memory_grow, 1, {&address, 1}, out_.constant64(imm.memory.value));
      return true;
    }
    default:
      return vector_memory(op, imm);
  }
}

/// Copies `from`, or fills with it if it is a byte: between `width` and twice as many bytes, in two pieces that may
/// overlap.
void Translator::move_ends(Value to, Value from, Value length, u64 width) {
  ir::Type* piece = width <= 8 ? static_cast<ir::Type*>(b_.getIntNTy(unsigned(width * 8)))
                               : ir::FixedVectorType::get(out_.i64(), unsigned(width / 8));
  Value last = b_.CreateSub(length, out_.constant64(width));
  const auto at = [&](Value base, Value offset) { return b_.CreateGEP(out_.i8(), base, offset); };
  Value begin = nullptr;
  Value end = nullptr;
  if (from->getType()->isPointerTy()) {
    begin = out_.load(b_, piece, from, Touches::memory);
    end = out_.load(b_, piece, at(from, last), Touches::memory);
  } else {
    begin = end = b_.CreateBitCast(b_.CreateVectorSplat(unsigned(width), from), piece);
  }
  out_.store(b_, begin, to, Touches::memory);
  out_.store(b_, end, at(to, last), Touches::memory);
}

/// memory.fill and memory.copy: what is within bounds and short enough not to be interrupted in is done here, all else
/// by the runtime.
void Translator::move_bytes(Op op, const Imm& imm) {
  const bool is_copy = op == Op::memory_copy;
  const MemoryIndex target = imm.memory;
  const MemoryIndex source = is_copy ? imm.source_memory : target;
  if (out_.wasm().memories[target.value].limits.is_64 || out_.wasm().memories[source.value].limits.is_64) {
    return libcall(op, imm, 3, {});
  }
  settle_refs();
  Value to = b_.CreateZExt(peek(2), out_.i64());
  Value from = is_copy ? b_.CreateZExt(peek(1), out_.i64()) : b_.CreateTrunc(peek(1), out_.i8());
  Value length = b_.CreateZExt(peek(0), out_.i64());
  const auto is_outside = [&](MemoryIndex memory, Value begin) {
    return b_.CreateICmpUGT(b_.CreateAdd(begin, length, "", true, true), memory_bytes(memory));
  };
  Value rare = b_.CreateOr(b_.CreateICmpUGT(length, out_.constant64(limits::moved_bytes)), is_outside(target, to));
  if (is_copy) rare = b_.CreateOr(rare, is_outside(source, from));
  Block slow = new_block();
  Block fast = new_block();
  Block done = new_block();
  branch_unlikely(rare, slow, fast);

  b_.SetInsertPoint(fast);
  to = b_.CreateGEP(out_.i8(), memory_base(target), to);
  if (is_copy) from = b_.CreateGEP(out_.i8(), memory_base(source), from);
  const auto* known = ir::dyn_cast<ir::ConstantInt>(length);
  if (known != nullptr && known->getZExtValue() <= 2 * widest_move) {
    if (!known->isZero()) move_ends(to, from, length, std::min(widest_move, std::bit_floor(known->getZExtValue())));
  } else {
    ir::Type* second = is_copy ? static_cast<ir::Type*>(out_.pointer()) : out_.i32();
    if (!is_copy) from = b_.CreateZExt(from, out_.i32());
    const auto move = out_.helper(is_copy ? "memmove" : "memset", out_.pointer(), {out_.pointer(), second, out_.i64()});
    out_.tag(b_.CreateCall(move, {to, from, length}), Touches::memory);
  }
  b_.CreateBr(done);

  b_.SetInsertPoint(slow);
  libcall(op, imm, 3, {});
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

/// Loads that widen eight bytes, repeat a lane, or fill up with zeros; accesses to single lanes.
bool Translator::vector_memory(Op op, const Imm& imm) {
  auto widen = [&](u32 bits, bool is_signed) {
    Value narrow = load_from(imm.memarg, ir::FixedVectorType::get(b_.getIntNTy(bits), 64 / bits));
    push_vector(is_signed ? b_.CreateSExt(narrow, lanes(2 * bits)) : b_.CreateZExt(narrow, lanes(2 * bits)));
    return true;
  };
  auto splat = [&](u32 bits) {
    push_vector(b_.CreateVectorSplat(128 / bits, load_from(imm.memarg, b_.getIntNTy(bits))));
    return true;
  };
  auto zero = [&](u32 bits) {
    Value lane = load_from(imm.memarg, b_.getIntNTy(bits));
    push_vector(b_.CreateInsertElement(ir::Constant::getNullValue(lanes(bits)), lane, u64(0)));
    return true;
  };
  auto load_lane = [&](u32 bits) {
    Value vector = pop_vector(lanes(bits));
    push_vector(b_.CreateInsertElement(vector, load_from(imm.memarg, b_.getIntNTy(bits)), u64(imm.lane)));
    return true;
  };
  auto store_lane = [&](u32 bits) {
    store_to(imm.memarg, b_.CreateExtractElement(pop_vector(lanes(bits)), u64(imm.lane)));
    return true;
  };
  switch (op) {
    case Op::v128_load:
      push(load_from(imm.memarg, out_.v128()));
      return true;
    case Op::v128_load8x8_s:
    case Op::v128_load8x8_u:
      return widen(8, op == Op::v128_load8x8_s);
    case Op::v128_load16x4_s:
    case Op::v128_load16x4_u:
      return widen(16, op == Op::v128_load16x4_s);
    case Op::v128_load32x2_s:
    case Op::v128_load32x2_u:
      return widen(32, op == Op::v128_load32x2_s);
    case Op::v128_load8_splat:
      return splat(8);
    case Op::v128_load16_splat:
      return splat(16);
    case Op::v128_load32_splat:
      return splat(32);
    case Op::v128_load64_splat:
      return splat(64);
    case Op::v128_load32_zero:
      return zero(32);
    case Op::v128_load64_zero:
      return zero(64);
    case Op::v128_load8_lane:
      return load_lane(8);
    case Op::v128_load16_lane:
      return load_lane(16);
    case Op::v128_load32_lane:
      return load_lane(32);
    case Op::v128_load64_lane:
      return load_lane(64);
    case Op::v128_store8_lane:
      return store_lane(8);
    case Op::v128_store16_lane:
      return store_lane(16);
    case Op::v128_store32_lane:
      return store_lane(32);
    case Op::v128_store64_lane:
      return store_lane(64);
    default:
      return false;
  }
}

}  // namespace wisp::llvm_tier
