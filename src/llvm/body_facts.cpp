#include <algorithm>

#include "llvm/translator.hpp"
#include "wasm/validator.hpp"

namespace wisp::llvm_tier {

namespace {

class FactSink : public wasm::NullSink {
 public:
  BodyFacts facts;

  void begin(const wasm::BodyState& state) {
    state_ = &state;
    u64 begin = 0;
    for (const wasm::LocalTypes::Run& run : state.locals().runs()) {
      facts.local_slots += (run.end - begin) * run.type.slots();
      begin = run.end;
    }
  }
  void plain(wasm::Op, const wasm::Imm&) { ++facts.instructions; }
  void typed(wasm::Op, const wasm::Imm&, std::span<const wasm::ValType>, std::span<const wasm::ValType>) {
    facts.instructions += 4;
  }
  void local_get(LocalIndex, wasm::ValType) { ++facts.instructions; }
  void local_set(LocalIndex, wasm::ValType) { ++facts.instructions; }
  void local_tee(LocalIndex, wasm::ValType) { ++facts.instructions; }
  void call(FuncIndex function, const wasm::FuncType&) {
    facts.instructions += 8;
    ++facts.calls;
    if (!state_->module().is_imported(function)) facts.callees.push_back(function);
  }
  void call_indirect(TableIndex, TypeIndex, const wasm::FuncType&) {
    facts.instructions += 16;
    ++facts.calls;
  }
  void call_ref(TypeIndex, const wasm::FuncType&) {
    facts.instructions += 12;
    ++facts.calls;
  }
  void try_table(const wasm::BlockType&, std::span<const wasm::CatchClause>) { facts.can_inline = false; }
  void return_call(FuncIndex function, const wasm::FuncType&) {
    // A call of itself is a jump.
    if (function != state_->function()) ends_in_call();
  }
  void return_call_indirect(TableIndex, TypeIndex, const wasm::FuncType&) { ends_in_call(); }
  void return_call_ref(TypeIndex, const wasm::FuncType&) { ends_in_call(); }

 private:
  void ends_in_call() {
    facts.has_tail_call = true;
    facts.can_inline = false;
  }

  const wasm::BodyState* state_ = nullptr;
};

}  // namespace

std::optional<BodyFacts> facts_of(const wasm::Module& module, FuncIndex function) {
  FactSink sink;
  // A module that is validated lazily may have invalid functions.
  if (!wasm::validate_body(module, function, sink).ok()) return std::nullopt;
  std::ranges::sort(sink.facts.callees);
  const auto rest = std::ranges::unique(sink.facts.callees);
  sink.facts.callees.erase(rest.begin(), rest.end());
  return std::move(sink.facts);
}

}  // namespace wisp::llvm_tier
