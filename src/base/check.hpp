#pragma once

namespace wisp {

/// Prints the broken invariant and aborts. For our own bugs only; what a guest does wrong is a value.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace wisp

/// Always on: a broken invariant of ours ends the process with a message.
#define WISP_CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? (void)0 : ::wisp::check_failed(#condition, __FILE__, __LINE__))

/// Like WISP_CHECK in debug builds, nothing in release builds.
#ifdef NDEBUG
#define WISP_ASSERT(condition) ((void)sizeof(!(condition)))
#else
#define WISP_ASSERT(condition) WISP_CHECK(condition)
#endif

#define WISP_UNREACHABLE() ::wisp::check_failed("unreachable", __FILE__, __LINE__)
