#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "base/index.hpp"
#include "wasm/names.hpp"

namespace wisp::baseline {

/// Is told of each piece of machine code: which function it is of (its name, or "func N"), in which way, and where it
/// runs. In whatever thread made it, one piece at a time for each module.
using CodeObserver = std::function<void(std::string_view function, std::string_view kind, std::span<const u8> code)>;

/// Tells an observer what the machine code of a module is.
class CodeNames {
 public:
  /// Nobody, if `observer` is empty.
  CodeNames(const wasm::Module& module, CodeObserver observer);

  void tell(FuncIndex function, std::string_view kind, std::span<const u8> code) const;
  explicit operator bool() const { return bool(observer_); }

 private:
  const wasm::Module& module_;
  CodeObserver observer_;
  wasm::Names names_;
};

}  // namespace wisp::baseline
