#pragma once

#include "base/result.hpp"
#include "wasm/body_checker.hpp"
#include "wasm/signature.hpp"
#include "wasm/sink.hpp"

/// Nothing is saved for a caller that there is not. AddressSanitizer cannot lay out the frames of such functions.
#if __has_feature(address_sanitizer)
#define WISP_VALIDATOR_HANDLER
#else
#define WISP_VALIDATOR_HANDLER __attribute__((preserve_none))
#endif

namespace wisp::wasm {

/// What decides how an instruction with a signature is validated. Instructions that agree in it share their code.
struct PlainRule {
  Immediate immediate;
  u8 flags;
  u32 lanes;  // of lane immediates
  char signature[8];

  constexpr explicit PlainRule(const OpInfo& row)
      : immediate(row.immediate),
        flags(u8(row.flags & (OpFlags::align_mask | OpFlags::atomic))),
        lanes(0),
        signature{} {
    for (usize i = 0; i < row.signature.size(); ++i) signature[i] = row.signature[i];
    if (immediate == Immediate::lane) {
      // The name begins with the shape: i8x16.
      for (usize i = row.text.find('x') + 1; row.text[i] != '.'; ++i) lanes = lanes * 10 + u32(row.text[i] - '0');
    }
    if (immediate == Immediate::memarg_lane) lanes = 16u >> (flags & OpFlags::align_mask);
  }
};

/// Validates bodies of one module one after the other, forwarding each instruction to a sink. Keeps its buffers.
template <class Sink>
class BodyValidator : private BodyChecker {
 public:
  explicit BodyValidator(const Module& module) : BodyChecker(module) {}

  Result<void> run(FuncIndex function, Sink& sink) {
    sink_ = &sink;
    if (begin_body(function)) {
      sink.begin(static_cast<const BodyState&>(*this));
      if (instructions()) return {};
    }
    return body_error();
  }

 private:
  /// Each instruction's code ends in a jump to the next one's: the processor predicts that better than one common jump.
  using Handler = WISP_VALIDATOR_HANDLER bool (*)(BodyValidator&);

  bool instructions();
  /// The code of the instruction at the reader's position.
  Handler next();
  template <Op op>
  WISP_VALIDATOR_HANDLER static bool handle(BodyValidator& self);
  template <PlainRule rule>
  WISP_VALIDATOR_HANDLER static bool handle_plain(BodyValidator& self);
  WISP_VALIDATOR_HANDLER static bool gated(BodyValidator& self);
  WISP_VALIDATOR_HANDLER static bool ended(BodyValidator& self);
  bool gated_instruction();
  static constexpr auto make_handlers();
  template <Op op>
  static constexpr auto make_handler() -> Handler;
  /// Whether an instruction needs neither a feature nor a second byte.
  static constexpr bool is_one_byte(Op op) { return info(op).code < 256 && info(op).feature == Feature::mvp; }

  /// Whether the sink hears of the current instruction.
  bool heard() const { return Sink::wants_unreachable || live_; }
  /// Whether it hears of the else or the end of a frame.
  bool heard(const ControlFrame& frame) const { return Sink::wants_unreachable || frame.entered; }

  const Imm& imm() const { return reader_.imm(); }

  template <Op op>
  bool step();
  template <PlainRule rule>
  bool plain(Op op);
  template <PlainRule rule>
  [[gnu::noinline]] bool plain_out_of_line(Op op) {
    return plain<rule>(op);
  }
  template <PlainRule rule>
  [[gnu::noinline]] bool match_plain(ValType address, u32& popped);
  template <PlainRule rule>
  void tell_plain(Op op);
  template <PlainRule rule>
  bool check_plain_immediates(ValType& address);
  bool special(Op op);
  bool typed(Op op);

  /// Reads the index of a local, and finds its type.
  bool read_local(ValType& type);
  bool local_get();
  bool local_set();
  bool local_tee();
  bool drop();
  bool select(bool is_typed);
  template <Op op>
  bool open();
  bool try_table();
  bool else_();
  bool end();
  bool br();
  bool br_if();
  bool br_table();
  bool return_();
  bool br_on_null();
  bool br_on_non_null();
  bool br_on_cast(Op op);
  bool finish_call(const FuncType& type, u32 popped, bool is_tail_call);
  bool call(bool is_tail_call);
  bool call_indirect(bool is_tail_call);
  bool call_ref(bool is_tail_call);
  bool throw_();
  bool throw_ref();

  Branch branch(u32 label) const { return {label, this->label(label)}; }

  Sink* sink_ = nullptr;
};

}  // namespace wisp::wasm

#include "wasm/body_validator_inl.hpp"
