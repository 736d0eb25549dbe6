#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace wisp::cli {

/// Keeps the order in which fields are added.
using Json = nlohmann::ordered_json;

/// Bytes of a guest that are not UTF-8 become U+FFFD. `indent` < 0: in one line.
inline std::string to_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wisp::cli
