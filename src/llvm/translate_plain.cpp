#include "llvm/translator.hpp"

/// Translation of scalar arithmetic. https://webassembly.github.io/spec/core/exec/numerics.html
namespace wisp::llvm_tier {

using ir::CmpInst;
using wasm::Op;

/// An instruction of i32 and the same of i64, which the operand's type tells apart.
#define BOTH(name)     \
  case Op::i32_##name: \
  case Op::i64_##name
#define FLOATS(name)   \
  case Op::f32_##name: \
  case Op::f64_##name
#define COMPARE(kind, name, predicate)            \
  kind(name) : {                                  \
    Value b = pop();                              \
    Value a = pop();                              \
    push_bool(compare(CmpInst::predicate, a, b)); \
    return true;                                  \
  }
#define BINARY(kind, name, expression) \
  kind(name) : {                       \
    Value b = pop();                   \
    Value a = pop();                   \
    push(expression);                  \
    return true;                       \
  }
#define UNARY(kind, name, expression) \
  kind(name) : {                      \
    Value a = pop();                  \
    push(expression);                 \
    return true;                      \
  }

ir::Value* Translator::intrinsic(ir::Intrinsic::ID id, std::initializer_list<Value> operands) {
  ir::SmallVector<Value> arguments(operands);
  return b_.CreateIntrinsic(id, {arguments[0]->getType()}, arguments);
}

/// C compares bytes by comparing `x & 255` with a constant: LLVM would keep the mask.
ir::Value* Translator::compare(CmpInst::Predicate predicate, Value a, Value b) {
  const auto* constant = ir::dyn_cast<ir::ConstantInt>(b);
  const auto* masked = ir::dyn_cast<ir::BinaryOperator>(a);
  if (constant == nullptr || masked == nullptr) return b_.CreateCmp(predicate, a, b);
  const auto* mask = ir::dyn_cast<ir::ConstantInt>(masked->getOperand(1));
  const bool is_byte = masked->getOpcode() == ir::Instruction::And && mask != nullptr && mask->equalsInt(255);
  if (is_byte && constant->getValue().ult(256) && !CmpInst::isSigned(predicate)) {
    a = b_.CreateTrunc(masked->getOperand(0), b_.getInt8Ty());
    b = b_.getInt8(u8(constant->getZExtValue()));
  }
  return b_.CreateCmp(predicate, a, b);
}

/// Arithmetic makes quiet NaNs. LLVM says nothing of that, and would put the operand in the place of what leaves every
/// number as it is. What turns out to be done by the processor does not need it (`settle_nans`).
ir::Value* Translator::quiet(Value value) {
  return intrinsic(ir::Intrinsic::canonicalize, {value});
}

/// Minimum or maximum of scalars or lanes. Of NaNs it is the sum, which is quiet; the intrinsic may leave one
/// signalling.
ir::Value* Translator::extremum(ir::Intrinsic::ID id, Value a, Value b) {
  auto* number = ir::cast<ir::Instruction>(intrinsic(id, {a, b}));
  number->setHasNoNaNs(true);
  return b_.CreateSelect(b_.CreateFCmpUNO(a, b), quiet(b_.CreateFAdd(a, b)), number);
}

bool Translator::integer(Op op) {
  auto masked = [&](Value count) {
    return b_.CreateAnd(count, ir::ConstantInt::get(count->getType(), count->getType()->getIntegerBitWidth() - 1));
  };
  auto zero = [&](Value like) { return ir::Constant::getNullValue(like->getType()); };
  auto extend = [&](Value a, u32 bits) { return b_.CreateSExt(b_.CreateTrunc(a, b_.getIntNTy(bits)), a->getType()); };
  switch (op) {
    BINARY(BOTH, add, b_.CreateAdd(a, b))
    BINARY(BOTH, sub, b_.CreateSub(a, b))
    BINARY(BOTH, mul, b_.CreateMul(a, b))
    BINARY(BOTH, and, b_.CreateAnd(a, b))
    BINARY(BOTH, or, b_.CreateOr(a, b))
    BINARY(BOTH, xor, b_.CreateXor(a, b))
    BINARY(BOTH, shl, b_.CreateShl(a, masked(b)))
    BINARY(BOTH, shr_s, b_.CreateAShr(a, masked(b)))
    BINARY(BOTH, shr_u, b_.CreateLShr(a, masked(b)))
    BINARY(BOTH, rotl, intrinsic(ir::Intrinsic::fshl, {a, a, b}))
    BINARY(BOTH, rotr, intrinsic(ir::Intrinsic::fshr, {a, a, b}))
    COMPARE(BOTH, eq, ICMP_EQ)
    COMPARE(BOTH, ne, ICMP_NE)
    COMPARE(BOTH, lt_s, ICMP_SLT)
    COMPARE(BOTH, lt_u, ICMP_ULT)
    COMPARE(BOTH, gt_s, ICMP_SGT)
    COMPARE(BOTH, gt_u, ICMP_UGT)
    COMPARE(BOTH, le_s, ICMP_SLE)
    COMPARE(BOTH, le_u, ICMP_ULE)
    COMPARE(BOTH, ge_s, ICMP_SGE)
    COMPARE(BOTH, ge_u, ICMP_UGE)
    UNARY(BOTH, clz, b_.CreateIntrinsic(ir::Intrinsic::ctlz, {a->getType()}, {a, b_.getFalse()}))
    UNARY(BOTH, ctz, b_.CreateIntrinsic(ir::Intrinsic::cttz, {a->getType()}, {a, b_.getFalse()}))
    UNARY(BOTH, popcnt, intrinsic(ir::Intrinsic::ctpop, {a}))
    UNARY(BOTH, extend8_s, extend(a, 8))
    UNARY(BOTH, extend16_s, extend(a, 16))
    BOTH(eqz) : {
      Value a = pop();
      push_bool(b_.CreateICmpEQ(a, zero(a)));
      return true;
    }
    BOTH(div_s) : divide(op, true, false);
    return true;
    BOTH(div_u) : divide(op, false, false);
    return true;
    BOTH(rem_s) : divide(op, true, true);
    return true;
    BOTH(rem_u) : divide(op, false, true);
    return true;
    case Op::i64_extend32_s:
      push(extend(pop(), 32));
      return true;
    case Op::i32_wrap_i64:
      push(b_.CreateTrunc(pop(), out_.i32()));
      return true;
    case Op::i64_extend_i32_s:
      push(b_.CreateSExt(pop(), out_.i64()));
      return true;
    case Op::i64_extend_i32_u:
      push(b_.CreateZExt(pop(), out_.i64()));
      return true;
    case Op::i64_add128:
    case Op::i64_sub128:
    case Op::i64_mul_wide_s:
    case Op::i64_mul_wide_u:
      wide(op);
      return true;
    default:
      return false;
  }
}

void Translator::divide(Op, bool is_signed, bool is_remainder) {
  Value b = pop();
  Value a = pop();
  ir::Type* type = a->getType();
  Value minus_one = ir::Constant::getAllOnesValue(type);
  trap_if(b_.CreateICmpEQ(b, ir::Constant::getNullValue(type)), TrapReason::integer_divide_by_zero);
  if (!is_signed) return push(is_remainder ? b_.CreateURem(a, b) : b_.CreateUDiv(a, b));
  if (is_remainder) {
    // The remainder by -1 is that by 1, which no processor stumbles over.
    Value divisor = b_.CreateSelect(b_.CreateICmpEQ(b, minus_one), ir::ConstantInt::get(type, 1), b);
    return push(b_.CreateSRem(a, divisor));
  }
  Value lowest = ir::ConstantInt::get(type, ir::APInt::getSignedMinValue(type->getIntegerBitWidth()));
  Value overflows = b_.CreateAnd(b_.CreateICmpEQ(b, minus_one), b_.CreateICmpEQ(a, lowest));
  trap_if(overflows, TrapReason::integer_overflow);
  push(b_.CreateSDiv(a, b));
}

void Translator::wide(Op op) {
  ir::Type* i128 = b_.getInt128Ty();
  auto split = [&](Value value) {
    push(b_.CreateTrunc(value, out_.i64()));
    push(b_.CreateTrunc(b_.CreateLShr(value, 64), out_.i64()));
  };
  if (op == Op::i64_mul_wide_s || op == Op::i64_mul_wide_u) {
    const bool is_signed = op == Op::i64_mul_wide_s;
    Value b = b_.CreateIntCast(pop(), i128, is_signed);
    Value a = b_.CreateIntCast(pop(), i128, is_signed);
    return split(b_.CreateMul(a, b));
  }
  auto pop_both = [&] {
    Value high = b_.CreateShl(b_.CreateZExt(pop(), i128), 64);
    return b_.CreateOr(high, b_.CreateZExt(pop(), i128));
  };
  Value b = pop_both();
  Value a = pop_both();
  split(op == Op::i64_add128 ? b_.CreateAdd(a, b) : b_.CreateSub(a, b));
}

bool Translator::floating(Op op) {
  if (op < Op::f32_eq || op > Op::f64_reinterpret_i64) return false;
  switch (op) {
    BINARY(FLOATS, add, quiet(b_.CreateFAdd(a, b)))
    BINARY(FLOATS, sub, quiet(b_.CreateFSub(a, b)))
    BINARY(FLOATS, mul, quiet(b_.CreateFMul(a, b)))
    BINARY(FLOATS, div, quiet(b_.CreateFDiv(a, b)))
    BINARY(FLOATS, min, extremum(ir::Intrinsic::minimum, a, b))
    BINARY(FLOATS, max, extremum(ir::Intrinsic::maximum, a, b))
    BINARY(FLOATS, copysign, intrinsic(ir::Intrinsic::copysign, {a, b}))
    UNARY(FLOATS, abs, intrinsic(ir::Intrinsic::fabs, {a}))
    UNARY(FLOATS, neg, b_.CreateFNeg(a))
    UNARY(FLOATS, ceil, quiet(intrinsic(ir::Intrinsic::ceil, {a})))
    UNARY(FLOATS, floor, quiet(intrinsic(ir::Intrinsic::floor, {a})))
    UNARY(FLOATS, trunc, quiet(intrinsic(ir::Intrinsic::trunc, {a})))
    UNARY(FLOATS, nearest, quiet(intrinsic(ir::Intrinsic::roundeven, {a})))
    UNARY(FLOATS, sqrt, quiet(intrinsic(ir::Intrinsic::sqrt, {a})))
    COMPARE(FLOATS, eq, FCMP_OEQ)
    COMPARE(FLOATS, ne, FCMP_UNE)
    COMPARE(FLOATS, lt, FCMP_OLT)
    COMPARE(FLOATS, gt, FCMP_OGT)
    COMPARE(FLOATS, le, FCMP_OLE)
    COMPARE(FLOATS, ge, FCMP_OGE)
    default:
      return false;
  }
}

#define TRUNCATIONS(to, from, type)   \
  case Op::to##_trunc_##from##_s:     \
    truncate(type, true);             \
    return true;                      \
  case Op::to##_trunc_##from##_u:     \
    truncate(type, false);            \
    return true;                      \
  case Op::to##_trunc_sat_##from##_s: \
    truncate_sat(type, true);         \
    return true;                      \
  case Op::to##_trunc_sat_##from##_u: \
    truncate_sat(type, false);        \
    return true;
#define CONVERSIONS(to, from, type)     \
  case Op::to##_convert_##from##_s:     \
    push(b_.CreateSIToFP(pop(), type)); \
    return true;                        \
  case Op::to##_convert_##from##_u:     \
    push(b_.CreateUIToFP(pop(), type)); \
    return true;
#define REINTERPRET(name, type)          \
  case Op::name:                         \
    push(b_.CreateBitCast(pop(), type)); \
    return true;

bool Translator::conversion(Op op) {
  ir::Type* f32 = b_.getFloatTy();
  ir::Type* f64 = b_.getDoubleTy();
  switch (op) {
    TRUNCATIONS(i32, f32, out_.i32())
    TRUNCATIONS(i32, f64, out_.i32())
    TRUNCATIONS(i64, f32, out_.i64())
    TRUNCATIONS(i64, f64, out_.i64())
    CONVERSIONS(f32, i32, f32)
    CONVERSIONS(f32, i64, f32)
    CONVERSIONS(f64, i32, f64)
    CONVERSIONS(f64, i64, f64)
    REINTERPRET(i32_reinterpret_f32, out_.i32())
    REINTERPRET(i64_reinterpret_f64, out_.i64())
    REINTERPRET(f32_reinterpret_i32, f32)
    REINTERPRET(f64_reinterpret_i64, f64)
    case Op::f64_promote_f32:
      push(quiet(b_.CreateFPExt(pop(), f64)));
      return true;
    case Op::f32_demote_f64:
      push(quiet(b_.CreateFPTrunc(pop(), f32)));
      return true;
    default:
      return false;
  }
}

/// Numbers above `low` and below `high` truncate into the type.
void Translator::truncate(ir::Type* to, bool is_signed) {
  Value a = pop();
  const ir::fltSemantics& semantics = a->getType()->getFltSemantics();
  const u32 bits = to->getIntegerBitWidth();
  trap_if(b_.CreateFCmpUNO(a, a), TrapReason::invalid_conversion_to_integer);
  ir::APFloat high(semantics);
  high.convertFromAPInt(ir::APInt::getOneBitSet(bits + 1, is_signed ? bits - 1 : bits), false,
                        ir::APFloat::rmNearestTiesToEven);
  // Just below the lowest integer; the lowest itself where nothing lies between.
  ir::APFloat low(semantics);
  const ir::APInt below =
      is_signed ? ir::APInt::getSignedMinValue(bits).sext(bits + 2) - 1 : ir::APInt(bits + 2, ~u64{0}, true);
  const bool is_exact = low.convertFromAPInt(below, true, ir::APFloat::rmNearestTiesToEven) == ir::APFloat::opOK;
  Value in_range = b_.CreateFCmpOLT(a, ir::ConstantFP::get(a->getType(), high));
  Value bound = ir::ConstantFP::get(a->getType(), low);
  Value above = is_exact ? b_.CreateFCmpOGT(a, bound) : b_.CreateFCmpOGE(a, bound);
  trap_if(b_.CreateNot(b_.CreateAnd(in_range, above)), TrapReason::integer_overflow);
  push(is_signed ? b_.CreateFPToSI(a, to) : b_.CreateFPToUI(a, to));
}

void Translator::truncate_sat(ir::Type* to, bool is_signed) {
  Value a = pop();
  push(b_.CreateIntrinsic(is_signed ? ir::Intrinsic::fptosi_sat : ir::Intrinsic::fptoui_sat, {to, a->getType()}, {a}));
}

}  // namespace wisp::llvm_tier
