#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wisp/value.hpp"

namespace wisp::cli {

/// An argument of `--invoke`; nothing if the text is no value of the type.
std::optional<Value> parse_value(std::string_view text, const ValType& type);

/// A result of `--invoke`: 7, -0.5, inf, 0x0f…, null, (ref func).
std::string show_value(const Value& value);

/// What `parse_value` takes for a type: "a whole number from -2147483648 to 4294967295".
std::string_view describe_values(const ValType& type);

}  // namespace wisp::cli
