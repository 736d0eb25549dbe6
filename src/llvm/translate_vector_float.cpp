#include "llvm/translator.hpp"

/// Translation of the floating-point vector instructions. Relaxed ones do what the strict ones do.
/// https://webassembly.github.io/spec/core/exec/numerics.html
namespace wisp::llvm_tier {

using ir::CmpInst;
using wasm::Op;

ir::FixedVectorType* Translator::float_lanes(u32 bits) const {
  ir::Type* lane = bits == 32 ? ir::Type::getFloatTy(out_.context()) : ir::Type::getDoubleTy(out_.context());
  return ir::FixedVectorType::get(lane, 128 / bits);
}

#define BOTH(name, ...)           \
  case Op::f32x4_##name:          \
    return step(32, __VA_ARGS__); \
  case Op::f64x2_##name:          \
    return step(64, __VA_ARGS__);
#define LANES(expression) [&](Value a, Value b) -> Value { return expression; }
#define COMPARE(predicate) LANES(b_.CreateSExt(b_.CreateFCmp(CmpInst::predicate, a, b), lanes_like(a)))
#define CALL(id) LANES(extremum(ir::Intrinsic::id, a, b))

bool Translator::vector_float(Op op) {
  auto step = [&](u32 bits, auto&& apply) {
    Value b = pop_vector(float_lanes(bits));
    Value a = pop_vector(float_lanes(bits));
    push_vector(apply(a, b));
    return true;
  };
  auto lanes_like = [&](Value a) { return lanes(a->getType()->getScalarSizeInBits()); };
  switch (op) {
    BOTH(add, LANES(quiet(b_.CreateFAdd(a, b))))
    BOTH(sub, LANES(quiet(b_.CreateFSub(a, b))))
    BOTH(mul, LANES(quiet(b_.CreateFMul(a, b))))
    BOTH(div, LANES(quiet(b_.CreateFDiv(a, b))))
    BOTH(min, CALL(minimum))
    BOTH(max, CALL(maximum))
    BOTH(relaxed_min, CALL(minimum))
    BOTH(relaxed_max, CALL(maximum))
    BOTH(pmin, LANES(b_.CreateSelect(b_.CreateFCmpOLT(b, a), b, a)))
    BOTH(pmax, LANES(b_.CreateSelect(b_.CreateFCmpOLT(a, b), b, a)))
    BOTH(eq, COMPARE(FCMP_OEQ))
    BOTH(ne, COMPARE(FCMP_UNE))
    BOTH(lt, COMPARE(FCMP_OLT))
    BOTH(gt, COMPARE(FCMP_OGT))
    BOTH(le, COMPARE(FCMP_OLE))
    BOTH(ge, COMPARE(FCMP_OGE))
    default:
      return vector_float_unary(op) || vector_float_conversion(op);
  }
}

bool Translator::vector_float_unary(Op op) {
  auto step = [&](u32 bits, ir::Intrinsic::ID id) {
    Value result = intrinsic(id, {pop_vector(float_lanes(bits))});
    push_vector(id == ir::Intrinsic::fabs ? result : quiet(result));
    return true;
  };
  auto multiply_add = [&](u32 bits, bool negate) {
    Value c = pop_vector(float_lanes(bits));
    Value b = pop_vector(float_lanes(bits));
    Value product = quiet(b_.CreateFMul(pop_vector(float_lanes(bits)), b));
    push_vector(quiet(negate ? b_.CreateFSub(c, product) : b_.CreateFAdd(product, c)));
    return true;
  };
  switch (op) {
    BOTH(abs, ir::Intrinsic::fabs)
    BOTH(sqrt, ir::Intrinsic::sqrt)
    BOTH(ceil, ir::Intrinsic::ceil)
    BOTH(floor, ir::Intrinsic::floor)
    BOTH(trunc, ir::Intrinsic::trunc)
    BOTH(nearest, ir::Intrinsic::roundeven)
    case Op::f32x4_neg:
    case Op::f64x2_neg:
      push_vector(b_.CreateFNeg(pop_vector(float_lanes(op == Op::f32x4_neg ? 32 : 64))));
      return true;
    case Op::f32x4_relaxed_madd:
    case Op::f32x4_relaxed_nmadd:
      return multiply_add(32, op == Op::f32x4_relaxed_nmadd);
    case Op::f64x2_relaxed_madd:
    case Op::f64x2_relaxed_nmadd:
      return multiply_add(64, op == Op::f64x2_relaxed_nmadd);
    default:
      return false;
  }
}

bool Translator::vector_float_conversion(Op op) {
  ir::Type* halves = ir::FixedVectorType::get(b_.getFloatTy(), 2);
  ir::Type* ints = ir::FixedVectorType::get(out_.i32(), 2);
  auto with_zeros = [&](Value pair) {
    return b_.CreateShuffleVector(pair, ir::Constant::getNullValue(pair->getType()), {0, 1, 2, 3});
  };
  auto truncate = [&](ir::FixedVectorType* from, ir::Type* to, bool is_signed) {
    const auto id = is_signed ? ir::Intrinsic::fptosi_sat : ir::Intrinsic::fptoui_sat;
    return b_.CreateIntrinsic(id, {to, from}, {pop_vector(from)});
  };
  switch (op) {
    case Op::f32x4_demote_f64x2_zero:
      push_vector(quiet(with_zeros(b_.CreateFPTrunc(pop_vector(float_lanes(64)), halves))));
      return true;
    case Op::f64x2_promote_low_f32x4:
      push_vector(quiet(b_.CreateFPExt(half(pop_vector(float_lanes(32)), false), float_lanes(64))));
      return true;
    case Op::f32x4_convert_i32x4_s:
      push_vector(b_.CreateSIToFP(pop_vector(lanes(32)), float_lanes(32)));
      return true;
    case Op::f32x4_convert_i32x4_u:
      push_vector(b_.CreateUIToFP(pop_vector(lanes(32)), float_lanes(32)));
      return true;
    case Op::f64x2_convert_low_i32x4_s:
      push_vector(b_.CreateSIToFP(half(pop_vector(lanes(32)), false), float_lanes(64)));
      return true;
    case Op::f64x2_convert_low_i32x4_u:
      push_vector(b_.CreateUIToFP(half(pop_vector(lanes(32)), false), float_lanes(64)));
      return true;
    case Op::i32x4_trunc_sat_f32x4_s:
    case Op::i32x4_relaxed_trunc_f32x4_s:
      push_vector(truncate(float_lanes(32), lanes(32), true));
      return true;
    case Op::i32x4_trunc_sat_f32x4_u:
    case Op::i32x4_relaxed_trunc_f32x4_u:
      push_vector(truncate(float_lanes(32), lanes(32), false));
      return true;
    case Op::i32x4_trunc_sat_f64x2_s_zero:
    case Op::i32x4_relaxed_trunc_f64x2_s_zero:
      push_vector(with_zeros(truncate(float_lanes(64), ints, true)));
      return true;
    case Op::i32x4_trunc_sat_f64x2_u_zero:
    case Op::i32x4_relaxed_trunc_f64x2_u_zero:
      push_vector(with_zeros(truncate(float_lanes(64), ints, false)));
      return true;
    default:
      return false;
  }
}

}  // namespace wisp::llvm_tier
