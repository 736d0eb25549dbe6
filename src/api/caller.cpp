#include "api/access.hpp"
#include "runtime/calls.hpp"

namespace wisp {

namespace {

runtime::VmContext& context_of(const Caller& caller) {
  return runtime::VmContext::of(Access::instance(caller));
}

StoreState& store_of(const Caller& caller) {
  return *static_cast<StoreState*>(context_of(caller).execution->store->owner());
}

Trap make_trap(TrapReason reason, std::string message = {}) {
  Trap trap;
  trap.reason = reason;
  trap.message = std::move(message);
  return trap;
}

/// Ends the guest as the host function wants it.
abi::HostResult unwind(abi::CallingInstance& instance, Trap trap) {
  abi::Caller caller(instance);
  runtime::Execution& execution = *runtime::VmContext::of(instance).execution;
  if (trap.reason != TrapReason::uncaught_exception) {
    static_cast<StoreState*>(execution.store->owner())->inner_frames = std::move(trap.backtrace);
  }
  switch (trap.reason) {
    case TrapReason::exit:
      return caller.exit(trap.exit_code);
    case TrapReason::interrupted:
    case TrapReason::deadline:
      return caller.interrupted();
    case TrapReason::host:
    case TrapReason::none:
      return caller.trap(std::move(trap.message));
    case TrapReason::uncaught_exception:
      // The exception that ended a guest which the host function called goes on in the guest that called it.
      if (trap.exception) {
        execution.trap = TrapReason::none;
        execution.exception = Access::ref(*trap.exception);
        return abi::HostResult::unwind;
      }
      break;
    default:
      break;
  }
  static_cast<StoreState*>(execution.store->owner())->inner_message = std::move(trap.message);
  execution.trap = trap.reason;
  return abi::HostResult::unwind;
}

// An exception of the embedder must not reach the guest's frames, which nobody would clean up.

abi::HostResult enter_closure(void* context, abi::CallingInstance& instance, u64* slots) noexcept {
  const auto& function = *static_cast<detail::HostFunction*>(context);
  Caller view = Access::caller(instance);
  std::optional<Trap> trap = function.run(function.closure.get(), view, slots);
  return trap ? unwind(instance, std::move(*trap)) : abi::HostResult::returned;
}

struct Callback {
  const wasm::DefType* type = nullptr;
  HostCallback function;
};

abi::HostResult enter_callback(void* context, abi::CallingInstance& instance, u64* slots) noexcept {
  const auto& callback = *static_cast<Callback*>(context);
  Caller view = Access::caller(instance);
  StoreState& store = store_of(view);
  const std::vector<Value> arguments = Access::lift(store, callback.type->func.params, slots);
  auto outcome = callback.function(view, arguments);
  if (outcome.trap() != nullptr) return unwind(instance, std::move(*outcome.trap()));
  if (outcome.error() != nullptr) return unwind(instance, detail::as_trap(std::move(*outcome.error())));
  auto lowered = Access::lower(store, *outcome, callback.type->func.results, slots);
  if (!lowered) {
    return unwind(instance,
                  make_trap(TrapReason::host, "a host function returned the wrong values: " + lowered.error().message));
  }
  return abi::HostResult::returned;
}

}  // namespace

std::uint64_t detail::end_guest(void* instance, Trap trap) {
  return u64(unwind(*static_cast<abi::CallingInstance*>(instance), std::move(trap)));
}

GuestMemory Caller::memory() const {
  return Access::instance(*this).exported_memory->memory();
}

Store Caller::store() const {
  return Access::store(store_of(*this).shared_from_this());
}

std::optional<Instance> Caller::instance() const {
  runtime::Instance* instance = context_of(*this).instance;
  if (instance == nullptr) return std::nullopt;
  return Access::lift(store_of(*this), *instance);
}

std::optional<Extern> Caller::get(std::string_view name) const {
  const auto calling = instance();
  return calling ? calling->get(name) : std::nullopt;
}

bool Caller::interrupted() const {
  return runtime::interruption(*context_of(*this).execution) != TrapReason::none;
}

Trap Caller::exit(std::uint32_t code) const {
  Trap trap = make_trap(TrapReason::exit);
  trap.exit_code = code;
  return trap;
}

Trap Caller::trap(std::string message) const {
  return make_trap(TrapReason::host, std::move(message));
}

Trap Caller::stop() const {
  return make_trap(TrapReason::interrupted);
}

std::shared_ptr<HostDefinition> define(const Engine& engine, const wasm::FuncType& type, abi::HostCode code,
                                       void* context) {
  auto definition = std::make_shared<HostDefinition>();
  definition->group = Access::state(engine).registry->intern_func(type);
  definition->function.type = definition->group.types()[0];
  definition->function.host = code;
  definition->function.host_context = context;
  return definition;
}

HostDefinitionRef define(const Engine& engine, detail::HostFunction function) {
  const wasm::FuncType type = Access::lower(function.type);
  auto owned = std::make_shared<detail::HostFunction>(std::move(function));
  auto definition = define(engine, type, {enter_closure, owned->direct}, owned.get());
  definition->owner = std::move(owned);
  return definition;
}

HostDefinitionRef define(const Engine& engine, const FuncType& type, HostCallback callback) {
  auto owned = std::make_shared<Callback>();
  auto definition = define(engine, Access::lower(type), {enter_callback}, owned.get());
  *owned = {definition->function.type, std::move(callback)};
  definition->owner = std::move(owned);
  return definition;
}

runtime::Function& instantiate(StoreState& store, const HostDefinitionRef& definition) {
  store.store->keep_alive(definition);
  // Nothing changes a function of the host, so that stores can share it.
  return const_cast<runtime::Function&>(definition->function);
}

Func make_func(Store& store, detail::HostFunction function) {
  StoreState& state = *Access::state(store);
  return Access::lift(state, instantiate(state, define(state.engine, std::move(function))));
}

Func make_func(Store& store, const FuncType& type, HostCallback callback) {
  StoreState& state = *Access::state(store);
  return Access::lift(state, instantiate(state, define(state.engine, type, std::move(callback))));
}

}  // namespace wisp
