#include <algorithm>

#include "llvm/translator.hpp"
#include "wasm/validator.hpp"

namespace wisp::llvm_tier {

namespace {

using wasm::ValType;

class FactSink {
 public:
  static constexpr bool wants_unreachable = false;

  explicit FactSink(ObjectModule& out) : out_(out) {}

  BodyFacts facts;

  void begin(const wasm::BodyState& state) {
    state_ = &state;
    u32 local = 0;
    for (const wasm::LocalTypes::Run& run : state.locals().runs()) {
      locals_ += (run.end - local) * run.type.slots();
      facts.locals += run.end - local;
      local = run.end;
    }
    facts.slots = std::max(locals_, runtime::slot_count(state.type().results));
  }
  void plain(wasm::Op, const wasm::Imm&) { see(1); }
  void typed(wasm::Op, const wasm::Imm&, std::span<const ValType>, std::span<const ValType>) { see(4); }
  void drop(ValType) { see(0); }
  void select(ValType) { see(1); }
  void local_get(LocalIndex, ValType) { see(1); }
  void local_set(LocalIndex, ValType) { see(1); }
  void local_tee(LocalIndex, ValType) { see(1); }
  void block(const wasm::BlockType&) { see(0); }
  void loop(const wasm::BlockType& type) {
    see(0);
    carry(type.params());
  }
  void if_(const wasm::BlockType& type) {
    see(1);
    carry(type.results());
  }
  void else_(const wasm::ControlFrame& frame) {
    see(0);
    carry(frame.type.results());
  }
  void end(const wasm::ControlFrame& frame) {
    see(0);
    carry(frame.type.results());
  }
  void unreachable() { see(0); }
  void br(const wasm::Branch& branch) { branch_to(branch.target, 0); }
  void br_if(const wasm::Branch& branch) { branch_to(branch.target, 1); }
  void br_table(std::span<const u32> labels) {
    see(1);
    for (const u32 label : labels) carry(state_->label(label).label_types());
  }
  void return_() {
    see(0);
    carry(state_->type().results);
  }
  void br_on_null(const wasm::Branch& branch, ValType) { branch_to(branch.target, 1); }
  void br_on_non_null(const wasm::Branch& branch, ValType) { branch_to(branch.target, 1); }
  void br_on_cast(wasm::Op, const wasm::Branch& branch, const wasm::Imm&) { branch_to(branch.target, 4); }
  void throw_(TagIndex, const wasm::FuncType&) { see(4); }
  void throw_ref() { see(4); }
  void call(FuncIndex function, const wasm::FuncType&) {
    see(8);
    if (!state_->module().is_imported(function)) facts.callees.push_back(function);
  }
  void call_indirect(TableIndex, TypeIndex index, const wasm::FuncType&) {
    see(16);
    const auto likely = out_.likely_callees(index, state_->offset());
    facts.callees.insert(facts.callees.end(), likely.begin(), likely.end());
  }
  void call_ref(TypeIndex, const wasm::FuncType&) { see(12); }
  void try_table(const wasm::BlockType&, std::span<const wasm::CatchClause> catches) {
    see(0);
    for (const wasm::CatchClause& clause : catches) carry(state_->label(clause.label).label_types());
    facts.can_inline = false;
  }
  void return_call(FuncIndex function, const wasm::FuncType&) {
    see(0);
    // A call of itself is a jump.
    if (function != state_->function()) ends_in_call();
  }
  void return_call_indirect(TableIndex, TypeIndex, const wasm::FuncType&) { ends_in_call(); }
  void return_call_ref(TypeIndex, const wasm::FuncType&) { ends_in_call(); }

 private:
  void see(u32 instructions) {
    facts.instructions += instructions;
    facts.slots = std::max(facts.slots, locals_ + state_->slot_height());
  }
  void branch_to(const wasm::ControlFrame& target, u32 instructions) {
    see(instructions);
    carry(target.label_types());
  }
  /// A way to a place where others meet it.
  void carry(std::span<const ValType> types) {
    ++facts.ways;
    facts.carried += types.size();
  }
  void ends_in_call() {
    see(0);
    facts.has_tail_call = true;
    facts.can_inline = false;
  }

  ObjectModule& out_;
  const wasm::BodyState* state_ = nullptr;
  u32 locals_ = 0;
};

}  // namespace

std::optional<BodyFacts> facts_of(ObjectModule& out, FuncIndex function) {
  FactSink sink(out);
  // A module that is validated lazily may have invalid functions.
  if (!wasm::validate_body(out.wasm(), function, sink).ok()) return std::nullopt;
  std::ranges::sort(sink.facts.callees);
  const auto rest = std::ranges::unique(sink.facts.callees);
  sink.facts.callees.erase(rest.begin(), rest.end());
  return std::move(sink.facts);
}

}  // namespace wisp::llvm_tier
