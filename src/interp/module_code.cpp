#include "interp/module_code.hpp"

#include <algorithm>

#include "interp/slow_paths.hpp"

namespace wisp::interp {

ModuleCode::ModuleCode(std::shared_ptr<const wasm::Module> module, bool fuel, bool linked_calls)
    : module_(std::move(module)),
      layouts_(*module_),
      cells_(std::make_unique<std::atomic<const Word*>[]>(module_->bodies.size())),
      stubs_(std::make_unique_for_overwrite<std::array<Word, 2>[]>(module_->bodies.size())),
      lowering_(
          {.module = *module_, .layouts = layouts_, .cells = cells_.get(), .fuel = fuel, .linked_calls = linked_calls}),
      validator_(*module_) {
  for (u32 i = 0; i < module_->bodies.size(); ++i) {
    stubs_[i] = {reinterpret_cast<Word>(&lazy_enter), module_->imported_functions + i};
    cells_[i].store(stubs_[i].data(), std::memory_order_relaxed);
  }
}

const Word* ModuleCode::lower(FuncIndex function) {
  const std::lock_guard lock(mutex_);
  std::atomic<const Word*>& code_cell = cell(function);
  const Word* code = code_cell.load(std::memory_order_relaxed);
  // Another thread may have been faster.
  if (code != stubs_[function.value - module_->imported_functions].data()) return code;
  auto lowered = std::make_unique<FunctionCode>(lower_function(validator_, lowering_, function));
  code = lowered->words.data();
  functions_.emplace(code, std::move(lowered));
  code_cell.store(code, std::memory_order_release);
  return code;
}

const FunctionCode* ModuleCode::find(const Word* pc) const {
  const std::lock_guard lock(mutex_);
  auto after = functions_.upper_bound(pc);
  if (after == functions_.begin()) return nullptr;
  const FunctionCode& code = *std::prev(after)->second;
  return pc < code.words.data() + code.words.size() ? &code : nullptr;
}

u64 ModuleCode::origin(const FunctionCode& code, const Word* pc) {
  const std::lock_guard lock(mutex_);
  std::vector<Origin>& origins = origins_[&code];
  if (origins.empty()) {
    lowering_.record_origins(&origins);
    (void)lower_function(validator_, lowering_, code.function);
    lowering_.record_origins(nullptr);
  }
  const u32 word = u32(pc - code.words.data());
  const auto at = std::ranges::upper_bound(origins, word, {}, &Origin::word);
  return at == origins.begin() ? 0 : std::prev(at)->offset;
}

}  // namespace wisp::interp
