#include "llvm/translator.hpp"

/// Translation of the integer vector instructions. https://webassembly.github.io/spec/core/exec/numerics.html
namespace wisp::llvm_tier {

using ir::CmpInst;
using wasm::Imm;
using wasm::Op;

ir::FixedVectorType* Translator::lanes(u32 bits) const {
  return ir::FixedVectorType::get(ir::IntegerType::get(out_.context(), bits), 128 / bits);
}

bool Translator::vector(Op op, const Imm& imm) {
  return vector_lane(op, imm) || vector_bits(op) || vector_integer(op) || vector_widening(op) || vector_float(op);
}

#define EACH(name, ...)                       \
  case Op::i8x16_##name:                      \
    return step(8, __VA_ARGS__);              \
  case Op::i16x8_##name:                      \
    return step(16, __VA_ARGS__);             \
  case Op::i32x4_##name:                      \
    return step(32, __VA_ARGS__);             \
  case Op::i64x2_##name:                      \
    return step(64, __VA_ARGS__);
#define SMALL(name, ...)          \
  case Op::i8x16_##name:          \
    return step(8, __VA_ARGS__);  \
  case Op::i16x8_##name:          \
    return step(16, __VA_ARGS__); \
  case Op::i32x4_##name:          \
    return step(32, __VA_ARGS__);
#define NARROW(name, ...)        \
  case Op::i8x16_##name:         \
    return step(8, __VA_ARGS__); \
  case Op::i16x8_##name:         \
    return step(16, __VA_ARGS__);
#define COMPARE(predicate)                                                      \
  [&](Value a, Value b) -> Value {                                              \
    return b_.CreateSExt(b_.CreateICmp(CmpInst::predicate, a, b), a->getType()); \
  }
#define CALL(id) [&](Value a, Value b) -> Value { return intrinsic(ir::Intrinsic::id, {a, b}); }
#define LANES(expression) [&](Value a, Value b) -> Value { return expression; }

/// Lane by lane, two operands of the same shape.
bool Translator::vector_integer(Op op) {
  auto step = [&](u32 bits, auto&& apply) {
    Value b = pop_vector(lanes(bits));
    Value a = pop_vector(lanes(bits));
    push_vector(apply(a, b));
    return true;
  };
  auto average = [&](Value a, Value b) -> Value {
    ir::Type* wide = ir::VectorType::getExtendedElementVectorType(ir::cast<ir::VectorType>(a->getType()));
    Value sum = b_.CreateAdd(b_.CreateZExt(a, wide), b_.CreateZExt(b, wide));
    sum = b_.CreateAdd(sum, ir::ConstantInt::get(wide, 1));
    return b_.CreateTrunc(b_.CreateLShr(sum, 1), a->getType());
  };
  switch (op) {
    EACH(add, LANES(b_.CreateAdd(a, b)))
    EACH(sub, LANES(b_.CreateSub(a, b)))
    EACH(eq, COMPARE(ICMP_EQ))
    EACH(ne, COMPARE(ICMP_NE))
    EACH(lt_s, COMPARE(ICMP_SLT))
    EACH(gt_s, COMPARE(ICMP_SGT))
    EACH(le_s, COMPARE(ICMP_SLE))
    EACH(ge_s, COMPARE(ICMP_SGE))
    SMALL(lt_u, COMPARE(ICMP_ULT))
    SMALL(gt_u, COMPARE(ICMP_UGT))
    SMALL(le_u, COMPARE(ICMP_ULE))
    SMALL(ge_u, COMPARE(ICMP_UGE))
    SMALL(min_s, CALL(smin))
    SMALL(min_u, CALL(umin))
    SMALL(max_s, CALL(smax))
    SMALL(max_u, CALL(umax))
    NARROW(add_sat_s, CALL(sadd_sat))
    NARROW(add_sat_u, CALL(uadd_sat))
    NARROW(sub_sat_s, CALL(ssub_sat))
    NARROW(sub_sat_u, CALL(usub_sat))
    NARROW(avgr_u, average)
    case Op::i16x8_mul:
      return step(16, LANES(b_.CreateMul(a, b)));
    case Op::i32x4_mul:
      return step(32, LANES(b_.CreateMul(a, b)));
    case Op::i64x2_mul:
      return step(64, LANES(b_.CreateMul(a, b)));
    case Op::v128_and:
      return step(64, LANES(b_.CreateAnd(a, b)));
    case Op::v128_andnot:
      return step(64, LANES(b_.CreateAnd(a, b_.CreateNot(b))));
    case Op::v128_or:
      return step(64, LANES(b_.CreateOr(a, b)));
    case Op::v128_xor:
      return step(64, LANES(b_.CreateXor(a, b)));
    default:
      return false;
  }
}

/// One operand, or a vector and a count, or three vectors of bits.
bool Translator::vector_bits(Op op) {
  auto step = [&](u32 bits, auto&& apply) {
    push(apply(pop_vector(lanes(bits)), bits));
    return true;
  };
  auto shifted = [&](u32 bits, ir::Instruction::BinaryOps how) {
    Value count = shift_count(bits, pop());
    push_vector(b_.CreateBinOp(how, pop_vector(lanes(bits)), count));
    return true;
  };
  auto select_bits = [&] {
    Value mask = pop();
    Value no = pop();
    Value yes = pop();
    push(b_.CreateOr(b_.CreateAnd(yes, mask), b_.CreateAnd(no, b_.CreateNot(mask))));
    return true;
  };
  auto same = [&](Value value) { return b_.CreateBitCast(value, out_.v128()); };
  auto negate = [&](Value a, u32) -> Value { return same(b_.CreateNeg(a)); };
  auto absolute = [&](Value a, u32) -> Value {
    return same(b_.CreateIntrinsic(ir::Intrinsic::abs, {a->getType()}, {a, b_.getFalse()}));
  };
  auto all_true = [&](Value a, u32) -> Value {
    Value nonzero = b_.CreateICmpNE(a, ir::Constant::getNullValue(a->getType()));
    return b_.CreateZExt(b_.CreateAndReduce(nonzero), out_.i32());
  };
  auto bitmask = [&](Value a, u32 bits) -> Value {
    Value negative = b_.CreateICmpSLT(a, ir::Constant::getNullValue(a->getType()));
    return b_.CreateZExt(b_.CreateBitCast(negative, b_.getIntNTy(128 / bits)), out_.i32());
  };
  using Binary = ir::Instruction;
#define SHIFTS(shape, bits)                   \
  case Op::shape##_shl:                       \
    return shifted(bits, Binary::Shl);        \
  case Op::shape##_shr_s:                     \
    return shifted(bits, Binary::AShr);       \
  case Op::shape##_shr_u:                     \
    return shifted(bits, Binary::LShr);
  switch (op) {
    SHIFTS(i8x16, 8)
    SHIFTS(i16x8, 16)
    SHIFTS(i32x4, 32)
    SHIFTS(i64x2, 64)
    EACH(neg, negate)
    EACH(abs, absolute)
    EACH(all_true, all_true)
    EACH(bitmask, bitmask)
    case Op::i8x16_popcnt:
      push_vector(intrinsic(ir::Intrinsic::ctpop, {pop_vector(lanes(8))}));
      return true;
    case Op::v128_not:
      push(b_.CreateNot(pop()));
      return true;
    case Op::v128_any_true:
      push_bool(b_.CreateICmpNE(b_.CreateBitCast(pop(), b_.getInt128Ty()), b_.getIntN(128, 0)));
      return true;
    case Op::v128_bitselect:
    case Op::i8x16_relaxed_laneselect:
    case Op::i16x8_relaxed_laneselect:
    case Op::i32x4_relaxed_laneselect:
    case Op::i64x2_relaxed_laneselect:
      return select_bits();
    default:
      return false;
  }
}

ir::Value* Translator::shift_count(u32 bits, Value count) {
  Value masked = b_.CreateAnd(count, out_.constant32(bits - 1));
  return b_.CreateVectorSplat(128 / bits, b_.CreateIntCast(masked, b_.getIntNTy(bits), false));
}

/// The low or the high half of the lanes.
ir::Value* Translator::half(Value vector, bool is_high) {
  const u32 count = ir::cast<ir::FixedVectorType>(vector->getType())->getNumElements() / 2;
  ir::SmallVector<int> mask;
  for (u32 i = 0; i < count; ++i) mask.push_back(int(is_high ? count + i : i));
  return b_.CreateShuffleVector(vector, mask);
}

/// Every second lane, from the first or the second on.
ir::Value* Translator::every_second(Value vector, u32 first) {
  const u32 count = ir::cast<ir::FixedVectorType>(vector->getType())->getNumElements() / 2;
  ir::SmallVector<int> mask;
  for (u32 i = 0; i < count; ++i) mask.push_back(int(2 * i + first));
  return b_.CreateShuffleVector(vector, mask);
}

ir::Value* Translator::widen(Value narrow, bool is_signed) {
  ir::Type* wide = ir::VectorType::getExtendedElementVectorType(ir::cast<ir::VectorType>(narrow->getType()));
  return is_signed ? b_.CreateSExt(narrow, wide) : b_.CreateZExt(narrow, wide);
}

#define WIDENING(wide, narrow, bits)                               \
  case Op::wide##_extend_low_##narrow##_s:                         \
    return extend(bits, false, true);                              \
  case Op::wide##_extend_low_##narrow##_u:                         \
    return extend(bits, false, false);                             \
  case Op::wide##_extend_high_##narrow##_s:                        \
    return extend(bits, true, true);                               \
  case Op::wide##_extend_high_##narrow##_u:                        \
    return extend(bits, true, false);                              \
  case Op::wide##_extmul_low_##narrow##_s:                         \
    return multiply(bits, false, true);                            \
  case Op::wide##_extmul_low_##narrow##_u:                         \
    return multiply(bits, false, false);                           \
  case Op::wide##_extmul_high_##narrow##_s:                        \
    return multiply(bits, true, true);                             \
  case Op::wide##_extmul_high_##narrow##_u:                        \
    return multiply(bits, true, false);
#define PAIRWISE(wide, narrow, bits)                               \
  case Op::wide##_extadd_pairwise_##narrow##_s:                    \
    return add_pairs(bits, true);                                  \
  case Op::wide##_extadd_pairwise_##narrow##_u:                    \
    return add_pairs(bits, false);

/// What changes the width of lanes.
bool Translator::vector_widening(Op op) {
  auto extend = [&](u32 bits, bool is_high, bool is_signed) {
    push_vector(widen(half(pop_vector(lanes(bits)), is_high), is_signed));
    return true;
  };
  auto multiply = [&](u32 bits, bool is_high, bool is_signed) {
    Value b = widen(half(pop_vector(lanes(bits)), is_high), is_signed);
    Value a = widen(half(pop_vector(lanes(bits)), is_high), is_signed);
    push_vector(b_.CreateMul(a, b));
    return true;
  };
  auto pair_sum = [&](Value a, bool is_signed) {
    return b_.CreateAdd(widen(every_second(a, 0), is_signed), widen(every_second(a, 1), is_signed));
  };
  auto add_pairs = [&](u32 bits, bool is_signed) {
    push_vector(pair_sum(pop_vector(lanes(bits)), is_signed));
    return true;
  };
  auto narrow = [&](u32 wide_bits, bool is_signed) {
    Value b = pop_vector(lanes(wide_bits));
    Value a = pop_vector(lanes(wide_bits));
    const u32 bits = wide_bits / 2;
    ir::SmallVector<int> mask;
    for (u32 i = 0; i < 128 / bits; ++i) mask.push_back(int(i));
    Value all = b_.CreateShuffleVector(a, b, mask);
    auto bound = [&](i64 value) { return ir::ConstantInt::getSigned(all->getType(), value); };
    const i64 high = (i64{1} << (is_signed ? bits - 1 : bits)) - 1;
    const i64 low = is_signed ? -high - 1 : 0;
    all = intrinsic(ir::Intrinsic::smin, {intrinsic(ir::Intrinsic::smax, {all, bound(low)}), bound(high)});
    push_vector(b_.CreateTrunc(all, lanes(bits)));
    return true;
  };
  auto products = [&](u32 bits) {
    Value b = widen(pop_vector(lanes(bits)), true);
    return b_.CreateMul(widen(pop_vector(lanes(bits)), true), b);
  };
  switch (op) {
    WIDENING(i16x8, i8x16, 8)
    WIDENING(i32x4, i16x8, 16)
    WIDENING(i64x2, i32x4, 32)
    PAIRWISE(i16x8, i8x16, 8)
    PAIRWISE(i32x4, i16x8, 16)
    case Op::i8x16_narrow_i16x8_s:
      return narrow(16, true);
    case Op::i8x16_narrow_i16x8_u:
      return narrow(16, false);
    case Op::i16x8_narrow_i32x4_s:
      return narrow(32, true);
    case Op::i16x8_narrow_i32x4_u:
      return narrow(32, false);
    case Op::i32x4_dot_i16x8_s: {
      Value all = products(16);
      push_vector(b_.CreateAdd(every_second(all, 0), every_second(all, 1)));
      return true;
    }
    case Op::i16x8_q15mulr_sat_s:
    case Op::i16x8_relaxed_q15mulr_s: {
      Value all = products(16);
      auto constant = [&](u32 value) { return ir::ConstantInt::get(all->getType(), value); };
      all = b_.CreateAShr(b_.CreateAdd(all, constant(0x4000)), constant(15));
      push_vector(b_.CreateTrunc(intrinsic(ir::Intrinsic::smin, {all, constant(0x7fff)}), lanes(16)));
      return true;
    }
    case Op::i16x8_relaxed_dot_i8x16_i7x16_s: {
      Value all = products(8);
      push_vector(b_.CreateAdd(every_second(all, 0), every_second(all, 1)));
      return true;
    }
    case Op::i32x4_relaxed_dot_i8x16_i7x16_add_s: {
      Value addend = pop_vector(lanes(32));
      Value all = products(8);
      Value sums = b_.CreateAdd(every_second(all, 0), every_second(all, 1));
      push_vector(b_.CreateAdd(pair_sum(sums, true), addend));
      return true;
    }
    default:
      return false;
  }
}

#define EXTRACT(shape, bits, type)                                                                  \
  case Op::shape##_extract_lane_s:                                                                  \
    push(b_.CreateSExt(b_.CreateExtractElement(pop_vector(lanes(bits)), lane), type));              \
    return true;                                                                                    \
  case Op::shape##_extract_lane_u:                                                                  \
    push(b_.CreateZExt(b_.CreateExtractElement(pop_vector(lanes(bits)), lane), type));              \
    return true;
#define WHOLE_LANES(shape, vector, bits)                                                            \
  case Op::shape##_extract_lane:                                                                    \
    push(b_.CreateExtractElement(pop_vector(vector(bits)), lane));                                  \
    return true;
#define REPLACE(shape, vector, bits)                                                                \
  case Op::shape##_replace_lane: {                                                                  \
    Value scalar = pop();                                                                           \
    if (scalar->getType()->isIntegerTy()) scalar = b_.CreateIntCast(scalar, b_.getIntNTy(bits), false); \
    push_vector(b_.CreateInsertElement(pop_vector(vector(bits)), scalar, lane));                    \
    return true;                                                                                    \
  }                                                                                                 \
  case Op::shape##_splat: {                                                                         \
    Value scalar = pop();                                                                           \
    if (scalar->getType()->isIntegerTy()) scalar = b_.CreateIntCast(scalar, b_.getIntNTy(bits), false); \
    push_vector(b_.CreateVectorSplat(128 / bits, scalar));                                          \
    return true;                                                                                    \
  }

bool Translator::vector_lane(Op op, const Imm& imm) {
  const u64 lane = imm.lane;
  switch (op) {
    EXTRACT(i8x16, 8, out_.i32())
    EXTRACT(i16x8, 16, out_.i32())
    WHOLE_LANES(i32x4, lanes, 32)
    WHOLE_LANES(i64x2, lanes, 64)
    WHOLE_LANES(f32x4, float_lanes, 32)
    WHOLE_LANES(f64x2, float_lanes, 64)
    REPLACE(i8x16, lanes, 8)
    REPLACE(i16x8, lanes, 16)
    REPLACE(i32x4, lanes, 32)
    REPLACE(i64x2, lanes, 64)
    REPLACE(f32x4, float_lanes, 32)
    REPLACE(f64x2, float_lanes, 64)
    case Op::i8x16_shuffle: {
      Value b = pop_vector(lanes(8));
      Value a = pop_vector(lanes(8));
      ir::SmallVector<int> mask(imm.v128.begin(), imm.v128.end());
      push_vector(b_.CreateShuffleVector(a, b, mask));
      return true;
    }
    case Op::i8x16_swizzle:
    case Op::i8x16_relaxed_swizzle: {
      // pshufb zeroes a lane where bit 7 of its index is set; adding with saturation sets it for all from 16 on.
      Value indices = pop_vector(lanes(8));
      Value clamped = intrinsic(ir::Intrinsic::uadd_sat, {indices, ir::ConstantInt::get(lanes(8), 0x70)});
      Value a = pop_vector(lanes(8));
      push_vector(b_.CreateIntrinsic(ir::Intrinsic::x86_ssse3_pshuf_b_128, {}, {a, clamped}));
      return true;
    }
    default:
      return false;
  }
}

}  // namespace wisp::llvm_tier
