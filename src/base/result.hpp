#pragma once

#include "wisp/error.hpp"

/// Returns the error of a `Result` expression to the caller; the value is dropped.
#define WISP_TRY(expression)                                              \
  do {                                                                    \
    auto wisp_try_result = (expression);                                  \
    if (!wisp_try_result.ok()) return std::move(wisp_try_result).error(); \
  } while (false)

#define WISP_CONCAT_INNER(a, b) a##b
#define WISP_CONCAT(a, b) WISP_CONCAT_INNER(a, b)

/// `WISP_TRY_ASSIGN(auto x, f());` declares or assigns the value, or returns the error to the caller.
#define WISP_TRY_ASSIGN(target, expression) WISP_TRY_ASSIGN_INNER(WISP_CONCAT(wisp_try_, __LINE__), target, expression)
#define WISP_TRY_ASSIGN_INNER(name, target, expression) \
  auto name = (expression);                             \
  if (!name.ok()) return std::move(name).error();       \
  target = std::move(name).value()
