#pragma once

#include <initializer_list>
#include <vector>

#include "interp/emitter.hpp"
#include "interp/function_code.hpp"

namespace wisp::baseline::test {

/// Slot code written by hand, as the compiler gets it from lowering.
class HandWritten {
 public:
  explicit HandWritten(std::initializer_list<interp::LocalClass> locals, u32 frame_slots = 16)
      : locals_(locals), frame_slots_(frame_slots) {}

  interp::Emitter out{interp::Encoding::numbers};
  std::vector<interp::LoopRange> loops;
  std::vector<interp::TryRegion> regions;

  interp::FunctionCode code() const {
    interp::FunctionCode code;
    code.frame_slots = frame_slots_;
    code.loop_ranges = loops;
    if (!loops.empty()) code.locals = locals_;
    code.words = out.code();
    code.regions = regions;
    return code;
  }

 private:
  std::vector<interp::LocalClass> locals_;
  u32 frame_slots_;
};

}  // namespace wisp::baseline::test
