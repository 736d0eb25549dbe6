#include "cli/wast_world.hpp"

#include "base/result.hpp"
#include "cli/wast_spectest.hpp"

namespace wisp::cli {
namespace {

Error complaint(std::string message) {
  return {ErrorCode::argument, 0, std::move(message), {}};
}

/// A trap where none was expected, as the error of a command.
template <class T>
Error as_error(const Outcome<T>& outcome) {
  if (outcome.error() != nullptr) return *outcome.error();
  return complaint("trap: " + outcome.trap()->summary());
}

wasm::Features features_of(const Config& config) {
  wasm::Features features;
  for (const wasm::FeatureInfo& info : wasm::feature_table) features.set(info.feature, config.has_feature(info.name));
  return features;
}

}  // namespace

Result<std::unique_ptr<ScriptWorld>> ScriptWorld::create(const Engine& engine, const ScriptSettings& settings) {
  WISP_TRY_ASSIGN(Store store, Store::create(engine));
  std::unique_ptr<ScriptWorld> world(new ScriptWorld(engine, settings, std::move(store)));
  WISP_TRY(define_spectest(world->linker_, world->store_));
  return world;
}

ScriptWorld::ScriptWorld(const Engine& engine, const ScriptSettings& settings, Store store)
    : engine_(engine),
      settings_(settings),
      features_(features_of(settings.config)),
      store_(std::move(store)),
      linker_(engine),
      values_(store_) {
  linker_.allow_shadowing(true);
}

Result<Module> ScriptWorld::load(const text::ScriptModule& module) const {
  WISP_TRY_ASSIGN(std::vector<u8> bytes, text::assemble(module, features_));
  return Module::from_bytes(engine_, std::move(bytes), Validation::serial);
}

Outcome<Instance> ScriptWorld::instantiate(const Module& module) {
  return linker_.instantiate(store_, module);
}

Result<void> ScriptWorld::instantiate_as(const std::string& id, const Module& module) {
  instances_.erase("");
  Outcome<Instance> instance = instantiate(module);
  if (!instance) return as_error(instance);
  ScriptExports exports = instance->exports();
  if (!id.empty()) instances_[id] = exports;
  instances_[""] = std::move(exports);
  return {};
}

Result<void> ScriptWorld::run(const text::ModuleCommand& command) {
  const std::string& id = command.module.id;
  if (!command.is_definition) instances_.erase("");
  Result<Module> module = load(command.module);
  if (!module) return std::move(module).error();
  if (!command.is_definition) return instantiate_as(id, *module);
  definitions_.insert_or_assign("", *module);
  if (!id.empty()) definitions_.insert_or_assign(id, *module);
  return {};
}

Result<void> ScriptWorld::run(const text::InstanceCommand& command) {
  const auto found = definitions_.find(command.definition_id);
  if (found == definitions_.end()) return complaint("there is no module definition $" + command.definition_id);
  return instantiate_as(command.id, found->second);
}

Result<void> ScriptWorld::run(const text::RegisterCommand& command) {
  WISP_TRY_ASSIGN(const ScriptExports* exports, find(command.module_id));
  for (const auto& [name, value] : *exports) WISP_TRY(linker_.define(command.name, name, value));
  return {};
}

Result<const ScriptExports*> ScriptWorld::find(const std::string& id) const {
  const auto found = instances_.find(id);
  if (found != instances_.end()) return &found->second;
  return complaint(id.empty() ? "there is no instance" : "there is no instance $" + id);
}

Result<void> ScriptWorld::share(const std::string& id, const ScriptExports& exports) {
  ScriptExports& here = instances_[id];
  for (const auto& [name, value] : exports) {
    const Memory* memory = std::get_if<Memory>(&value);
    const std::optional<SharedMemory> shared = memory != nullptr ? memory->shared() : std::nullopt;
    if (!shared) continue;
    WISP_TRY_ASSIGN(const Memory mine, Memory::create(store_, *shared));
    here.emplace_back(name, mine);
  }
  return {};
}

Outcome<std::vector<Value>> ScriptWorld::perform(const text::Action& action) {
  const Result<const ScriptExports*> exports = find(action.module_id);
  if (!exports) return exports.error();
  for (const auto& [name, value] : **exports) {
    if (name != action.name) continue;
    if (action.kind == text::Action::Kind::get) {
      const Global* global = std::get_if<Global>(&value);
      if (global == nullptr) return complaint("\"" + name + "\" is no global");
      return std::vector<Value>{global->get()};
    }
    const Func* function = std::get_if<Func>(&value);
    if (function == nullptr) return complaint("\"" + name + "\" is no function");
    return call(*function, action.arguments);
  }
  return complaint("there is no export \"" + action.name + "\"");
}

Outcome<std::vector<Value>> ScriptWorld::call(const Func& function, const std::vector<text::ScriptValue>& arguments) {
  std::vector<Value> values;
  for (const text::ScriptValue& argument : arguments) {
    Result<Value> value = values_.make(argument);
    if (!value) return std::move(value).error();
    values.push_back(*std::move(value));
  }
  if (!settings_.timeout) return function.call(values);
  store_.set_timeout(*settings_.timeout);
  Outcome<std::vector<Value>> outcome = function.call(values);
  store_.clear_timeout();
  store_.clear_interrupt();
  return outcome;
}

}  // namespace wisp::cli
