#include <cstdlib>

#include <cxxabi.h>

#include "api/access.hpp"

namespace wisp {

std::string demangle(std::string_view name) {
  const std::string mangled(name);
  if (!mangled.starts_with("_Z")) return mangled;
  int status = 0;
  char* readable = __cxxabiv1::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
  std::string text = status == 0 ? readable : mangled;
  std::free(readable);
  // Rust's older scheme looks like C++ with a hash for a last component.
  constexpr usize hash_digits = 16;
  const usize hash = text.rfind("::h");
  if (hash != text.npos && text.size() - hash == 3 + hash_digits) text.resize(hash);
  return text;
}

Trap Access::lift(StoreState& store, const runtime::TrapInfo& info) {
  Trap trap;
  trap.reason = info.reason;
  trap.message = info.message;
  trap.exit_code = info.exit_code;
  if (info.exception != runtime::null_ref) {
    trap.exception = lift(store, wasm::ValType::ref(false, wasm::HeapKind::exn), &info.exception);
  }
  for (const runtime::CodeLocation& location : info.backtrace) {
    Frame frame;
    const wasm::Names& names = location.instance->loaded().names();
    frame.module = location.instance->name();
    if (frame.module.empty()) frame.module = names.module.value_or(std::string_view());
    frame.function = demangle(names.function(location.function));
    frame.function_index = location.function.value;
    frame.offset = location.offset;
    trap.backtrace.push_back(std::move(frame));
  }
  return trap;
}

std::string Trap::summary() const {
  if (is_exit()) return "exit " + std::to_string(exit_code);
  if (reason == TrapReason::host && !message.empty()) return message;
  std::string text(text_of(reason));
  if (!message.empty()) text += ": " + message;
  return text;
}

std::string Trap::to_string() const {
  std::string text = summary();
  usize number = 0;
  for (const Frame& frame : backtrace) {
    char offset[32];
    std::snprintf(offset, sizeof offset, "0x%llx", static_cast<unsigned long long>(frame.offset));
    text += "\n  " + std::to_string(number++) + ": ";
    if (!frame.module.empty()) text += frame.module + "!";
    text += frame.function.empty() ? "func " + std::to_string(frame.function_index) : frame.function;
    text += std::string(" @ ") + offset;
  }
  return text;
}

}  // namespace wisp
