#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wisp/direct_result.hpp"
#include "wisp/instance.hpp"

namespace wisp {

namespace detail {
template <class F, class R, bool with_caller, class... Params>
struct HostThunk;
}

/// What a host function may know of the guest that called it, for the time of one call.
class Caller {
 public:
  /// The memory that the calling instance exports as "memory"; it does not exist if there is none. Not valid any more
  /// after the host function has called the guest.
  GuestMemory memory() const;
  Store store() const;
  /// The calling instance; nothing if the host itself is the caller.
  std::optional<Instance> instance() const;
  /// An export of the calling instance.
  std::optional<Extern> get(std::string_view name) const;
  /// Whether the guest is to stop; a host function that takes long asks now and then, and returns `stop()`.
  bool interrupted() const;

  /// `return caller.exit(code);` ends the guest like WASI's `proc_exit`.
  Trap exit(std::uint32_t code) const;
  /// `return caller.trap("why");` ends the guest with a trap.
  Trap trap(std::string message) const;
  /// `return caller.stop();` ends the guest because it is to stop.
  Trap stop() const;

 private:
  friend struct Access;
  template <class F, class R, bool with_caller, class... Params>
  friend struct detail::HostThunk;
  explicit Caller(void* instance) : instance_(instance) {}
  void* instance_;
};

/// A host function whose type is known at run time only. The arguments are of the function's parameter types; the
/// results must be of its result types. A `Trap` ends the guest; an `Error` does too, as a trap with its message.
using HostCallback = std::function<Outcome<std::vector<Value>>(Caller&, std::span<const Value>)>;

namespace detail {

/// A host function without its C++ type. `run` gives the trap that ends the guest, if it is to end.
struct HostFunction {
  using Run = std::optional<Trap> (*)(void* closure, Caller& caller, std::uint64_t* slots);
  FuncType type;
  Run run = nullptr;
  std::shared_ptr<void> closure;
  /// The same for native code, with this as its context; null if there are several results.
  AnyDirectEntry direct = nullptr;
};

/// Ends the guest of which `instance` calls a host function; how the call is to return.
std::uint64_t end_guest(void* instance, Trap trap);

inline Trap as_trap(Trap trap) {
  return trap;
}
inline Trap as_trap(Error error) {
  Trap trap;
  trap.message = std::move(error.message);
  return trap;
}

/// What a host function's return type stands for.
template <class R>
struct Returned {
  using Type = R;
  static std::optional<Trap> lower(const R& value, std::uint64_t* slots) {
    Results<R>::store(value, slots);
    return std::nullopt;
  }
};
template <>
struct Returned<void> {
  using Type = void;
};
/// Always ends the guest.
template <>
struct Returned<Trap> {
  using Type = void;
  static std::optional<Trap> lower(Trap trap, std::uint64_t*) { return trap; }
};
template <class R>
struct Returned<Result<R>> {
  using Type = R;
  static std::optional<Trap> lower(Result<R> result, std::uint64_t* slots) {
    if (!result) return as_trap(std::move(result).error());
    if constexpr (!std::is_void_v<R>) Results<R>::store(*result, slots);
    return std::nullopt;
  }
};
template <class R>
struct Returned<Outcome<R>> {
  using Type = R;
  static std::optional<Trap> lower(Outcome<R> outcome, std::uint64_t* slots) {
    if (outcome.trap() != nullptr) return std::move(*outcome.trap());
    if (outcome.error() != nullptr) return as_trap(std::move(*outcome.error()));
    if constexpr (!std::is_void_v<R>) Results<R>::store(*outcome, slots);
    return std::nullopt;
  }
};

/// Calls a C++ callable `R(Params...)` or `R(Caller&, Params...)` from slots.
template <class F, class R, bool with_caller, class... Params>
struct HostThunk {
  static std::optional<Trap> run(void* closure, Caller& caller, std::uint64_t* slots) {
    return call(*static_cast<F*>(closure), caller, slots, std::index_sequence_for<Params...>{});
  }
  static FuncType type() { return func_type<Value, Params...>(); }
  static AnyDirectEntry direct_entry() {
    if constexpr (Results<Value>::count <= 1) return reinterpret_cast<AnyDirectEntry>(direct<Value>);
    return nullptr;
  }

 private:
  using Value = typename Returned<R>::Type;

  // An exception of the embedder must not reach the guest's frames, which nobody would clean up.
  template <class One>
  static DirectResult<One> direct(void* function, void* instance, Params... params) noexcept {
    Caller caller(instance);
    std::uint64_t slots[] = {to_slot(params)..., 0};
    F& f = *static_cast<F*>(static_cast<const HostFunction*>(function)->closure.get());
    std::optional<Trap> trap = call(f, caller, slots, std::index_sequence_for<Params...>{});
    DirectResult<One> result{};
    if (trap) {
      result.how = end_guest(instance, std::move(*trap));
    } else if constexpr (!std::is_void_v<One>) {
      result.value = Results<One>::load(slots);
    }
    return result;
  }

  template <std::size_t... i>
  static std::optional<Trap> call(F& f, Caller& caller, std::uint64_t* slots, std::index_sequence<i...>) {
    const auto invoke = [&]() -> R {
      if constexpr (with_caller) {
        return f(caller, from_slot<Params>(slots[i])...);
      } else {
        return f(from_slot<Params>(slots[i])...);
      }
    };
    if constexpr (std::is_void_v<R>) {
      invoke();
      return std::nullopt;
    } else {
      return Returned<R>::lower(invoke(), slots);
    }
  }
};

template <class F, class Signature>
struct HostThunkFor;
template <class F, class R, class... Params>
struct HostThunkFor<F, R(Params...)> {
  using Type = HostThunk<F, R, false, std::remove_cvref_t<Params>...>;
};
template <class F, class R, class... Params>
struct HostThunkFor<F, R(Caller&, Params...)> {
  using Type = HostThunk<F, R, true, std::remove_cvref_t<Params>...>;
};

/// The signature of a function or of a function object's call operator.
template <class F>
struct SignatureOf {};
template <class F>
  requires requires { &F::operator(); }
struct SignatureOf<F> : SignatureOf<decltype(&F::operator())> {};
template <class R, class... Params>
struct SignatureOf<R (*)(Params...)> {
  using Type = R(Params...);
};
template <class C, class R, class... Params>
struct SignatureOf<R (C::*)(Params...)> {
  using Type = R(Params...);
};
template <class C, class R, class... Params>
struct SignatureOf<R (C::*)(Params...) const> {
  using Type = R(Params...);
};

template <class F>
HostFunction host_function(F f) {
  using Thunk = typename HostThunkFor<F, typename SignatureOf<F>::Type>::Type;
  return {Thunk::type(), &Thunk::run, std::make_shared<F>(std::move(f)), Thunk::direct_entry()};
}

}  // namespace detail

/// A C++ callable that can be a host function: its parameters are core values, after an optional `Caller&`; it returns
/// nothing, a core value, a std::tuple of them, a `Trap` (always ends the guest), or a `Result` or `Outcome` of what it
/// returns if all goes well.
template <class F>
concept HostCallable = requires { typename detail::SignatureOf<std::decay_t<F>>::Type; };

/// Makes a function of the store.
Func make_func(Store& store, detail::HostFunction function);
Func make_func(Store& store, const FuncType& type, HostCallback callback);
template <HostCallable F>
Func make_func(Store& store, F&& f) {
  return make_func(store, detail::host_function<std::decay_t<F>>(std::forward<F>(f)));
}

}  // namespace wisp
