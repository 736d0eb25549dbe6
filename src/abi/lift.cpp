#include "abi/lift.hpp"

namespace wisp::abi {

bool Lift::trap_out_of_bounds(Caller caller, std::string_view function, u64 address, u64 count, u32 size) {
  TraceText why;
  why.append(function);
  if (!caller.memory().exists()) {
    why.append(": the module exports no memory named \"memory\"");
  } else {
    why.append(": pointer out of bounds: ");
    why.decimal(count);
    why.append(" times ");
    why.decimal(u64{size});
    why.append(" bytes at ");
    why.hex(address);
    why.append(" in a memory of ");
    why.hex(caller.memory().size_bytes());
    why.append(" bytes");
  }
  (void)caller.trap(why.text());
  return false;
}

bool Lift::trap_misaligned(Caller caller, std::string_view function, u64 address, u32 alignment) {
  TraceText why;
  why.append(function);
  why.append(": misaligned pointer: ");
  why.hex(address);
  why.append(" is not a multiple of ");
  why.decimal(u64{alignment});
  (void)caller.trap(why.text());
  return false;
}

}  // namespace wisp::abi
