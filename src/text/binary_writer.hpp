#pragma once

#include "text/assembly.hpp"

namespace wisp::text {

/// The sections put together, with the custom sections that names and annotations make.
std::vector<u8> write_module(Assembly& a);

}  // namespace wisp::text
