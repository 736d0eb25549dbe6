#pragma once

#include "abi/lift.hpp"

namespace wisp::abi {

/// A function's name as a template argument.
template <usize n>
struct Name {
  char text[n]{};
  consteval Name(const char (&from)[n]) { std::copy_n(from, n, text); }
  constexpr std::string_view view() const { return {text, n - 1}; }
};

/// The core function type as letters ('i' i32, 'I' i64).
struct CoreSignature {
  std::string_view params;
  std::string_view results;

  bool operator==(const CoreSignature&) const = default;
};

/// What is derived from the C++ declaration of a host function `R f(Context&, Params...)`. A `Caller&` among the
/// parameters takes no core value. `Context` has `TraceSink* trace_sink()`; null when nobody watches.
template <Name name, class Context, class R, class... Params>
class HostFunction {
 public:
  using Function = R (*)(Context&, Params...);

  static constexpr CoreSignature signature() { return {{letters.data(), letters.size()}, ResultAbi<R>::core}; }

  /// Lifts, calls, lowers. All pointers are checked before the function runs.
  template <Function function>
  static HostResult entry(void* context, Caller& caller, u64* slots) {
    return run<function>(*static_cast<Context*>(context), caller, slots, std::index_sequence_for<Params...>{});
  }

 private:
  template <class Param>
  using Type = std::remove_cvref_t<Param>;
  template <class Param>
  static constexpr bool is_caller = std::is_same_v<Type<Param>, Caller>;

  struct NoValue {};
  template <class Param>
  using Lifted = std::conditional_t<is_caller<Param>, NoValue, Type<Param>>;
  using Values = std::tuple<Lifted<Params>...>;

  static constexpr usize param_count = (usize{0} + ... + Abi<Type<Params>>::core.size());
  static constexpr std::array<char, param_count> letters = [] {
    std::array<char, param_count> result{};
    usize at = 0;
    for (const std::string_view core : {std::string_view(), Abi<Type<Params>>::core...}) {
      for (const char letter : core) result[at++] = letter;
    }
    return result;
  }();

  /// The first slot of each parameter.
  static constexpr std::array<usize, sizeof...(Params) + 1> first_slot = [] {
    std::array<usize, sizeof...(Params) + 1> result{};
    usize at = 0;
    usize i = 0;
    for (const std::string_view core : {Abi<Type<Params>>::core..., std::string_view()}) {
      result[i++] = at;
      at += core.size();
    }
    return result;
  }();

  template <class Param>
  static bool lift(Lift& in, const u64* slots, Lifted<Param>& value) {
    if constexpr (is_caller<Param>) {
      return true;
    } else {
      return Abi<Type<Param>>::lift(in, slots, value);
    }
  }

  template <class Param>
  static decltype(auto) pass(Caller& caller, Lifted<Param>& value) {
    if constexpr (is_caller<Param>) {
      return (caller);
    } else {
      return (value);
    }
  }

  template <Function function, usize... i>
  static HostResult run(Context& context, Caller& caller, u64* slots, std::index_sequence<i...>) {
    Values values;
    Lift in(caller, name.view());
    const bool lifted = (lift<Params>(in, slots + first_slot[i], std::get<i>(values)) && ...);
    if (!lifted) [[unlikely]]
      return refuse(context, caller, slots, in);
    const R result = function(context, pass<Params>(caller, std::get<i>(values))...);
    const HostResult ended = ResultAbi<R>::lower(slots, result);
    if (TraceSink* sink = context.trace_sink()) [[unlikely]] {
      ended == HostResult::unwind ? trace(*sink, values, caller) : trace(*sink, values, result);
    }
    return ended;
  }

  [[gnu::noinline, gnu::cold]] static HostResult refuse(Context& context, Caller& caller, u64* slots, const Lift& in) {
    const R result = in.is_invalid() ? ResultAbi<R>::invalid() : ResultAbi<R>::refused(in.code());
    if (TraceSink* sink = context.trace_sink()) {
      TraceText text;
      text.append(name.view());
      text.begin('(');
      for (usize i = 0; i < param_count; ++i) {
        text.separate();
        text.hex(letters[i] == 'I' ? slots[i] : static_cast<u32>(slots[i]));
      }
      text.end(')');
      in.trapped() ? finish(text, caller) : finish(text, result);
      sink->line(text.text());
    }
    return in.trapped() ? HostResult::unwind : ResultAbi<R>::lower(slots, result);
  }

  static bool succeeded(const Caller&) { return false; }
  static bool succeeded(R result) { return ResultAbi<R>::succeeded(result); }

  static void finish(TraceText& text, const Caller& caller) {
    switch (caller.unwind().kind) {
      case Unwind::Kind::trap:
        text.append(" = trap: ");
        break;
      case Unwind::Kind::interrupted:
        text.append(" = interrupted");
        break;
      default:
        text.append(" = ?");
        break;
    }
    text.append(caller.unwind().message);
  }
  static void finish(TraceText& text, R result) {
    text.append(" = ");
    ResultAbi<R>::trace(text, result);
  }

  /// `outcome` is the result, or the Caller where the guest must not go on.
  template <class Outcome>
  [[gnu::noinline, gnu::cold]] static void trace(TraceSink& sink, const Values& values, const Outcome& outcome) {
    TraceText text;
    const bool done = succeeded(outcome);
    if (done) std::apply([&](const auto&... value) { (note_transferred(text, value), ...); }, values);
    text.append(name.view());
    text.begin('(');
    std::apply([&](const auto&... value) { (trace_argument(text, value), ...); }, values);
    text.end(')');
    finish(text, outcome);
    if (done && (is_out<Lifted<Params>> || ...)) {
      text.append(" ");
      text.begin('(');
      std::apply([&](const auto&... value) { (trace_result(text, value), ...); }, values);
      text.end(')');
    }
    sink.line(text.text());
  }

  template <class T>
  static void note_transferred(TraceText& text, const T& value) {
    if constexpr (std::is_same_v<T, Out<u32>>) {
      if (!text.transferred) text.transferred = value.get();
    }
  }
  template <class T>
  static void trace_argument(TraceText& text, const T& value) {
    if constexpr (!std::is_same_v<T, NoValue>) {
      text.separate();
      Abi<T>::trace(text, value);
    }
  }
  template <class T>
  static void trace_result(TraceText& text, const T& value) {
    if constexpr (is_out<T>) {
      text.separate();
      render(text, value.get());
    }
  }
};

/// Names the HostFunction of a declared function.
template <Name name, class Context, class R, class... Params>
HostFunction<name, Context, R, Params...> describe(R (*)(Context&, Params...));

}  // namespace wisp::abi
