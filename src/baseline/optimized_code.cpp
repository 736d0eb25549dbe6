#include "baseline/optimized_code.hpp"

#include <algorithm>
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

constexpr std::string_view adapter_prefix = "adapt_";

std::string numbered(std::string_view prefix, FuncIndex function) {
  return std::string(prefix) + std::to_string(function.value);
}

}  // namespace

OptimizedCode::OptimizedCode(const wasm::Module& module, NativeCell* cells, const CodeNames& code_names)
    : module_(module),
      cells_(cells),
      code_names_(code_names),
      space_(optimized_fault_landing(), limits::first_region_bytes) {}

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
  if (code_names_) tell_names(loader, function, at);
  return Entries{.slots = reinterpret_cast<runtime::NativeEntry>(reinterpret_cast<u64>(at + *slots)),
                 .registers = is_loop ? nullptr : at + *registers};
}

/// What is called with parameters in registers for the first time is reached by way of its slots for now.
void OptimizedCode::use_adapters(const ObjectLoader& loader, const u8* code) {
  for (const ObjectLoader::Symbol& symbol : loader.defined()) {
    if (!symbol.name.starts_with(adapter_prefix)) continue;
    NativeCell* const callee = cell(symbol.name.substr(adapter_prefix.size()));
    const void* nobody = nullptr;
    if (callee != nullptr) callee->registers.compare_exchange_strong(nobody, code + symbol.offset);
  }
}

/// All of it is the function's but adapters, which are of those that they lead to.
void OptimizedCode::tell_names(const ObjectLoader& loader, FuncIndex function, const u8* code) const {
  std::map<u64, FuncIndex> starts{{loader.code_offset(), function}, {loader.stubs_offset(), function}};
  for (const ObjectLoader::Symbol& symbol : loader.defined()) {
    const bool is_adapter = symbol.name.starts_with(adapter_prefix);
    starts[symbol.offset] = is_adapter ? index(symbol.name.substr(adapter_prefix.size())).value_or(function) : function;
  }
  for (auto at = starts.begin(); at != starts.end();) {
    const auto [start, owner] = *at;
    at = std::find_if(at, starts.end(), [&](const auto& next) { return next.second != owner; });
    const u64 end = at == starts.end() ? loader.size_bytes() : at->first;
    code_names_.tell(owner, owner == function ? "optimized" : "adapter", {code + start, code + end});
  }
}

/// Of a function that the module defines.
std::optional<FuncIndex> OptimizedCode::index(std::string_view number) const {
  u32 value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (value < module_.imported_functions || value >= module_.functions.size()) return std::nullopt;
  return FuncIndex(value);
}

NativeCell* OptimizedCode::cell(std::string_view number) {
  const std::optional<FuncIndex> function = index(number);
  return function ? &cells_[function->value - module_.imported_functions] : nullptr;
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
    for (usize i = 0; i < std::size(runtime::libcall_table); ++i) {
      if (runtime::libcall_table[i].name != *libcall) continue;
      return SymbolAddress{reinterpret_cast<u64>(runtime::libcall_functions[i])};
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

bool OptimizedCode::for_each(const u8* pc, bool all,
                             const std::function<void(const runtime::CodeOrigin&)>& each) const {
  const Object* const object = find(pc);
  if (object == nullptr) return false;
  const runtime::LocationTable& locations = object->locations;
  u32 number = locations.find(u64(pc - object->code));
  while (number != runtime::CodeOrigin::none) {
    const runtime::CodeOrigin& origin = locations.origins[number];
    each(origin);
    number = all ? origin.inlined_into : runtime::CodeOrigin::none;
  }
  return true;
}

void OptimizedCode::note(const runtime::VmContext& vm, const u8* pc, bool all) const {
  for_each(pc, all, [&](const runtime::CodeOrigin& origin) {
    interp::note_location(vm, {.instance = vm.instance, .function = origin.function, .offset = origin.offset});
  });
}

}  // namespace wisp::baseline
