#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wisp/instance.hpp"
#include "wisp/store.hpp"
#include "wisp/value.hpp"

#include "text/wast.hpp"

namespace wisp::cli {

/// Makes a store's values out of a script's arguments.
class ScriptValues {
 public:
  explicit ScriptValues(Store store) : store_(std::move(store)) {}

  Result<Value> make(const text::ScriptValue& value);

 private:
  /// The host's reference as an `anyref`.
  Result<Value> host_any(u64 number);

  Store store_;
  /// Converts an `externref` into an `anyref`: only guest code can.
  std::optional<Func> internalize_;
};

/// Whether a value is what the script wants.
bool matches(const Value& value, const text::ResultPattern& pattern);

/// For people: "i32 7", "f32 nan:canonical", "(v128 i8x16 1 2 …)".
std::string describe(const text::ResultPattern& pattern);
std::string describe(const std::vector<text::ResultPattern>& patterns);
std::string describe(const std::vector<Value>& values);

}  // namespace wisp::cli
