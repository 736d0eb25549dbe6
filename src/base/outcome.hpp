#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.hpp"

namespace wisp {

/// Either a value or an error code `E`: what a call reports whose errors are an enumeration and not text. (`Result`
/// is for the embedder.)
template <class T, class E>
class [[nodiscard]] BasicOutcome {
 public:
  BasicOutcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  BasicOutcome(E error) : state_(std::in_place_index<1>, error) {}

  explicit operator bool() const { return ok(); }
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

  E error() const { return *must(std::get_if<1>(&state_)); }

 private:
  template <class P>
  static P* must(P* pointer) {
    WISP_CHECK(pointer != nullptr);
    return pointer;
  }

  std::variant<T, E> state_;
};

/// Success without a value, or an error code.
template <class E>
class [[nodiscard]] BasicOutcome<void, E> {
 public:
  BasicOutcome() = default;
  BasicOutcome(E error) : error_(error) {}

  explicit operator bool() const { return ok(); }
  bool ok() const { return !error_.has_value(); }
  E error() const {
    WISP_CHECK(error_.has_value());
    return *error_;
  }

 private:
  std::optional<E> error_;
};

}  // namespace wisp
