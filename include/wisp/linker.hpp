#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wisp/caller.hpp"

namespace wisp {

/// What becomes of imports that nobody defined.
enum class UnknownImports : std::uint8_t {
  refuse,
  /// Functions trap when they are called; other imports are refused.
  trap,
  /// Functions return zeros and nulls; memories, tables, globals and tags are made.
  default_values,
};

/// An import that a linker cannot satisfy.
struct UnsatisfiedImport {
  std::string module;
  std::string name;
  /// What the module wants, in the text format.
  std::string wanted;
  /// What is defined under this name, where that is something else; empty if nothing is.
  std::string found;
  /// Where such an import usually comes from and what to do; may be empty.
  std::string hint;
};

/// A module with all that it imports, found and checked once, to be instantiated any number of times. Copies are the
/// same; immutable, thread-safe.
class InstancePre {
 public:
  const Module& module() const;
  /// Makes an instance and runs the module's start function. An error if a limit is exceeded, or if the store is not
  /// the one that an import is in.
  Outcome<Instance> instantiate(Store& store) const;

 private:
  friend struct Access;
  explicit InstancePre(std::shared_ptr<const struct InstancePreState> state) : state_(std::move(state)) {}
  std::shared_ptr<const struct InstancePreState> state_;
};

/// Names for what modules import. Host functions can be used in any store of the engine; everything else only in the
/// store that it is in. Later changes do not reach instances that exist already.
class Linker {
 public:
  explicit Linker(const Engine& engine);

  /// Defines a host function by a C++ callable: `linker.define("env", "add", [](Caller&, int a, int b) { return a + b;
  /// })`.
  template <HostCallable F>
  Result<void> define(std::string_view module, std::string_view name, F&& f) {
    return define_host(module, name, detail::host_function<std::decay_t<F>>(std::forward<F>(f)));
  }
  Result<void> define(std::string_view module, std::string_view name, const FuncType& type, HostCallback callback);
  Result<void> define(std::string_view module, std::string_view name, const Extern& value);
  /// Defines all exports of an instance.
  Result<void> define_instance(std::string_view module, const Instance& instance);
  /// Whether a name may be defined again. Off at first: the second definition is an error.
  void allow_shadowing(bool on);
  void set_unknown_imports(UnknownImports mode);

  /// The imports that `instantiate` would refuse.
  std::vector<UnsatisfiedImport> unsatisfied(const Module& module) const;
  /// Makes an instance and runs the module's start function. An error if imports are not satisfied (all of them are
  /// listed) or a limit is exceeded; a trap if initialisation or the start function traps.
  Outcome<Instance> instantiate(Store& store, const Module& module) const;
  /// Does once what `instantiate` does for every instance: looks up and checks the imports. Later changes of the linker
  /// do not reach what is returned.
  Result<InstancePre> instantiate_pre(const Module& module) const;

  Result<void> define_host(std::string_view module, std::string_view name, detail::HostFunction function);

 private:
  friend struct Access;
  std::shared_ptr<struct LinkerState> state_;
};

}  // namespace wisp
