#include "api/access.hpp"
#include "runtime/import_match.hpp"
#include "wasm/format.hpp"

namespace wisp {

namespace {

/// What to do about an import that nobody defined, as far as its module's name tells.
std::string hint_for(std::string_view module, std::string_view name) {
  if (module == "wasi_snapshot_preview1" || module == "wasi_unstable") {
    return "preview1 has no such function; the program may be built for another runtime's extension";
  }
  if (module == "wasi" && name == "thread-spawn") return "wasi-threads is not supported yet; build without threads";
  if (module.starts_with("wasi:")) return "an interface of WASI 0.2 or later: those need a component, not a module";
  if (module == "wbg" || module.starts_with("__wbindgen")) {
    return "made by wasm-bindgen for JavaScript, not WASI: build for wasm32-wasip1 without it";
  }
  if (module == "go" || module == "gojs") return "made by Go for JavaScript: build with GOOS=wasip1 GOARCH=wasm";
  if (module.starts_with("wasix_")) return "WASIX, an extension of WASI that wisp does not have: build for plain WASI";
  if (module == "env" && name == "memory")
    return "the program imports its memory: build without threads and --import-memory";
  if (module == "env" && name.starts_with("emscripten_")) {
    return "made by Emscripten for JavaScript, not WASI: link with -sSTANDALONE_WASM";
  }
  if (module == "env") return "not part of WASI: the program expects its embedder to define it";
  return {};
}

abi::HostResult trap_on_call(void* context, abi::CallingInstance& instance, u64*) {
  return abi::Caller(instance).trap("unknown import called: " + *static_cast<std::string*>(context));
}

abi::HostResult return_zeros(void* context, abi::CallingInstance&, u64* slots) {
  const auto& type = *static_cast<const wasm::DefType*>(context);
  std::fill_n(slots, runtime::slot_count(type.func.results), 0);
  return abi::HostResult::returned;
}

/// What an import is given if nobody defined it, in the way that the linker was told.
Result<runtime::Extern> make_unknown(StoreState& store, const wasm::Import& import, UnknownImports mode) {
  runtime::Store& raw = *store.store;
  const std::string full_name = std::string(import.module) + "." + std::string(import.name);
  if (const auto* func = std::get_if<wasm::FuncImport>(&import.type)) {
    if (mode == UnknownImports::trap) {
      auto name = std::make_shared<std::string>(full_name);
      return runtime::Extern(&raw.make_host_function(func->type, trap_on_call, name.get(), name));
    }
    return runtime::Extern(
        &raw.make_host_function(func->type, return_zeros, const_cast<wasm::DefType*>(func->type), nullptr));
  }
  const Error refused{ErrorCode::link, 0, "unknown import " + full_name, ""};
  if (mode != UnknownImports::default_values) return refused;
  if (const auto* memory = std::get_if<wasm::MemoryType>(&import.type)) {
    WISP_TRY_ASSIGN(auto made, raw.make_memory(*memory));
    return runtime::Extern(std::move(made));
  }
  if (const auto* table = std::get_if<wasm::TableType>(&import.type)) {
    if (!table->element.nullable()) return refused;
    WISP_TRY_ASSIGN(runtime::Table * made, raw.make_table(*table));
    return runtime::Extern(made);
  }
  if (const auto* global = std::get_if<wasm::GlobalType>(&import.type)) {
    if (!global->type.is_defaultable()) return refused;
    return runtime::Extern(&raw.make_global(*global));
  }
  return runtime::Extern(&raw.make_tag(std::get<wasm::TagType>(import.type).type));
}

std::string found_text(const Definition& definition, const wasm::Import& import) {
  if (const auto* host = std::get_if<HostDefinitionRef>(&definition)) {
    const wasm::DefType* const type = (*host)->function.type;
    if (import.kind() == wasm::ExternKind::func && type == std::get<wasm::FuncImport>(import.type).type) return {};
    return wasm::to_string(type->func);
  }
  return to_string(type_of(std::get<Extern>(definition)));
}

bool is_match(const Definition& definition, const wasm::Import& import) {
  if (const auto* host = std::get_if<HostDefinitionRef>(&definition)) {
    const auto* func = std::get_if<wasm::FuncImport>(&import.type);
    return func != nullptr && (*host)->function.type->is_subtype_of(func->type);
  }
  return runtime::matches(runtime::type_of(Access::lower(std::get<Extern>(definition))), import.type);
}

Result<void> put(LinkerState& state, std::string_view module, std::string_view name, Definition definition) {
  std::pair key{std::string(module), std::string(name)};
  const auto at = state.names.lower_bound(key);
  if (at == state.names.end() || at->first != key) {
    state.names.emplace_hint(at, std::move(key), std::move(definition));
    return {};
  }
  if (!state.allow_shadowing) {
    return Error{ErrorCode::argument, 0, key.first + "." + key.second + " is defined already",
                 "call allow_shadowing(true) to replace definitions"};
  }
  at->second = std::move(definition);
  return {};
}

const Definition* find(const LinkerState& state, const wasm::Import& import) {
  const auto at = state.names.find(NameOrder::View{import.module, import.name});
  return at != state.names.end() ? &at->second : nullptr;
}

/// One error that names all imports which cannot be satisfied.
Error missing_error(const std::vector<UnsatisfiedImport>& missing) {
  const bool unknown = missing[0].found.empty();
  Error error{ErrorCode::link, 0, unknown ? "unknown import" : "incompatible import type", ""};
  for (const UnsatisfiedImport& item : missing) {
    error.message += "\n  " + item.module + "." + item.name + " " + item.wanted;
    if (!item.found.empty()) error.message += ", but what is defined is " + item.found;
    if (error.hint.empty()) error.hint = item.hint;
  }
  return error;
}

Error of_another_store(const wasm::Import& import) {
  std::string message = "what is defined as ";
  message.append(import.module).append(".").append(import.name);
  return {ErrorCode::argument, 0, message + " belongs to another store", "use a linker for each store"};
}

}  // namespace

Linker::Linker(const Engine& engine) : state_(std::make_shared<LinkerState>(engine)) {}

Result<void> Linker::define_host(std::string_view module, std::string_view name, detail::HostFunction function) {
  return put(*state_, module, name, wisp::define(state_->engine, std::move(function)));
}

Result<void> Linker::define(std::string_view module, std::string_view name, const FuncType& type,
                            HostCallback callback) {
  return put(*state_, module, name, wisp::define(state_->engine, type, std::move(callback)));
}

Result<void> Linker::define(std::string_view module, std::string_view name, const Extern& value) {
  return put(*state_, module, name, value);
}

Result<void> Linker::define_instance(std::string_view module, const Instance& instance) {
  for (const auto& [name, value] : instance.exports()) WISP_TRY(put(*state_, module, name, value));
  return {};
}

void Linker::allow_shadowing(bool on) {
  state_->allow_shadowing = on;
}

void Linker::set_unknown_imports(UnknownImports mode) {
  state_->unknown = mode;
}

namespace {

/// Whether a linker can satisfy an import with what is found for it, which may be nothing.
bool is_satisfied(const LinkerState& state, const wasm::Import& import, const Definition* definition) {
  if (definition != nullptr) return is_match(*definition, import);
  if (state.unknown == UnknownImports::default_values) return true;
  return state.unknown == UnknownImports::trap && import.kind() == wasm::ExternKind::func;
}

runtime::Extern lower(const Definition& definition) {
  if (const auto* host = std::get_if<HostDefinitionRef>(&definition)) {
    return &const_cast<runtime::Function&>((*host)->function);
  }
  return Access::lower(std::get<Extern>(definition));
}

bool is_of_another_store(const Definition& definition, const StoreState& store) {
  if (const auto* host = std::get_if<HostDefinitionRef>(&definition)) {
    return (*host)->store != nullptr && (*host)->store != store.store->control();
  }
  return &Access::store_of(std::get<Extern>(definition)) != &store;
}

/// Looks the imports up and checks them; an error names all that are missing.
Result<void> resolve(const Linker& linker, InstancePreState& pre) {
  const LinkerState& state = Access::state(linker);
  if (Access::state(pre.module).engine != state.engine) {
    return Error{ErrorCode::argument, 0, "module, linker and store are not of the same engine", ""};
  }
  pre.unknown = state.unknown;
  const std::vector<wasm::Import>& imports = Access::state(pre.module).loaded->module().imports;
  pre.definitions.reserve(imports.size());
  pre.imports.reserve(imports.size());
  for (const wasm::Import& import : imports) {
    const Definition* definition = find(state, import);
    if (!is_satisfied(state, import, definition)) return missing_error(linker.unsatisfied(pre.module));
    pre.has_unknown |= definition == nullptr;
    pre.definitions.push_back(definition != nullptr ? std::optional(*definition) : std::nullopt);
    pre.imports.push_back(definition != nullptr ? lower(*definition) : runtime::Extern());
  }
  return {};
}

/// The imports of one store: the same for all stores unless it has to make some itself.
Result<std::vector<runtime::Extern>> make_unknown(StoreState& store, const InstancePreState& pre) {
  std::vector<runtime::Extern> imports = pre.imports;
  const wasm::Module& module = Access::state(pre.module).loaded->module();
  for (usize i = 0; i < imports.size(); ++i) {
    if (pre.definitions[i]) continue;
    WISP_TRY_ASSIGN(imports[i], make_unknown(store, module.imports[i], pre.unknown));
  }
  return imports;
}

/// What stores share must live as long as each of them. What is in the store itself would keep the store alive.
void keep_definitions(StoreState& store, const InstancePreState& pre) {
  for (const auto& definition : pre.definitions) {
    if (!definition) continue;
    if (const auto* host = std::get_if<HostDefinitionRef>(&*definition)) store.store->keep_alive(*host);
  }
}

Outcome<Instance> make_instance(StoreState& state, const InstancePreState& pre) {
  const auto& loaded = Access::state(pre.module).loaded;
  if (Access::state(pre.module).engine != state.engine) {
    return Error{ErrorCode::argument, 0, "module, linker and store are not of the same engine", ""};
  }
  for (usize i = 0; i < pre.definitions.size(); ++i) {
    if (pre.definitions[i] && is_of_another_store(*pre.definitions[i], state)) {
      return of_another_store(loaded->module().imports[i]);
    }
  }
  std::vector<runtime::Extern> own;
  if (pre.has_unknown) {
    auto made = make_unknown(state, pre);
    if (!made) return std::move(made).error();
    own = std::move(made).value();
  }
  keep_definitions(state, pre);
  auto result = state.store->instantiate(loaded, pre.has_unknown ? own : pre.imports, runtime::ImportTypes::checked);
  if (auto* error = std::get_if<Error>(&result)) return std::move(*error);
  if (auto* trap = std::get_if<runtime::TrapInfo>(&result)) return Access::lift(state, *trap);
  return Access::lift(state, *std::get<runtime::Instance*>(result));
}

}  // namespace

std::vector<UnsatisfiedImport> Linker::unsatisfied(const Module& module) const {
  std::vector<UnsatisfiedImport> missing;
  for (const wasm::Import& import : Access::state(module).loaded->module().imports) {
    const Definition* definition = find(*state_, import);
    if (is_satisfied(*state_, import, definition)) continue;
    UnsatisfiedImport item;
    item.module = import.module;
    item.name = import.name;
    item.wanted = wasm::to_string(import.type);
    if (definition != nullptr) item.found = found_text(*definition, import);
    if (definition == nullptr) item.hint = hint_for(import.module, import.name);
    missing.push_back(std::move(item));
  }
  return missing;
}

Outcome<Instance> Linker::instantiate(Store& store, const Module& module) const {
  InstancePreState pre(module);
  if (auto resolved = resolve(*this, pre); !resolved) return std::move(resolved).error();
  return make_instance(*Access::state(store), pre);
}

Result<InstancePre> Linker::instantiate_pre(const Module& module) const {
  auto pre = std::make_shared<InstancePreState>(module);
  WISP_TRY(resolve(*this, *pre));
  return Access::instance_pre(std::move(pre));
}

const Module& InstancePre::module() const {
  return state_->module;
}

Outcome<Instance> InstancePre::instantiate(Store& store) const {
  return make_instance(*Access::state(store), *state_);
}

}  // namespace wisp
