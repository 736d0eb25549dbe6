// The binary format: decoding and validating whatever bytes must end in a module or an error, and what is valid must
// hold for every consumer: the sink's picture of the stack, the names, the plain reader of instructions.
#include <memory>
#include <vector>

#include "base/check.hpp"
#include "wasm/const_expr.hpp"
#include "wasm/decoder.hpp"
#include "wasm/format.hpp"
#include "wasm/names.hpp"
#include "wasm/validator.hpp"

namespace {

using namespace wisp;
using namespace wisp::wasm;

/// Follows the stack by what a sink is told alone, and compares with the state.
struct StackSink : NullSink {
  const BodyState* state = nullptr;

  void begin(const BodyState& s) { state = &s; }
  void expect(u32 from_top, ValType type) {
    WISP_CHECK(state->reachable());
    WISP_CHECK(from_top < state->height() && matches(state->operand(from_top), type));
  }
  void expect_all(std::span<const ValType> types, u32 skipped = 0) {
    for (u32 i = 0; i < types.size(); ++i) expect(skipped + i, types[types.size() - 1 - i]);
  }
  void typed(Op op, const Imm&, std::span<const ValType> operands, std::span<const ValType>) {
    expect_all(operands);
    (void)info(op);
  }
  void drop(ValType type) { expect(0, type); }
  void select(ValType type) {
    expect(0, ValType::i32());
    expect(1, type);
    expect(2, type);
  }
  void local_set(LocalIndex local, ValType type) {
    WISP_CHECK(local.value < state->locals().count());
    expect(0, type);
  }
  void if_(const BlockType& type) {
    expect(0, ValType::i32());
    expect_all(type.params(), 1);
  }
  void br(const Branch& branch) {
    WISP_CHECK(branch.target.index + branch.depth + 1 == state->depth());
    expect_all(branch.target.label_types());
  }
  void br_table(std::span<const u32> labels) {
    expect(0, ValType::i32());
    for (const u32 label : labels) expect_all(state->label(label).label_types(), 1);
  }
  void call(FuncIndex, const FuncType& type) { expect_all(type.params); }
  void return_() { expect_all(state->type().results); }
  void end(const ControlFrame& frame) {
    if (state->reachable()) {
      expect_all(frame.type.results());
      WISP_CHECK(state->height() == frame.height + frame.type.results().size());
    }
  }
};

/// The instructions of a valid body, read without validating them.
void read_again(const Module& module, FuncIndex function) {
  const Body& body = module.body(function);
  CodeReader reader(module, body.code, body.offset);
  std::vector<LocalRun> locals;
  WISP_CHECK(reader.read_locals(0, locals));
  Op op{};
  while (!reader.at_end()) WISP_CHECK(reader.next(op));
  WISP_CHECK(op == Op::end);
}

void walk(const Module& module, const ConstExpr& expression) {
  ConstExprReader reader(module, expression);
  while (reader.next()) {
  }
}

void check_bodies(const Module& module) {
  for (u32 i = 0; i < module.bodies.size(); ++i) {
    const FuncIndex function(module.imported_functions + i);
    NullSink null;
    StackSink sink;
    const bool is_valid = validate_body(module, function, null).ok();
    WISP_CHECK(validate_body(module, function, sink).ok() == is_valid);
    if (is_valid) read_again(module, function);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
  const auto registry = std::make_shared<TypeRegistry>();
  const auto decoded = decode(std::vector<u8>(data, data + size), registry, {});
  if (!decoded.ok()) {
    WISP_CHECK(!decoded.error().message.empty() && decoded.error().offset <= size);
    return 0;
  }
  const Module& module = **decoded;
  check_bodies(module);
  (void)parse_names(module);
  for (const Global& global : module.globals) {
    if (!global.init.code.empty()) walk(module, global.init);
  }
  for (const ElemSegment& elem : module.elems) {
    for (const ConstExpr& expression : elem.expressions) walk(module, expression);
  }
  for (const Import& import : module.imports) (void)to_string(import.type, &module);
  for (const DefType* type : module.types) (void)to_string(*type, &module);
  // The same bytes give the same types, as long as the first ones live.
  const auto again = decode(std::vector<u8>(data, data + size), registry, {});
  WISP_CHECK(again.ok() && (*again)->types == module.types);
  return 0;
}
