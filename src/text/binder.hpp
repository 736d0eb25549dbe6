#pragma once

#include "text/assembly.hpp"

namespace wisp::text {

/// The module fields of a text, found by the first pass.
struct Fields {
  std::vector<u32> types;        // tokens of the `(` of `(type …)` and `(rec …)`
  std::vector<u32> others;       // of all the others
  std::vector<u32> annotations;  // those between fields
};

/// From the cursor at the first field: finds all fields and binds their identifiers, so that fields may refer to later
/// ones. Looks into a field no further than that takes.
Fields bind_fields(Assembly& a);

}  // namespace wisp::text
