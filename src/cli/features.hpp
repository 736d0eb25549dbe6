#pragma once

#include "wisp/config.hpp"

#include "text/wat.hpp"

namespace wisp::cli {

/// The features of a configuration as the text reader takes them.
wasm::Features features_of(const Config& config);

}  // namespace wisp::cli
