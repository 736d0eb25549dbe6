#include "baseline/optimized_code.hpp"

#include <charconv>

#include "baseline/limits.hpp"
#include "baseline/optimized_calls.hpp"
#include "interp/unwinding.hpp"
#include "runtime/libcalls.hpp"

namespace wisp::baseline {

using runtime::NativeCell;

namespace {

Error unusable(std::string message) {
  return {ErrorCode::limit, 0, "optimized code: " + std::move(message), {}};
}

std::string numbered(std::string_view prefix, FuncIndex function) {
  return std::string(prefix) + std::to_string(function.value);
}

}  // namespace

OptimizedCode::OptimizedCode(const wasm::Module& module, NativeCell* cells)
    : module_(module), cells_(cells), space_(optimized_fault_landing(), limits::first_region_bytes) {}

Result<OptimizedCode::Entries> OptimizedCode::load(FuncIndex function, bool is_loop, const runtime::ObjectCode& code) {
  WISP_TRY_ASSIGN(const ObjectLoader loader, ObjectLoader::read(code.object));
  const usize wanted = loader.size_bytes() + ObjectLoader::alignment;
  if (wanted > limits::region_bytes) return unusable("it is too large");
  const std::optional<CodeBlock> block = space_.room(u32(wanted));
  if (!block) return unusable("there is no memory for it");
  const usize padding = usize(-reinterpret_cast<uintptr_t>(block->code)) % ObjectLoader::alignment;
  const u8* const at = block->code + padding;
  WISP_TRY(loader.link({block->writable + padding, loader.size_bytes()}, reinterpret_cast<u64>(at),
                       [this](std::string_view name) { return resolve(name); }));
  const auto slots = loader.find(numbered(is_loop ? "osr_" : "slots_", function));
  const auto registers = loader.find(numbered("regs_", function));
  if (!slots || (!is_loop && !registers)) return unusable("it lacks an entry");

  space_.keep(u32(padding + loader.size_bytes()));
  objects_.emplace(at, Object{at + loader.code_offset(), loader.size_bytes() - loader.code_offset(), code.locations});
  use_adapters(loader, at);
  return Entries{.slots = reinterpret_cast<runtime::NativeEntry>(reinterpret_cast<u64>(at + *slots)),
                 .registers = is_loop ? nullptr : at + *registers};
}

/// What is called with parameters in registers for the first time is reached by way of its slots for now.
void OptimizedCode::use_adapters(const ObjectLoader& loader, const u8* code) {
  constexpr std::string_view prefix = "adapt_";
  for (const ObjectLoader::Symbol& symbol : loader.defined()) {
    if (!symbol.name.starts_with(prefix)) continue;
    NativeCell* const callee = cell(symbol.name.substr(prefix.size()));
    const void* nobody = nullptr;
    if (callee != nullptr) callee->registers.compare_exchange_strong(nobody, code + symbol.offset);
  }
}

NativeCell* OptimizedCode::cell(std::string_view number) {
  u32 index = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
  if (error != std::errc() || end != number.data() + number.size()) return nullptr;
  if (index < module_.imported_functions || index >= module_.functions.size()) return nullptr;
  return &cells_[index - module_.imported_functions];
}

std::optional<SymbolAddress> OptimizedCode::resolve(std::string_view name) {
  const auto after = [&](std::string_view prefix) -> std::optional<std::string_view> {
    if (!name.starts_with(prefix)) return std::nullopt;
    return name.substr(prefix.size());
  };
  if (const auto number = after("regs_")) {
    NativeCell* const callee = cell(*number);
    if (callee == nullptr) return std::nullopt;
    return SymbolAddress{reinterpret_cast<u64>(&callee->registers), true};
  }
  if (const auto number = after("cell_")) {
    NativeCell* const callee = cell(*number);
    if (callee == nullptr) return std::nullopt;
    return SymbolAddress{reinterpret_cast<u64>(callee)};
  }
  if (const auto libcall = after("libcall_")) {
    for (const runtime::LibcallInfo& info : runtime::libcall_table) {
      if (info.name == *libcall) return SymbolAddress{reinterpret_cast<u64>(info.function)};
    }
    return std::nullopt;
  }
  const void* const helper = optimized_call(name);
  if (helper == nullptr) return std::nullopt;
  return SymbolAddress{reinterpret_cast<u64>(helper)};
}

const OptimizedCode::Object* OptimizedCode::find(const u8* pc) const {
  const auto after = objects_.upper_bound(pc);
  if (after == objects_.begin()) return nullptr;
  const Object& object = std::prev(after)->second;
  return pc >= object.code && pc < object.code + object.size_bytes ? &object : nullptr;
}

void OptimizedCode::note(const runtime::VmContext& vm, const u8* pc, bool all) const {
  const Object* const object = find(pc);
  if (object == nullptr) return;
  const runtime::LocationTable& locations = object->locations;
  u32 number = locations.find(u64(pc - object->code));
  while (number != runtime::CodeOrigin::none) {
    const runtime::CodeOrigin& origin = locations.origins[number];
    interp::note_location(vm, {.instance = vm.instance, .function = origin.function, .offset = origin.offset});
    number = all ? origin.inlined_into : runtime::CodeOrigin::none;
  }
}

}  // namespace wisp::baseline
