#include "llvm/identity.hpp"

#include "runtime/code_identity_value.hpp"

namespace wisp::llvm_tier {

// The library may be older or newer than the program that loads it, so it says what it was built from itself.
std::string_view code_identity() {
  return WISP_CODE_IDENTITY;
}

}  // namespace wisp::llvm_tier
