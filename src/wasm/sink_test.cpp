#include "wasm/sink.hpp"

#include <gtest/gtest.h>

#include "wasm/format.hpp"
#include "wasm/test_module.hpp"

namespace wisp::wasm::test {
namespace {

std::string frame_text(const ControlFrame& frame) {
  constexpr const char* kinds[] = {"function", "block", "loop", "if", "else", "try_table"};
  return std::string(kinds[int(frame.kind)]) + "#" + std::to_string(frame.index) + "@" + std::to_string(frame.height) +
         "/" + std::to_string(frame.slot_height);
}

/// Writes down every call. It derives from nothing, so that a method missing here would not compile.
template <bool hears_unreachable>
struct Recorder {
  static constexpr bool wants_unreachable = hears_unreachable;

  std::vector<std::string> calls{};
  const BodyState* state = nullptr;

  /// The call, then the stack in values and slots, then "dead" where control cannot be.
  void note(std::string call) {
    call += " " + std::to_string(state->height()) + "/" + std::to_string(state->slot_height());
    calls.push_back(state->reachable() ? std::move(call) : call + " dead");
  }
  std::string branch_text(const Branch& branch) {
    return std::to_string(branch.depth) + "=" + frame_text(branch.target);
  }

  void begin(const BodyState& s) {
    state = &s;
    note("begin");
  }
  void plain(Op op, const Imm& imm) {
    note(std::string(info(op).text) + (op == Op::i32_const ? " " + std::to_string(imm.i32_value()) : ""));
  }
  void typed(Op op, const Imm&, std::span<const ValType> operands, std::span<const ValType> results) {
    note(std::string(info(op).text) + " " + to_string(operands) + "->" + to_string(results));
  }
  void drop(ValType type) { note("drop " + to_string(type)); }
  void select(ValType type) { note("select " + to_string(type)); }
  void local_get(LocalIndex local, ValType type) { note("get " + std::to_string(local.value) + " " + to_string(type)); }
  void local_set(LocalIndex local, ValType type) { note("set " + std::to_string(local.value) + " " + to_string(type)); }
  void local_tee(LocalIndex local, ValType type) { note("tee " + std::to_string(local.value) + " " + to_string(type)); }
  void block(const BlockType& type) { note("block " + to_string(type.params()) + "->" + to_string(type.results())); }
  void loop(const BlockType& type) { note("loop " + to_string(type.params()) + "->" + to_string(type.results())); }
  void if_(const BlockType& type) { note("if " + to_string(type.params()) + "->" + to_string(type.results())); }
  void try_table(const BlockType&, std::span<const CatchClause> catches) {
    note("try " + std::to_string(catches.size()) + " " + frame_text(state->label(catches[0].label)));
  }
  void else_(const ControlFrame& frame) { note("else " + frame_text(frame)); }
  void end(const ControlFrame& frame) { note("end " + frame_text(frame)); }
  void unreachable() { note("unreachable"); }
  void br(const Branch& branch) { note("br " + branch_text(branch)); }
  void br_if(const Branch& branch) { note("br_if " + branch_text(branch)); }
  void br_table(std::span<const u32> labels) {
    std::string call = "br_table";
    for (const u32 label : labels) call += " " + frame_text(state->label(label));
    note(call);
  }
  void return_() { note("return"); }
  void br_on_null(const Branch& branch, ValType type) {
    note("br_on_null " + branch_text(branch) + " " + to_string(type));
  }
  void br_on_non_null(const Branch& branch, ValType type) {
    note("br_on_non_null " + branch_text(branch) + " " + to_string(type));
  }
  void br_on_cast(Op op, const Branch& branch, const Imm& imm) {
    note(std::string(info(op).text) + " " + branch_text(branch) + " " + to_string(imm.ref) + "->" +
         to_string(imm.target_ref));
  }
  void call(FuncIndex function, const FuncType&) { note("call " + std::to_string(function.value)); }
  void call_indirect(TableIndex table, TypeIndex type, const FuncType&) {
    note("call_indirect " + std::to_string(table.value) + " " + std::to_string(type.value));
  }
  void call_ref(TypeIndex type, const FuncType&) { note("call_ref " + std::to_string(type.value)); }
  void return_call(FuncIndex function, const FuncType&) { note("return_call " + std::to_string(function.value)); }
  void return_call_indirect(TableIndex table, TypeIndex type, const FuncType&) {
    note("return_call_indirect " + std::to_string(table.value) + " " + std::to_string(type.value));
  }
  void return_call_ref(TypeIndex type, const FuncType&) { note("return_call_ref " + std::to_string(type.value)); }
  void throw_(TagIndex tag, const FuncType&) { note("throw " + std::to_string(tag.value)); }
  void throw_ref() { note("throw_ref"); }
};

/// What a sink hears of a function [i32] -> [i32] with a v128 local.
template <bool hears_unreachable = false>
std::vector<std::string> hear(const Buffer& code) {
  Parts parts;
  parts.types = {{0x60, 1, 0x7f, 1, 0x7f}, void_type, {0x60, 2, 0x7f, 0x7b, 1, 0x7b}, {0x60, 1, 0x7f, 0}};
  parts.functions = {{0}, {1}};
  parts.tables = {{0x70, 0, 1}};
  parts.memories = {{4, 1}};
  parts.tags = {{0, 3}};
  parts.globals = {{0x7b, 1, 0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b}};
  parts.bodies = {Buffer{1, 1, 0x7b} + code + Buffer{0x0b}, {0, 0x0b}};
  const auto module = decode_only(parts.build());
  if (!module.ok()) return {module.error().message};
  Recorder<hears_unreachable> recorder;
  const auto valid = validate_body(**module, FuncIndex(0), recorder);
  if (!valid.ok()) recorder.calls.push_back(valid.error().message);
  return recorder.calls;
}

using Calls = std::vector<std::string>;

TEST(Sink, HearsInstructionsBeforeTheyTakeEffect) {
  EXPECT_EQ(hear({0x20, 0, 0x41, 7, 0x6a, 0x22, 0}), (Calls{"begin 0/0", "get 0 i32 0/0", "i32.const 7 1/1",
                                                            "i32.add 2/2", "tee 0 i32 1/1", "end function#0@0/0 1/1"}));
}

TEST(Sink, CountsSlotsOfVectorsTwice) {
  EXPECT_EQ(hear({0x41, 1, 0x20, 1, 0x23, 0, 0xfd, 0x6e, 0x24, 0}),
            (Calls{"begin 0/0", "i32.const 1 0/0", "get 1 v128 1/1", "global.get []->[v128] 2/3", "i8x16.add 3/5",
                   "global.set [v128]->[] 2/3", "end function#0@0/0 1/1"}));
}

TEST(Sink, HearsFramesAndTheirHeights) {
  // (i32, v128) on the stack; a block that takes both and leaves a v128.
  EXPECT_EQ(hear({0x41, 1, 0x41, 2, 0x20, 1, 0x02, 2, 0x21, 1, 0x1a, 0x20, 1, 0x0b, 0x1a}),
            (Calls{"begin 0/0", "i32.const 1 0/0", "i32.const 2 1/1", "get 1 v128 2/2", "block [i32 v128]->[v128] 3/4",
                   "set 1 v128 3/4", "drop i32 2/2", "get 1 v128 1/1", "end block#1@1/1 2/3", "drop v128 2/3",
                   "end function#0@0/0 1/1"}));
}

TEST(Sink, HearsBothArmsOfAnIf) {
  EXPECT_EQ(hear({0x20, 0, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b}),
            (Calls{"begin 0/0", "get 0 i32 0/0", "if []->[i32] 1/1", "i32.const 1 0/0", "else if#1@0/0 1/1",
                   "i32.const 2 0/0", "end else#1@0/0 1/1", "end function#0@0/0 1/1"}));
  EXPECT_EQ(hear({0x20, 0, 0x04, 0x40, 0x0b, 0x41, 1}),
            (Calls{"begin 0/0", "get 0 i32 0/0", "if []->[] 1/1", "end if#1@0/0 0/0", "i32.const 1 0/0",
                   "end function#0@0/0 1/1"}));
}

TEST(Sink, HearsWhereBranchesGo) {
  EXPECT_EQ(
      hear({0x02, 0x40, 0x03, 0x40, 0x20, 0, 0x0d, 0, 0x20, 0, 0x0e, 2, 0, 1, 0, 0x0b, 0x0b, 0x41, 1, 0x0c, 0}),
      (Calls{"begin 0/0", "block []->[] 0/0", "loop []->[] 0/0", "get 0 i32 0/0", "br_if 0=loop#2@0/0 1/1",
             "get 0 i32 0/0", "br_table loop#2@0/0 block#1@0/0 loop#2@0/0 1/1", "end loop#2@0/0 0/0 dead",
             "end block#1@0/0 0/0", "i32.const 1 0/0", "br 0=function#0@0/0 1/1", "end function#0@0/0 0/0 dead"}));
}

TEST(Sink, HearsNothingOfDeadCode) {
  // A construct in dead code is left out whole; the end of the one around it is reported, as dead.
  const Buffer code{0x02, 0x40, 0x00, 0x02, 0x7f, 0x41, 1, 0x0b, 0x45, 0x1a, 0x0b, 0x41, 3};
  EXPECT_EQ(hear(code), (Calls{"begin 0/0", "block []->[] 0/0", "unreachable 0/0", "end block#1@0/0 0/0 dead",
                               "i32.const 3 0/0", "end function#0@0/0 1/1"}));
  // The arm after a dead one is alive.
  EXPECT_EQ(hear({0x20, 0, 0x04, 0x40, 0x00, 0x41, 0, 0x1a, 0x05, 0x01, 0x0b, 0x41, 1}),
            (Calls{"begin 0/0", "get 0 i32 0/0", "if []->[] 1/1", "unreachable 0/0", "else if#1@0/0 0/0 dead",
                   "nop 0/0", "end else#1@0/0 0/0", "i32.const 1 0/0", "end function#0@0/0 1/1"}));
}

TEST(Sink, MayAskForDeadCode) {
  const auto calls = hear<true>({0x00, 0x02, 0x7f, 0x41, 1, 0x0b, 0x45, 0x1b});
  ASSERT_EQ(calls.size(), 8u);
  EXPECT_EQ(calls[2], "block []->[i32] 0/0 dead");
  EXPECT_EQ(calls[3], "i32.const 1 0/0 dead");
  EXPECT_TRUE(calls[4].starts_with("end block#1@0/0"));
  EXPECT_TRUE(calls[6].starts_with("select bot"));
}

TEST(Sink, HearsCallsAndExceptions) {
  EXPECT_EQ(hear({0x10, 1, 0x20, 0, 0x41, 0, 0x11, 0, 0, 0x12, 0}),
            (Calls{"begin 0/0", "call 1 0/0", "get 0 i32 0/0", "i32.const 0 1/1", "call_indirect 0 0 2/2",
                   "return_call 0 1/1", "end function#0@0/0 0/0 dead"}));
  EXPECT_EQ(
      hear({0x02, 0x7f, 0x1f, 0x40, 1, 0, 0, 0, 0x20, 0, 0x08, 0, 0x0b, 0x00, 0x0b}),
      (Calls{"begin 0/0", "block []->[i32] 0/0", "try 1 block#1@0/0 0/0", "get 0 i32 0/0", "throw 0 1/1",
             "end try_table#2@0/0 0/0 dead", "unreachable 0/0", "end block#1@0/0 0/0 dead", "end function#0@0/0 1/1"}));
}

TEST(Sink, HearsTypesOfReferences) {
  EXPECT_EQ(hear({0x02, 0x40, 0xd0, 0x6e, 0xd5, 0, 0x1a, 0x0b, 0x41, 1}),
            (Calls{"begin 0/0", "block []->[] 0/0", "ref.null []->[anyref] 0/0", "br_on_null 0=block#1@0/0 anyref 1/1",
                   "drop (ref any) 1/1", "end block#1@0/0 0/0", "i32.const 1 0/0", "end function#0@0/0 1/1"}));
  EXPECT_EQ(hear({0x02, 0x6c, 0xd0, 0x6e, 0xfb, 0x18, 3, 0, 0x6e, 0x6c, 0x1a, 0xd0, 0x6c, 0x0b, 0xd1})[3],
            "br_on_cast 0=block#1@0/0 anyref->i31ref 1/1");
  EXPECT_EQ(hear({0x41, 0, 0xfb, 0x1c, 0xfb, 0x1d})[3], "i31.get_s [i31ref]->[i32] 1/1");
}

TEST(Sink, StopsAtTheFirstError) {
  const Calls calls = hear({0x41, 1, 0x42, 2, 0x6a});
  EXPECT_EQ(
      calls,
      (Calls{"begin 0/0", "i32.const 1 0/0", "i64.const 1/1",
             "type mismatch: instruction requires [i32 i32] but stack has [i32 i64] (in function 0, at i32.add)"}));
}

TEST(Sink, SeesLocalsAndFunction) {
  struct Look : NullSink {
    std::vector<LocalTypes::Run> runs;
    u32 function = 99;
    usize results = 99;
    void begin(const BodyState& state) {
      runs.assign(state.locals().runs().begin(), state.locals().runs().end());
      function = state.function().value;
      results = state.type().results.size();
    }
  };
  const auto module = decode_only(Parts{
      .types = {{0x60, 2, 0x7f, 0x7f, 0}},
      .imports = {name("") + name("") + Buffer{0, 0}},
      .functions = {{0}},
      .bodies = {{3, 3, 0x7f, 0, 0x7e, 2, 0x7d,
                  0x0b}}}.build());
  ASSERT_TRUE(module.ok());
  Look look;
  ASSERT_TRUE(validate_body(**module, FuncIndex(1), look).ok());
  EXPECT_EQ(look.function, 1u);
  EXPECT_EQ(look.results, 0u);
  ASSERT_EQ(look.runs.size(), 2u);
  EXPECT_EQ(look.runs[0].end, 5u);
  EXPECT_EQ(look.runs[1].end, 7u);
  EXPECT_EQ(look.runs[1].type, ValType::f32());
}

TEST(Sink, AValidatorServesManyBodies) {
  const auto module = decode_only(Parts{.types = {void_type, {0x60, 0, 1, 0x7f}},
                                        .functions = {{0}, {1}, {0}},
                                        .bodies = {{1, 1, 0x64, 0x70, 0x0b}, {0, 0x1a, 0x0b}, {0, 0x0b}}}
                                      .build());
  ASSERT_TRUE(module.ok());
  NullSink sink;
  BodyValidator<NullSink> validator(**module);
  EXPECT_TRUE(validator.run(FuncIndex(0), sink).ok());
  EXPECT_FALSE(validator.run(FuncIndex(1), sink).ok());
  EXPECT_TRUE(validator.run(FuncIndex(2), sink).ok());
}

}  // namespace
}  // namespace wisp::wasm::test
