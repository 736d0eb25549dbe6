#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "wisp/error.hpp"
#include "wisp/trap_reason.hpp"
#include "wisp/value.hpp"

namespace wisp {

/// A frame of a guest's backtrace.
struct Frame {
  /// The name of the instance's module; may be empty.
  std::string module;
  /// From the name section, demangled, or else what it is exported as; empty if the module does not say.
  std::string function;
  std::uint32_t function_index = 0;
  /// Of the instruction, in bytes from the start of the module.
  std::uint64_t offset = 0;
};

/// How a guest ended other than by returning: a trap, an exit, an interruption.
struct Trap {
  TrapReason reason = TrapReason::host;
  /// What a host function had to say, or what is wrong with an invalid function; may be empty.
  std::string message;
  /// If `reason` is `exit`.
  std::uint32_t exit_code = 0;
  /// Innermost frame first; the outermost frames of a long one may be missing.
  std::vector<Frame> backtrace;
  /// If `reason` is `uncaught_exception`: the `exnref`.
  std::optional<Value> exception;

  bool is_exit() const { return reason == TrapReason::exit; }
  /// The reason, and the message if there is one, in one line.
  std::string summary() const;
  /// The summary and the backtrace, a line for each frame.
  std::string to_string() const;
};

/// How running a guest ended: with a value, with a trap, or not at all because the request could not be granted.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Trap trap) : state_(std::in_place_index<1>, std::move(trap)) {}
  Outcome(Error error) : state_(std::in_place_index<2>, std::move(error)) {}

  explicit operator bool() const { return ok(); }
  bool ok() const { return state_.index() == 0; }

  /// The value; calling it when there is none is a bug of the caller and aborts.
  T& value() & { return *must(std::get_if<0>(&state_)); }
  const T& value() const& { return *must(std::get_if<0>(&state_)); }
  T&& value() && { return std::move(*must(std::get_if<0>(&state_))); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Null unless it ended that way.
  const Trap* trap() const { return std::get_if<1>(&state_); }
  Trap* trap() { return std::get_if<1>(&state_); }
  const Error* error() const { return std::get_if<2>(&state_); }
  Error* error() { return std::get_if<2>(&state_); }

  /// For people: why there is no value.
  std::string message() const {
    if (const Trap* t = trap()) return t->to_string();
    return error() != nullptr ? error()->message : std::string();
  }

 private:
  template <class P>
  static P* must(P* pointer) {
    if (pointer == nullptr) std::abort();
    return pointer;
  }

  std::variant<T, Trap, Error> state_;
};

/// The same for what gives no value.
template <>
class [[nodiscard]] Outcome<void> {
 public:
  Outcome() = default;
  Outcome(Trap trap) : state_(std::move(trap)) {}
  Outcome(Error error) : state_(std::move(error)) {}

  explicit operator bool() const { return ok(); }
  bool ok() const { return state_.index() == 0; }
  const Trap* trap() const { return std::get_if<1>(&state_); }
  Trap* trap() { return std::get_if<1>(&state_); }
  const Error* error() const { return std::get_if<2>(&state_); }
  Error* error() { return std::get_if<2>(&state_); }
  std::string message() const {
    if (const Trap* t = trap()) return t->to_string();
    return error() != nullptr ? error()->message : std::string();
  }

 private:
  std::variant<std::monostate, Trap, Error> state_;
};

}  // namespace wisp
