#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "wisp/wisp.hpp"

#include "api/code_cache_state.hpp"
#include "baseline/code_names.hpp"
#include "runtime/deadline_timer.hpp"
#include "runtime/memory.hpp"
#include "runtime/store.hpp"
#include "runtime/tier.hpp"
#include "wasm/module.hpp"

/// What stands behind the public handles, and the way from one to the other.
namespace wisp {

struct EngineState {
  explicit EngineState(const Config& given);

  Config config;
  wasm::Features features;
  std::shared_ptr<wasm::TypeRegistry> registry;
  std::unique_ptr<runtime::Tier> tier;
  std::shared_ptr<runtime::SlotPool> pool;
  runtime::DeadlineTimer timer;
};

/// What became of the precompiled code of a module.
struct PrecompiledCounts {
  std::atomic<u64> found = 0;
  std::atomic<u64> refused = 0;
  std::atomic<u64> missing = 0;
};

struct ModuleState {
  Engine engine;
  std::shared_ptr<const runtime::LoadedModule> loaded;
  /// Shared with the code, which may live longer.
  std::shared_ptr<PrecompiledCounts> precompiled = std::make_shared<PrecompiledCounts>();
};

struct StoreState : std::enable_shared_from_this<StoreState> {
  StoreState(Engine of, std::unique_ptr<runtime::Store> made) : engine(std::move(of)), store(std::move(made)) {
    store->set_owner(this);
  }
  ~StoreState();

  Engine engine;
  std::unique_ptr<runtime::Store> store;
  bool has_timeout = false;
  u64 fuel_given = 0;
  u64 fuel_before = 0;  // consumed before the tank was last filled
  /// Frames, and what there is to say, of a guest whose end a host function made that of the guest which called it.
  std::vector<Frame> inner_frames;
  std::string inner_message;
  bool has_sampler = false;
};

/// Keeps a reference, and the store it belongs to, alive.
struct RefRoot {
  RefRoot(std::shared_ptr<StoreState> of, std::optional<u32> number) : store(std::move(of)), root(number) {}
  RefRoot(const RefRoot&) = delete;
  RefRoot& operator=(const RefRoot&) = delete;
  ~RefRoot() {
    if (root) store->store->remove_root(*root);
  }

  std::shared_ptr<StoreState> store;
  std::optional<u32> root;  // functions live as long as their store and need none
};

/// A host function that a linker can put into any store of its engine: a function instance that all of them share, and
/// what it needs.
struct HostDefinition {
  runtime::Function function;
  wasm::RecGroupRef group;      // keeps its type alive
  std::shared_ptr<void> owner;  // keeps its context alive
  /// The only store that it can be in; null for any.
  std::shared_ptr<const runtime::StoreControl> store;
};
using HostDefinitionRef = std::shared_ptr<const HostDefinition>;

/// What a name stands for in a linker.
using Definition = std::variant<HostDefinitionRef, Extern>;

/// Looks names up without copying them.
struct NameOrder {
  using is_transparent = void;
  using View = std::pair<std::string_view, std::string_view>;
  static View view(const std::pair<std::string, std::string>& name) { return {name.first, name.second}; }
  static View view(const View& name) { return name; }
  bool operator()(const auto& a, const auto& b) const { return view(a) < view(b); }
};

struct LinkerState {
  explicit LinkerState(Engine of) : engine(std::move(of)) {}

  Engine engine;
  std::map<std::pair<std::string, std::string>, Definition, NameOrder> names;
  bool allow_shadowing = false;
  UnknownImports unknown = UnknownImports::refuse;
};

/// The imports of a module, resolved.
struct InstancePreState {
  explicit InstancePreState(Module of) : module(std::move(of)) {}

  Module module;
  UnknownImports unknown = UnknownImports::refuse;
  /// One for each import; nothing where every store makes its own for want of a definition.
  std::vector<std::optional<Definition>> definitions;
  /// The same as the runtime takes them.
  std::vector<runtime::Extern> imports;
  bool has_unknown = false;
};

/// Whether guard pages bound the module's memory 0.
inline bool is_guarded(const Config& config, const wasm::Module& module) {
  return config.memory_mode == MemoryMode::guard_pages && runtime::is_memory0_guarded(module);
}

/// The only way through the private parts of the public classes.
struct Access {
  static EngineState& state(const Engine& engine) { return *engine.state_; }
  static const ModuleState& state(const Module& module) { return *module.state_; }
  static const std::shared_ptr<StoreState>& state(const Store& store) { return store.state_; }
  static LinkerState& state(const Linker& linker) { return *linker.state_; }
  static std::shared_ptr<runtime::DiskCache> disk(const CodeCache& cache) { return cache.state_->disk; }
  static InstancePre instance_pre(std::shared_ptr<const InstancePreState> state) {
    return InstancePre(std::move(state));
  }
  static baseline::CodeObserver observer(std::shared_ptr<CodeLog> log);
  static u64& features(Config& config) { return config.features_; }
  static u64 features(const Config& config) { return config.features_; }

  static Store store(std::shared_ptr<StoreState> state) { return Store(std::move(state)); }
  static Module module(std::shared_ptr<const ModuleState> state) { return Module(std::move(state)); }
  static Caller caller(abi::CallingInstance& instance) { return Caller(&instance); }
  static abi::CallingInstance& instance(const Caller& caller) {
    return *static_cast<abi::CallingInstance*>(caller.instance_);
  }

  // Types
  static wasm::ValType lower(ValType type) { return std::bit_cast<wasm::ValType>(type.bits_); }
  static ValType lift(wasm::ValType type) { return ValType(std::bit_cast<u64>(type)); }
  static wasm::HeapKind lower(HeapType type);
  static HeapType lift(wasm::HeapType type);
  static FuncType lift(const wasm::FuncType& type);
  static wasm::FuncType lower(const FuncType& type);
  static ExternType lift(const wasm::ExternType& type);
  static Limits lift(const wasm::Limits& limits);
  static wasm::Limits lower(const Limits& limits);
  static MemoryType lift(const wasm::MemoryType& type);
  static wasm::MemoryType lower(const MemoryType& type);
  static TableType lift(const wasm::TableType& type);
  static wasm::TableType lower(const TableType& type);

  // Values
  /// A value from its slots; roots what it refers to.
  static Value lift(StoreState& store, wasm::ValType type, const u64* slots);
  /// Writes the value's slots. An error if it is not of the type or of another store.
  static Result<void> lower(const StoreState& store, const Value& value, wasm::ValType type, u64* slots);
  static std::vector<Value> lift(StoreState& store, std::span<const wasm::ValType> types, const u64* slots);
  static Result<void> lower(const StoreState& store, std::span<const Value> values,
                            std::span<const wasm::ValType> types, u64* slots);
  static runtime::Ref ref(const Value& value) { return value.slots_[0]; }
  static const std::shared_ptr<const RefRoot>& root(const Value& value) { return value.root_; }

  // What is in a store
  static Func lift(StoreState& store, runtime::Function& function) { return Func(store.shared_from_this(), &function); }
  static Extern lift(StoreState& store, const runtime::Extern& value);
  static runtime::Extern lower(const Extern& value);
  static StoreState& store_of(const Extern& value);
  static runtime::Function& function(const Func& func) { return *static_cast<runtime::Function*>(func.function_); }
  static StoreState& store_of(const Func& func) { return *func.store_; }
  static std::shared_ptr<runtime::Memory> memory(const Memory& memory) {
    return std::static_pointer_cast<runtime::Memory>(memory.memory_);
  }
  static std::shared_ptr<runtime::Memory> memory(const SharedMemory& memory) {
    return std::static_pointer_cast<runtime::Memory>(memory.memory_);
  }
  static Memory lift(StoreState& store, std::shared_ptr<runtime::Memory> memory) {
    return Memory(store.shared_from_this(), std::move(memory));
  }
  static SharedMemory shared(std::shared_ptr<runtime::Memory> memory) { return SharedMemory(std::move(memory)); }
  static Instance lift(StoreState& store, runtime::Instance& instance) {
    return Instance(store.shared_from_this(), &instance);
  }
  static runtime::Instance& instance(const Instance& instance) {
    return *static_cast<runtime::Instance*>(instance.instance_);
  }
  static Table lift(StoreState& store, runtime::Table& table) { return Table(store.shared_from_this(), &table); }
  static Global lift(StoreState& store, runtime::Global& global) { return Global(store.shared_from_this(), &global); }
  static Tag lift(StoreState& store, runtime::Tag& tag) { return Tag(store.shared_from_this(), &tag); }

  static InterruptHandle interrupt_handle(std::shared_ptr<void> control) { return InterruptHandle(std::move(control)); }
  static runtime::StoreControl& control(const InterruptHandle& handle) {
    return *static_cast<runtime::StoreControl*>(handle.control_.get());
  }

  /// How the guest was stopped, for the embedder.
  static Trap lift(StoreState& store, const runtime::TrapInfo& info);

  using WasiSettings = WasiConfig::State;
  static const WasiSettings& settings(const WasiConfig& config) { return *config.state_; }
};

/// A host function of an entry of the runtime's kind, its type made canonical.
std::shared_ptr<HostDefinition> define(const Engine& engine, const wasm::FuncType& type, abi::HostCode code,
                                       void* context);
/// The same of a C++ closure.
HostDefinitionRef define(const Engine& engine, detail::HostFunction function);
HostDefinitionRef define(const Engine& engine, const FuncType& type, HostCallback callback);
/// The definition as a function of the store.
runtime::Function& instantiate(StoreState& store, const HostDefinitionRef& definition);

/// From its shared library; null if that is not there, or cannot compile for this processor.
std::unique_ptr<runtime::OptimizingCompiler> make_optimizing_compiler();

/// What an instance's module is called in a backtrace; may be empty.
std::string module_name(const runtime::Instance& instance);

/// A name as a person reads it: demangled if it is a mangled C++ or Rust name.
std::string demangle(std::string_view name);

}  // namespace wisp
