#pragma once

#include <span>

#include "abi/host_function.hpp"

namespace wisp::abi {

/// A calling instance of nothing but a memory.
struct TestInstance {
  TestInstance() = default;
  explicit TestInstance(std::span<u8> memory) : view{memory.data(), memory.size()} {}

  MemoryView view;
  Unwind unwind;
  CallingInstance calling{&view, &unwind};
};

}  // namespace wisp::abi
