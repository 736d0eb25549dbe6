#pragma once

#include <string_view>

#include "base/outcome.hpp"
#include "sys/errno.hpp"

namespace wisp::core {

/// What a guest is told, in every version of WASI. `would_block` comes with something to wait for:
/// `Handle::wait_handle`.
enum class ErrorCode : u16 {
#define WISP_ERROR(name, preview1, code, os) name = preview1,
#define WISP_ERROR_WITHOUT_ERRNO(name, preview1, code) name = preview1,
#include "wasi/core/errors.def"
#undef WISP_ERROR
#undef WISP_ERROR_WITHOUT_ERRNO
};

template <class T>
using Outcome = BasicOutcome<T, ErrorCode>;

/// The errno of preview1 and wasi_unstable.
constexpr u16 preview1_errno(ErrorCode code) {
  return u16(code);
}

/// The name in errors.def.
std::string_view error_name(ErrorCode code);

/// What the guest is told of a refusal by the host; `io` for what the table does not have.
ErrorCode from_errno(sys::Errno errno_value);

}  // namespace wisp::core
