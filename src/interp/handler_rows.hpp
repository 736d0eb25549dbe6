#pragma once

#include "interp/state.hpp"

/// Tables of handlers, made from slot_ops.def: one per family, in the order of the ids. A source file that makes one
/// includes the family's op bodies, says `#define WISP_ROW_<family> WISP_VARIANTS` for its own family, and
/// `WISP_HANDLER_TABLE(family)`.
namespace wisp::interp {

/// Of one family; indexed by `SlotOp & family_mask`.
using HandlerTable = const Handler*;

#define WISP_SLOT_FAMILY(family) extern const Handler family##_handlers[];
#define WISP_SLOT_ROW(family, id, semantics, shape)
#include "interp/slot_ops.def"

}  // namespace wisp::interp

#define WISP_VARIANTS(semantics, shape) WISP_VARIANTS_##shape(semantics)

#define WISP_TIMES_2(handler, ...) handler<__VA_ARGS__ 0>, handler<__VA_ARGS__ 1>,
#define WISP_TIMES_4(handler, ...) WISP_TIMES_2(handler, __VA_ARGS__) handler<__VA_ARGS__ 2>, handler<__VA_ARGS__ 3>,
#define WISP_TIMES_6(handler, ...) WISP_TIMES_4(handler, __VA_ARGS__) handler<__VA_ARGS__ 4>, handler<__VA_ARGS__ 5>,
#define WISP_TIMES_8(handler, ...) WISP_TIMES_6(handler, __VA_ARGS__) handler<__VA_ARGS__ 6>, handler<__VA_ARGS__ 7>,
#define WISP_TIMES_9(handler, ...) WISP_TIMES_8(handler, __VA_ARGS__) handler<__VA_ARGS__ 8>,
#define WISP_TIMES_12(handler, ...)  \
  WISP_TIMES_9(handler, __VA_ARGS__) \
  handler<__VA_ARGS__ 9>, handler<__VA_ARGS__ 10>, handler<__VA_ARGS__ 11>,
#define WISP_TIMES_14(handler, ...) \
  WISP_TIMES_12(handler, __VA_ARGS__) handler<__VA_ARGS__ 12>, handler<__VA_ARGS__ 13>,
#define WISP_TIMES_16(handler, ...) \
  WISP_TIMES_14(handler, __VA_ARGS__) handler<__VA_ARGS__ 14>, handler<__VA_ARGS__ 15>,
#define WISP_COMMA ,

#define WISP_VARIANTS_unary(s) WISP_TIMES_4(unary, numeric::s WISP_COMMA)
#define WISP_VARIANTS_binary(s) WISP_TIMES_14(binary, numeric::s WISP_COMMA)
#define WISP_VARIANTS_commutative(s) WISP_TIMES_8(commutative, numeric::s WISP_COMMA)
#define WISP_VARIANTS_compare(s) WISP_TIMES_8(commutative, numeric::s WISP_COMMA)
#define WISP_VARIANTS_branch_compare(s) WISP_TIMES_8(branch_compare, numeric::s WISP_COMMA)
#define WISP_VARIANTS_branch_compare_float(s) WISP_TIMES_16(branch_compare_float, numeric::s WISP_COMMA)
#define WISP_VARIANTS_load(s) WISP_TIMES_6(load, numeric::s WISP_COMMA)
#define WISP_VARIANTS_load_indexed(s) WISP_TIMES_8(load_indexed, numeric::s WISP_COMMA)
#define WISP_VARIANTS_store(s) WISP_TIMES_9(store, numeric::s WISP_COMMA)
#define WISP_VARIANTS_load_any(s) WISP_TIMES_2(load_any, numeric::s WISP_COMMA)
#define WISP_VARIANTS_store_any(s) WISP_TIMES_2(store_any, numeric::s WISP_COMMA)
#define WISP_VARIANTS_load_lane(s) WISP_TIMES_2(load_lane, numeric::s WISP_COMMA)
#define WISP_VARIANTS_store_lane(s) WISP_TIMES_2(store_lane, numeric::s WISP_COMMA)
#define WISP_VARIANTS_vector_binary(s) WISP_TIMES_4(vector_binary, numeric::s WISP_COMMA)
#define WISP_VARIANTS_vector_commutative(s) WISP_TIMES_4(vector_binary, numeric::s WISP_COMMA)
#define WISP_VARIANTS_vector_shift(s) WISP_TIMES_8(vector_shift, numeric::s WISP_COMMA)
#define WISP_VARIANTS_vector_ternary(s) WISP_TIMES_2(vector_ternary, numeric::s WISP_COMMA)
#define WISP_VARIANTS_extract_lane(s) WISP_TIMES_4(extract_lane, numeric::s WISP_COMMA)
#define WISP_VARIANTS_replace_lane(s) WISP_TIMES_2(replace_lane, numeric::s WISP_COMMA)
#define WISP_VARIANTS_atomic_load(s) WISP_TIMES_2(atomic_load, numeric::s WISP_COMMA)
#define WISP_VARIANTS_atomic_store(s) WISP_TIMES_2(atomic_store, numeric::s WISP_COMMA)
#define WISP_VARIANTS_atomic_rmw(s) WISP_TIMES_2(atomic_rmw, numeric::s WISP_COMMA)
#define WISP_VARIANTS_atomic_cmpxchg(s) WISP_TIMES_2(atomic_cmpxchg, numeric::s WISP_COMMA)
#define WISP_VARIANTS_handlers_1(handler) handler<0>,
#define WISP_VARIANTS_handlers_2(handler) WISP_TIMES_2(handler, )
#define WISP_VARIANTS_handlers_4(handler) WISP_TIMES_4(handler, )
#define WISP_VARIANTS_handlers_8(handler) WISP_TIMES_8(handler, )
#define WISP_VARIANTS_handlers_12(handler) WISP_TIMES_12(handler, )
#define WISP_VARIANTS_handlers_16(handler) WISP_TIMES_16(handler, )
