#pragma once

#include "text/assembly.hpp"
#include "text/binder.hpp"

namespace wisp::text {

/// Encodes all fields but types into the sections, in the order of the text.
void encode_fields(Assembly& a, const Fields& fields);

}  // namespace wisp::text
