#pragma once

#include <array>

#include "base/result.hpp"
#include "wasm/body_checker.hpp"
#include "wasm/sink.hpp"

namespace wisp::wasm {

/// The operands and results of a row of opcodes.def, as types where they are known before the code is.
struct Signature {
  std::array<ValType, 4> operands{};
  std::array<ValType, 2> results{};
  u32 operand_count = 0;
  u32 result_count = 0;
  bool has_address = false;  // the first operand, or the result, is an address
  bool is_polymorphic = false;

  static constexpr ValType type_of(char letter) {
    switch (letter) {
      case 'i':
        return ValType::i32();
      case 'I':
        return ValType::i64();
      case 'f':
        return ValType::f32();
      case 'F':
        return ValType::f64();
      case 'v':
        return ValType::v128();
      default:
        return ValType::bottom();  // an address
    }
  }

  constexpr explicit Signature(std::string_view text) : is_polymorphic(text == "*") {
    bool after_colon = false;
    for (const char letter : text) {
      if (letter == ':') {
        after_colon = true;
      } else if (letter != '*') {
        has_address = has_address || letter == 'a';
        if (after_colon) {
          results[result_count++] = type_of(letter);
        } else {
          operands[operand_count++] = type_of(letter);
        }
      }
    }
  }

  constexpr u32 operand_slots() const {
    u32 slots = 0;
    for (u32 i = 0; i < operand_count; ++i) slots += operands[i].slots();
    return slots;
  }
  constexpr u32 result_slots() const {
    u32 slots = 0;
    for (u32 i = 0; i < result_count; ++i) slots += results[i].slots();
    return slots;
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
  bool instructions();

  /// Whether the sink hears of the current instruction.
  bool heard() const { return Sink::wants_unreachable || live_; }
  /// Whether it hears of the else or the end of a frame.
  bool heard(const ControlFrame& frame) const { return Sink::wants_unreachable || frame.entered; }

  const Imm& imm() const { return reader_.imm(); }

  template <Op op>
  bool step();
  template <Op op>
  bool plain();
  template <Op op>
  bool check_plain_immediates(ValType& address);
  bool special(Op op);
  bool typed(Op op);

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
