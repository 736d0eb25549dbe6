#include "cli/endings.hpp"

#include <fmt/format.h>

#include "cli/input.hpp"
#include "cli/units.hpp"

namespace wisp::cli {
namespace {

MessageId message_for(TrapReason reason) {
  switch (reason) {
    case TrapReason::stack_overflow:
      return MessageId::stack;
    case TrapReason::uncaught_exception:
      return MessageId::exception;
    case TrapReason::out_of_fuel:
      return MessageId::fuel;
    case TrapReason::deadline:
      return MessageId::deadline;
    case TrapReason::memory_limit:
      return MessageId::memory;
    case TrapReason::interrupted:
      return MessageId::interrupted;
    default:
      return MessageId::trap;
  }
}

/// What usually causes a trap; empty if the reason says it all.
std::string_view usual_cause(TrapReason reason) {
  switch (reason) {
    case TrapReason::unreachable:
      return "abort(), a failed assertion, a panic or undefined behaviour end in `unreachable`";
    case TrapReason::indirect_call_type_mismatch:
      return "a function was called through a pointer of another type";
    case TrapReason::undefined_element:
    case TrapReason::uninitialized_element:
    case TrapReason::null_function_reference:
      return "a function pointer that is null or points to no function was called";
    case TrapReason::memory_out_of_bounds:
      return "a null or wild pointer, or a buffer that was overrun";
    default:
      return {};
  }
}

std::string text_for(const Trap& trap, const std::string& program, const Invocation& invocation) {
  switch (message_for(trap.reason)) {
    case MessageId::stack:
      return fmt::format("{}: call stack exhausted ({})", program, show_size(invocation.config.stack_bytes));
    case MessageId::exception:
      return fmt::format("{} threw an exception that nobody caught", program);
    case MessageId::fuel:
      return fmt::format("{} used up its fuel{}", program,
                         invocation.run.fuel ? fmt::format(" ({})", *invocation.run.fuel) : std::string());
    case MessageId::deadline:
      return fmt::format("{} was stopped after {}", program,
                         invocation.timeout ? show_duration(*invocation.timeout) : "its time");
    case MessageId::memory:
      return fmt::format("{} wanted more memory than {}", program, show_size(invocation.run.limits.memory_bytes));
    case MessageId::interrupted:
      return fmt::format("{} was interrupted", program);
    default:
      return fmt::format("{} trapped: {}", program, printable(trap.summary()));
  }
}

void add_hint(Message& message) {
  switch (message.id) {
    case MessageId::stack:
      message.hint("endless recursion? if not, --stack SIZE gives it more");
      return;
    case MessageId::fuel:
      message.hint("--fuel N gives it more");
      return;
    case MessageId::deadline:
      message.hint("--timeout TIME gives it more");
      return;
    case MessageId::memory:
      message.hint("--max-memory SIZE gives it more");
      return;
    default:
      return;
  }
}

}  // namespace

Message about_trap(const Trap& trap, const std::string& file, const Invocation& invocation) {
  const std::string program = base_name(file);
  Message message(message_for(trap.reason), text_for(trap, printable(program), invocation));
  message.file = file;
  const std::string_view cause = message.id == MessageId::trap ? usual_cause(trap.reason) : std::string_view();
  if (!cause.empty()) message.details.emplace_back(cause);
  add_hint(message);
  // Where Ctrl-C met it says nothing; where it was when time ran out does.
  if (message.id == MessageId::interrupted) return message;
  message.backtrace = trap.backtrace;
  for (Frame& frame : message.backtrace) {
    if (frame.module.empty()) frame.module = program;
  }
  return message;
}

Message about_start(const Error& error, const std::string& file, const Invocation& invocation) {
  const bool memory_is_limited = invocation.run.limits.memory_bytes != StoreLimits().memory_bytes;
  const MessageId id = error.code == ErrorCode::link                         ? MessageId::link
                       : error.code == ErrorCode::limit && memory_is_limited ? MessageId::memory
                                                                             : MessageId::instantiate;
  Message message(id, fmt::format("cannot start {}: {}", printable(file), printable(error.message)));
  message.file = file;
  if (!error.hint.empty()) message.hint(error.hint);
  if (error.code == ErrorCode::limit && memory_is_limited) message.hint("--max-memory SIZE gives it more memory");
  return message;
}

}  // namespace wisp::cli
