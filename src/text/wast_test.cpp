#include "text/wast.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wisp::text {
namespace {

std::vector<Command> read_all(std::string_view source) {
  std::vector<Command> commands;
  ScriptReader reader(source);
  while (true) {
    auto command = reader.next();
    EXPECT_TRUE(command.ok()) << command.error().message << " in line " << reader.line();
    if (!command.ok()) continue;
    if (!command->has_value()) return commands;
    commands.push_back(**std::move(command));
  }
}

template <class T>
T only(std::string_view source) {
  std::vector<Command> commands = read_all(source);
  EXPECT_EQ(commands.size(), 1u) << source;
  const bool right = commands.size() == 1 && std::holds_alternative<T>(commands[0].body);
  EXPECT_TRUE(right) << source;
  return right ? std::get<T>(commands[0].body) : T{};
}

TEST(Script, Modules) {
  const auto text = only<ModuleCommand>("  (module $m (func (nop)))  ");
  EXPECT_EQ(text.module.form, ScriptModule::Form::text);
  EXPECT_EQ(text.module.id, "m");
  EXPECT_EQ(text.module.source, "(module $m (func (nop)))");
  EXPECT_EQ(text.module.source_offset, 2u);
  EXPECT_FALSE(text.is_definition);
  EXPECT_TRUE(assemble(text.module, {}).ok());

  const auto definition = only<ModuleCommand>("(module definition $m (memory 1))");
  EXPECT_TRUE(definition.is_definition);
  EXPECT_EQ(definition.module.id, "m");
  EXPECT_TRUE(assemble(definition.module, {}).ok());

  const auto binary = only<ModuleCommand>(R"((module definition $b binary "\00asm" "\01\00\00\00"))");
  EXPECT_TRUE(binary.is_definition);
  EXPECT_EQ(binary.module.id, "b");
  EXPECT_EQ(assemble(binary.module, {}).value().size(), 8u);

  const auto quote = only<ModuleCommand>(R"_((module quote "(func" " $f)"))_");
  EXPECT_EQ(quote.module.quoted, "(func $f)");
  EXPECT_TRUE(assemble(quote.module, {}).ok());

  const auto fields = only<ModuleCommand>("(func) (memory 0)");
  EXPECT_TRUE(assemble(fields.module, {}).ok());

  const auto instance = only<InstanceCommand>("(module instance $i $m)");
  EXPECT_EQ(instance.id, "i");
  EXPECT_EQ(instance.definition_id, "m");
}

TEST(Script, ErrorsOfModulesComeWhenTheyAreUsed) {
  const std::string_view source = "(module (func i32.bad))\n(module $m (func \"unclosed))";
  ScriptReader reader(source);
  const auto first = reader.next();
  ASSERT_TRUE(first.ok());
  const auto bytes = assemble(std::get<ModuleCommand>((*first)->body).module, {});
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().offset, 14u);
  const auto second = reader.next();
  EXPECT_FALSE(second.ok());
  EXPECT_EQ(reader.line(), 2u);
  const auto end = reader.next();
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end->has_value());
}

TEST(Script, GoesOnBehindARefusedCommand) {
  ScriptReader reader("(nonsense (a (b)))\n(invoke \"f\" (v128.const x))\n(register \"a\" $m)\n7\n(wait $t)");
  EXPECT_FALSE(reader.next().ok());
  EXPECT_EQ(reader.line(), 1u);
  EXPECT_FALSE(reader.next().ok());
  EXPECT_EQ(reader.line(), 2u);
  const auto third = reader.next();
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(std::get<RegisterCommand>((*third)->body).module_id, "m");
  EXPECT_FALSE(reader.next().ok());
  EXPECT_EQ(reader.line(), 4u);
  const auto last = reader.next();
  ASSERT_TRUE(last.ok());
  EXPECT_EQ((*last)->line, 5u);
}

TEST(Script, Values) {
  const auto command =
      only<ActionCommand>(R"((invoke $m "f" (i32.const -1) (i64.const 0x10) (f32.const nan:0x1) (f64.const -0)
      (v128.const i16x8 1 2 3 4 5 6 7 -1) (ref.null extern) (ref.extern 3) (ref.host 4)))");
  EXPECT_EQ(command.action.module_id, "m");
  EXPECT_EQ(command.action.name, "f");
  const auto& values = command.action.arguments;
  ASSERT_EQ(values.size(), 8u);
  EXPECT_EQ(values[0].low, 0xffffffffu);
  EXPECT_EQ(values[1].low, 16u);
  EXPECT_EQ(values[2].low, 0x7f800001u);
  EXPECT_EQ(values[3].low, u64{1} << 63);
  EXPECT_EQ(values[4].kind, ScriptValue::Kind::v128);
  EXPECT_EQ(values[4].low, 0x0004000300020001u);
  EXPECT_EQ(values[4].high, 0xffff000700060005u);
  EXPECT_EQ(values[5].kind, ScriptValue::Kind::ref_null);
  EXPECT_EQ(values[5].heap, wasm::HeapKind::extern_);
  EXPECT_EQ(values[6].kind, ScriptValue::Kind::ref_extern);
  EXPECT_EQ(values[6].low, 3u);
  EXPECT_EQ(values[7].kind, ScriptValue::Kind::ref_host);
}

TEST(Script, Results) {
  const auto assertion = only<AssertReturn>(R"((assert_return (get "g") (f32.const nan:canonical)
      (v128.const f64x2 nan:arithmetic 1) (ref.null) (ref.null func) (ref.func) (ref.extern) (ref.extern 7)
      (either (i32.const 1) (i32.const 2))))");
  EXPECT_EQ(assertion.action.kind, Action::Kind::get);
  const auto& results = assertion.results;
  ASSERT_EQ(results.size(), 8u);
  EXPECT_EQ(results[0].lanes.at(0).kind, LanePattern::Kind::nan_canonical);
  EXPECT_EQ(results[1].shape, Shape::f64x2);
  EXPECT_EQ(results[1].lanes.at(0).kind, LanePattern::Kind::nan_arithmetic);
  EXPECT_EQ(results[1].lanes.at(1).bits, 0x3ff0000000000000u);
  EXPECT_EQ(results[2].kind, ResultPattern::Kind::ref_null);
  EXPECT_EQ(results[3].kind, ResultPattern::Kind::ref_null);
  EXPECT_EQ(results[4].kind, ResultPattern::Kind::ref);
  EXPECT_EQ(results[4].heap, wasm::HeapKind::func);
  EXPECT_EQ(results[5].kind, ResultPattern::Kind::ref);
  EXPECT_EQ(results[6].kind, ResultPattern::Kind::ref_extern);
  EXPECT_EQ(results[6].number, 7u);
  ASSERT_EQ(results[7].alternatives.size(), 2u);
  EXPECT_EQ(results[7].alternatives[1].lanes.at(0).bits, 2u);
}

TEST(Script, Assertions) {
  EXPECT_EQ(only<AssertAction>(R"((assert_trap (invoke "f") "boom"))").message, "boom");
  EXPECT_EQ(only<AssertAction>(R"((assert_exhaustion (invoke "f") "deep"))").kind, AssertAction::Kind::exhaustion);
  EXPECT_EQ(only<AssertAction>(R"((assert_exception (invoke "f")))").kind, AssertAction::Kind::exception);
  EXPECT_EQ(only<AssertModule>(R"((assert_trap (module (func)) "boom"))").kind, AssertModule::Kind::trap);
  EXPECT_EQ(only<AssertModule>(R"((assert_unlinkable (module) "x"))").kind, AssertModule::Kind::unlinkable);
  const auto malformed = only<AssertModule>(R"_((assert_malformed (module quote "(func") "unexpected"))_");
  EXPECT_EQ(malformed.message, "unexpected");
  EXPECT_FALSE(assemble(malformed.module, {}).ok());
}

TEST(Script, Threads) {
  const auto thread = only<ThreadCommand>(R"((thread $t (shared (module $mem))
      (register "mem" $mem) (module (import "mem" "m" (memory 1 1 shared))) (assert_return (invoke "f"))))");
  EXPECT_EQ(thread.id, "t");
  EXPECT_THAT(thread.shared_module_ids, ::testing::ElementsAre("mem"));
  ASSERT_EQ(thread.commands.size(), 3u);
  EXPECT_EQ(only<WaitCommand>("(wait $t)").thread_id, "t");
}

}  // namespace
}  // namespace wisp::text
