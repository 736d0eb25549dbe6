#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace wisp {

/// The kinds of error that the library reports to the embedder.
enum class ErrorCode : std::uint8_t {
  malformed,    // the bytes or the text do not follow the grammar
  invalid,      // well-formed, but not valid
  unsupported,  // needs a feature that is off, or a format that this build does not know
  limit,        // exceeds a named implementation limit
  link,         // an import is missing or has another type
  io,           // the operating system refused
  argument,     // the embedder's request makes no sense
};

/// A refused request or bad input. It never describes what a guest did while it ran (that is a `Trap`).
struct Error {
  ErrorCode code = ErrorCode::argument;
  /// Byte offset in the input (binary or text) that the error is about; 0 where there is none.
  std::uint64_t offset = 0;
  std::string message;
  /// What the reader can do about it; may be empty.
  std::string hint;
};

/// Either a value or an `Error`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }

  /// The value; calling it on an error is a bug of the caller and aborts.
  T& value() & { return *must(std::get_if<0>(&state_)); }
  const T& value() const& { return *must(std::get_if<0>(&state_)); }
  T&& value() && { return std::move(*must(std::get_if<0>(&state_))); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return *must(std::get_if<1>(&state_)); }
  const Error& error() const& { return *must(std::get_if<1>(&state_)); }
  Error&& error() && { return std::move(*must(std::get_if<1>(&state_))); }

 private:
  template <class P>
  static P* must(P* pointer) {
    if (pointer == nullptr) std::abort();
    return pointer;
  }

  std::variant<T, Error> state_;
};

/// Success without a value, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_.has_value(); }
  bool ok() const { return !error_.has_value(); }

  Error& error() & { return *must(); }
  const Error& error() const& { return *const_cast<Result*>(this)->must(); }
  Error&& error() && { return std::move(*must()); }

 private:
  Error* must() {
    if (!error_) std::abort();
    return &*error_;
  }

  std::optional<Error> error_;
};

}  // namespace wisp
