#include "abi/lift.hpp"

namespace wisp::abi {

bool Lift::out_of_bounds(u64 address, u64 count, u32 size) {
  TraceText why;
  why.append(function_);
  if (!memory().exists()) {
    why.append(": the module exports no memory named \"memory\"");
  } else {
    why.append(": pointer out of bounds: ");
    why.decimal(count);
    why.append(" times ");
    why.decimal(u64{size});
    why.append(" bytes at ");
    why.hex(address);
    why.append(" in a memory of ");
    why.hex(memory().size_bytes());
    why.append(" bytes");
  }
  (void)caller_.trap(why.text());
  trapped_ = true;
  return false;
}

bool Lift::misaligned(u64 address, u32 alignment) {
  TraceText why;
  why.append(function_);
  why.append(": misaligned pointer: ");
  why.hex(address);
  why.append(" is not a multiple of ");
  why.decimal(u64{alignment});
  (void)caller_.trap(why.text());
  trapped_ = true;
  return false;
}

}  // namespace wisp::abi
