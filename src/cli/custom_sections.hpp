#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace wisp::cli {

/// A field of the producers section: "processed-by" and its tools with their versions.
/// https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md
struct ProducersField {
  std::string name;
  std::vector<std::pair<std::string, std::string>> values;
};

/// What could be read of it; a custom section may hold anything.
std::vector<ProducersField> read_producers(Bytes contents);

/// "+simd128", "-atomics": a prefix and a feature each.
/// https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md#target-features-section
std::vector<std::string> read_target_features(Bytes contents);

}  // namespace wisp::cli
