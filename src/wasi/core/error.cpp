#include "wasi/core/error.hpp"

#include "base/check.hpp"

namespace wisp::core {

std::string_view error_name(ErrorCode code) {
  switch (code) {
#define WISP_ERROR(name, preview1, code_0_2, os) \
  case ErrorCode::name:                          \
    return #name;
#define WISP_ERROR_WITHOUT_ERRNO(name, preview1, code_0_2) WISP_ERROR(name, preview1, code_0_2, )
#include "wasi/core/errors.def"
#undef WISP_ERROR
#undef WISP_ERROR_WITHOUT_ERRNO
  }
  WISP_UNREACHABLE();
}

ErrorCode from_errno(sys::Errno errno_value) {
  switch (errno_value) {
#define WISP_ERROR(name, preview1, code_0_2, os) \
  case sys::Errno::os:                           \
    return ErrorCode::name;
#define WISP_ERROR_WITHOUT_ERRNO(name, preview1, code_0_2)
#include "wasi/core/errors.def"
#undef WISP_ERROR
#undef WISP_ERROR_WITHOUT_ERRNO
  }
  // Any other number that the host may come up with.
  return ErrorCode::io;
}

}  // namespace wisp::core
