#include <cstdio>
#include <utility>

#include "api/access.hpp"

namespace wisp {

std::string module_name(const runtime::Instance& instance) {
  if (!instance.name().empty()) return instance.name();
  return std::string(instance.loaded().names().module.value_or(std::string_view()));
}

Trap Access::lift(StoreState& store, const runtime::TrapInfo& info) {
  Trap trap;
  trap.reason = info.reason;
  trap.message = std::exchange(store.inner_message, {});
  if (!info.message.empty()) trap.message = info.message;
  trap.exit_code = info.exit_code;
  if (info.exception != runtime::null_ref) {
    trap.exception = lift(store, wasm::ValType::ref(false, wasm::HeapKind::exn), &info.exception);
  }
  trap.backtrace = std::exchange(store.inner_frames, {});
  for (const runtime::CodeLocation& location : info.backtrace) {
    Frame frame;
    const runtime::LoadedModule& loaded = location.instance->loaded();
    frame.module = module_name(*location.instance);
    frame.function = demangle(loaded.function_name(location.function));
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
