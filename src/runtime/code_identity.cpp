#include "runtime/code_identity.hpp"

#include "runtime/code_identity_value.hpp"

namespace wisp::runtime {

std::string_view code_identity() {
  return WISP_CODE_IDENTITY;
}

}  // namespace wisp::runtime
