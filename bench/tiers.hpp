#pragma once

#include <cstdlib>
#include <string_view>

#include "wisp/wisp.hpp"

namespace wisp::bench {

/// An engine with the tier that the command calls `name`; ends the program if there is no such name.
inline Engine engine_of(std::string_view name) {
  Config config;
  if (name == "interpreter") {
    config.tier = Tier::interpreter;
  } else if (name == "baseline") {
    config.tier = Tier::baseline;
  } else if (name == "optimizing") {
    config.tier = Tier::optimizing;
  } else if (name != "auto") {
    std::exit(64);
  }
  return Engine(config);
}

}  // namespace wisp::bench
