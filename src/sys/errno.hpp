#pragma once

#include "base/int.hpp"
#include "base/outcome.hpp"

namespace wisp::sys {

/// Why the host refused. The numbers are those of Linux, on every host.
enum class Errno : u16 {
#define WISP_ERRNO(name, number) name = number,
#include "sys/errno.def"
#undef WISP_ERRNO
};

template <class T>
using Outcome = BasicOutcome<T, Errno>;

}  // namespace wisp::sys
