#pragma once

#include <memory>

#include "wisp/config.hpp"

namespace wisp {

/// What modules and stores have in common: settings, types, the ways of executing code. Copies are the same engine;
/// thread-safe.
class Engine {
 public:
  explicit Engine(const Config& config = {});

  const Config& config() const;
  bool operator==(const Engine&) const = default;

 private:
  friend struct Access;
  std::shared_ptr<struct EngineState> state_;
};

/// "0.1.0"
const char* version();

}  // namespace wisp
