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

  /// The ways to a function: lifts, calls, lowers. All pointers are checked before the function runs.
  template <Function function>
  static HostCode code() {
    using Entries = Entries<function, std::make_index_sequence<param_count>>;
    return {Entries::entry, reinterpret_cast<AnyDirectEntry>(Entries::direct)};
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

  template <usize i>
  using Core = std::conditional_t<letters[i] == 'I', u64, u32>;
  /// Parameters as they came.
  using Slots = std::array<u64, param_count>;

  template <Function function, class Sequence>
  struct Entries;
  template <Function function, usize... i>
  struct Entries<function, std::index_sequence<i...>> {
    static constexpr bool has_result = !ResultAbi<R>::core.empty();
    using Result = DirectResult<std::conditional_t<has_result, u32, void>>;

    static Result direct(void* context, CallingInstance& instance, Core<i>... params) {
      const Lowered ended = run<function>(*static_cast<Context*>(context), instance, Slots{params...},
                                          std::index_sequence_for<Params...>{});
      if constexpr (has_result) {
        return {static_cast<u64>(ended.how), ended.result};
      } else {
        return {static_cast<u64>(ended.how)};
      }
    }

    static HostResult entry(void* context, CallingInstance& instance, u64* slots) {
      const Result result = direct(context, instance, static_cast<Core<i>>(slots[i])...);
      if constexpr (has_result) slots[0] = result.value;
      return static_cast<HostResult>(result.how);
    }
  };

  template <Function function, usize... i>
  [[gnu::always_inline]] static Lowered run(Context& context, CallingInstance& instance, const Slots& slots,
                                            std::index_sequence<i...>) {
    Values values;
    Caller caller(instance);
    Lift in(caller, name.view());
    const bool lifted = (lift<Params>(in, slots.data() + first_slot[i], std::get<i>(values)) && ...);
    if (!lifted) [[unlikely]]
      return refuse(context, instance, slots, in);
    const R result = function(context, pass<Params>(caller, std::get<i>(values))...);
    const Lowered ended = ResultAbi<R>::lower(result);
    if (TraceSink* sink = context.trace_sink()) [[unlikely]] {
      if (ended.how == HostResult::unwind) {
        trace<const Unwind*>(*sink, values, instance.unwind);
      } else {
        trace<R>(*sink, values, result);
      }
    }
    return ended;
  }

  [[gnu::noinline, gnu::cold]] static Lowered refuse(Context& context, CallingInstance& instance, Slots slots,
                                                     Lift in) {
    const R result = in.is_invalid() ? ResultAbi<R>::invalid() : ResultAbi<R>::refused(in.code());
    if (TraceSink* sink = context.trace_sink()) {
      TraceText text;
      text.append(name.view());
      text.begin('(');
      for (usize i = 0; i < param_count; ++i) {
        text.separate();
        text.hex(slots[i]);
      }
      text.end(')');
      in.trapped() ? finish(text, instance.unwind) : finish(text, result);
      sink->line(text.text());
    }
    return in.trapped() ? Lowered{HostResult::unwind} : ResultAbi<R>::lower(result);
  }

  static bool succeeded(const Unwind*) { return false; }
  static bool succeeded(R result) { return ResultAbi<R>::succeeded(result); }

  static void finish(TraceText& text, const Unwind* unwind) {
    switch (unwind->kind) {
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
    text.append(unwind->message);
  }
  static void finish(TraceText& text, R result) {
    text.append(" = ");
    ResultAbi<R>::trace(text, result);
  }

  /// Values that need no place in memory only because somebody may watch.
  using Traced = std::conditional_t<sizeof(Values) <= 64, Values, const Values&>;

  /// `outcome` is the result, or why the guest must not go on.
  template <class Outcome>
  [[gnu::noinline, gnu::cold]] static void trace(TraceSink& sink, Traced values, Outcome outcome) {
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
