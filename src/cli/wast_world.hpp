#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wisp/linker.hpp"
#include "wisp/module.hpp"
#include "wisp/store.hpp"

#include "cli/wast_runner.hpp"
#include "cli/wast_values.hpp"
#include "text/wast.hpp"

namespace wisp::cli {

/// What a script sees of an instance.
using ScriptExports = std::vector<std::pair<std::string, Extern>>;

/// What one thread of a script works with: a store, and the names that the script has given.
class ScriptWorld {
 public:
  /// An error if there is no address space left for a store.
  static Result<std::unique_ptr<ScriptWorld>> create(const Engine& engine, const ScriptSettings& settings);

  /// Assembles, decodes and validates.
  Result<Module> load(const text::ScriptModule& module) const;
  Outcome<Instance> instantiate(const Module& module);
  Outcome<std::vector<Value>> perform(const text::Action& action);

  Result<void> run(const text::ModuleCommand& command);
  Result<void> run(const text::InstanceCommand& command);
  Result<void> run(const text::RegisterCommand& command);

  /// The exports of the instance of this name; of the latest if the name is empty.
  Result<const ScriptExports*> find(const std::string& id) const;
  /// Makes shared memories that another thread's instance exports visible under the same name.
  Result<void> share(const std::string& id, const ScriptExports& exports);

  const Engine& engine() const { return engine_; }
  const ScriptSettings& settings() const { return settings_; }

 private:
  ScriptWorld(const Engine& engine, const ScriptSettings& settings, Store store);
  Result<void> instantiate_as(const std::string& id, const Module& module);
  Outcome<std::vector<Value>> call(const Func& function, const std::vector<text::ScriptValue>& arguments);

  Engine engine_;
  ScriptSettings settings_;
  wasm::Features features_;
  Store store_;
  Linker linker_;
  ScriptValues values_;
  /// The latest is under the empty name too, as long as the latest `module` command succeeded.
  std::map<std::string, ScriptExports> instances_;
  std::map<std::string, Module> definitions_;
};

}  // namespace wisp::cli
