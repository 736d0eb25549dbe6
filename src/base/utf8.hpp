#pragma once

#include "base/bytes.hpp"

namespace wisp {

/// Whether the bytes are well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(Bytes bytes);

}  // namespace wisp
