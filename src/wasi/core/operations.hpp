#pragma once

#include <string_view>

#include "wasi/core/rights.hpp"

namespace wisp::core {

enum class Operation : u8 {
#define WISP_OPERATION(name, rights) name,
#define WISP_OPERATION_ANY(name, rights) name,
#include "wasi/core/operations.def"
#undef WISP_OPERATION
#undef WISP_OPERATION_ANY
};

inline constexpr Operation all_operations[] = {
#define WISP_OPERATION(name, rights) Operation::name,
#define WISP_OPERATION_ANY(name, rights) Operation::name,
#include "wasi/core/operations.def"
#undef WISP_OPERATION
#undef WISP_OPERATION_ANY
};

/// What a handle must allow for an operation: all of `rights`, or one of them.
struct Requirement {
  Rights rights;
  bool any = false;

  constexpr bool met_by(Rights held) const { return any ? held.contains_any(rights) : held.contains(rights); }
};

constexpr Requirement requirement(Operation operation) {
  constexpr Requirement table[] = {
#define WISP_OPERATION(name, rights) {rights, false},
#define WISP_OPERATION_ANY(name, rights) {rights, true},
#include "wasi/core/operations.def"
#undef WISP_OPERATION
#undef WISP_OPERATION_ANY
  };
  return table[u8(operation)];
}

/// The name in operations.def.
std::string_view operation_name(Operation operation);

}  // namespace wisp::core
