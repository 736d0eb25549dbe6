#include "api/access.hpp"
#include "runtime/import_match.hpp"
#include "wasm/format.hpp"

namespace wisp {

namespace {

using Definition = std::variant<HostDefinition, Extern>;

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

abi::HostResult trap_on_call(void* context, abi::Caller& caller, u64*) {
  return caller.trap("unknown import called: " + *static_cast<std::string*>(context));
}

abi::HostResult return_zeros(void* context, abi::Caller&, u64* slots) {
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
  if (const auto* host = std::get_if<HostDefinition>(&definition)) {
    if (import.kind() == wasm::ExternKind::func && host->type == std::get<wasm::FuncImport>(import.type).type)
      return {};
    return wasm::to_string(host->type->func);
  }
  return to_string(type_of(std::get<Extern>(definition)));
}

bool is_match(const Definition& definition, const wasm::Import& import) {
  if (const auto* host = std::get_if<HostDefinition>(&definition)) {
    const auto* func = std::get_if<wasm::FuncImport>(&import.type);
    return func != nullptr && host->type->is_subtype_of(func->type);
  }
  return runtime::matches(runtime::type_of(Access::lower(std::get<Extern>(definition))), import.type);
}

Result<void> put(LinkerState& state, std::string_view module, std::string_view name, Definition definition) {
  const std::pair key{std::string(module), std::string(name)};
  if (!state.allow_shadowing && state.names.contains(key)) {
    return Error{ErrorCode::argument, 0, key.first + "." + key.second + " is defined already",
                 "call allow_shadowing(true) to replace definitions"};
  }
  state.names.insert_or_assign(key, std::move(definition));
  return {};
}

const Definition* find(const LinkerState& state, const wasm::Import& import) {
  const auto at = state.names.find(std::pair{std::string(import.module), std::string(import.name)});
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

std::vector<UnsatisfiedImport> Linker::unsatisfied(const Module& module) const {
  std::vector<UnsatisfiedImport> missing;
  for (const wasm::Import& import : Access::state(module).loaded->module().imports) {
    const Definition* definition = find(*state_, import);
    if (definition != nullptr && is_match(*definition, import)) continue;
    if (definition == nullptr && state_->unknown == UnknownImports::default_values) continue;
    if (definition == nullptr && state_->unknown == UnknownImports::trap && import.kind() == wasm::ExternKind::func)
      continue;
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
  StoreState& state = *Access::state(store);
  if (Access::state(module).engine != store.engine() || state_->engine != store.engine()) {
    return Error{ErrorCode::argument, 0, "module, linker and store are not of the same engine", ""};
  }
  if (const auto missing = unsatisfied(module); !missing.empty()) return missing_error(missing);
  const auto& loaded = Access::state(module).loaded;
  std::vector<runtime::Extern> imports;
  for (const wasm::Import& import : loaded->module().imports) {
    const Definition* definition = find(*state_, import);
    if (definition == nullptr) {
      auto made = make_unknown(state, import, state_->unknown);
      if (!made) return made.error();
      imports.push_back(std::move(*made));
    } else if (const auto* host = std::get_if<HostDefinition>(definition)) {
      if (host->store != nullptr && host->store != state.store->control()) return of_another_store(import);
      imports.emplace_back(&wisp::instantiate(state, *host));
    } else {
      const Extern& value = std::get<Extern>(*definition);
      if (&Access::store_of(value) != &state) {
        return of_another_store(import);
      }
      imports.push_back(Access::lower(value));
    }
  }
  auto result = state.store->instantiate(loaded, imports);
  if (auto* error = std::get_if<Error>(&result)) return std::move(*error);
  if (auto* trap = std::get_if<runtime::TrapInfo>(&result)) return Access::lift(state, *trap);
  runtime::Instance& instance = *std::get<runtime::Instance*>(result);
  return Access::lift(state, instance);
}

}  // namespace wisp
