#include "wasm/types.hpp"

#include "base/check.hpp"

namespace wisp::wasm {

u32 StorageType::size_bytes() const {
  if (packed == Packed::i8) return 1;
  if (packed == Packed::i16) return 2;
  switch (type.kind()) {
    case ValType::Kind::i32:
    case ValType::Kind::f32:
      return 4;
    case ValType::Kind::v128:
      return 16;
    default:
      return 8;
  }
}

HeapKind top_of(HeapType heap) {
  if (!heap.is_abstract()) return heap.type()->kind == DefType::Kind::func ? HeapKind::func : HeapKind::any;
  switch (heap.kind()) {
    case HeapKind::func:
    case HeapKind::nofunc:
      return HeapKind::func;
    case HeapKind::extern_:
    case HeapKind::noextern:
      return HeapKind::extern_;
    case HeapKind::exn:
    case HeapKind::noexn:
      return HeapKind::exn;
    default:
      return HeapKind::any;
  }
}

namespace {

/// The bottom of the hierarchy with the given top.
HeapKind bottom_of(HeapKind top) {
  switch (top) {
    case HeapKind::func:
      return HeapKind::nofunc;
    case HeapKind::extern_:
      return HeapKind::noextern;
    case HeapKind::exn:
      return HeapKind::noexn;
    default:
      return HeapKind::none;
  }
}

/// The least abstract type above a defined one.
HeapKind abstraction_of(const DefType& type) {
  switch (type.kind) {
    case DefType::Kind::func:
      return HeapKind::func;
    case DefType::Kind::struct_:
      return HeapKind::struct_;
    case DefType::Kind::array:
      return HeapKind::array;
  }
  WISP_UNREACHABLE();
}

bool abstract_matches(HeapKind sub, HeapKind super) {
  if (sub == super || super == top_of(sub)) return true;
  if (sub == bottom_of(top_of(sub))) return top_of(sub) == top_of(super);
  const bool below_eq = sub == HeapKind::i31 || sub == HeapKind::struct_ || sub == HeapKind::array;
  return super == HeapKind::eq && below_eq;
}

}  // namespace

bool matches(HeapType sub, HeapType super) {
  if (sub == super || sub == HeapType(HeapKind::bottom)) return true;
  if (super == HeapType(HeapKind::bottom)) return false;
  if (!super.is_abstract()) {
    if (!sub.is_abstract()) return sub.type()->is_subtype_of(super.type());
    return sub.kind() == bottom_of(top_of(super));
  }
  return abstract_matches(sub.is_abstract() ? sub.kind() : abstraction_of(*sub.type()), super.kind());
}

bool matches(ValType sub, ValType super) {
  if (sub == super || sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  return (super.nullable() || !sub.nullable()) && matches(sub.heap(), super.heap());
}

}  // namespace wisp::wasm
