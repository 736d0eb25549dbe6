#include <algorithm>

#include "api/access.hpp"
#include "runtime/calls.hpp"
#include "sys/processor.hpp"

namespace wisp {

StoreState::~StoreState() {
  if (has_timeout) Access::state(engine).timer.remove(*store->control());
  if (has_sampler) Access::state(engine).timer.stop_sampling(*store->control());
}

Result<Store> Store::create(const Engine& engine, const StoreLimits& limits) {
  WISP_TRY(sys::check_processor(sys::processor_support()));
  EngineState& state = Access::state(engine);
  runtime::StoreSettings settings;
  settings.limits = limits;
  settings.memory_mode = state.config.memory_mode == MemoryMode::guard_pages ? runtime::MemoryMode::guard_pages
                                                                             : runtime::MemoryMode::explicit_checks;
  settings.stack_bytes = state.config.stack_bytes;
  settings.native_stack_bytes = state.config.native_stack_bytes;
  settings.fuel = state.config.fuel;
  settings.pool = state.pool;
  WISP_TRY_ASSIGN(auto store, runtime::Store::create(*state.tier, settings));
  return Access::store(std::make_shared<StoreState>(engine, std::move(store)));
}

const Engine& Store::engine() const {
  return state_->engine;
}

InterruptHandle Store::interrupt_handle() const {
  return Access::interrupt_handle(state_->store->control());
}

void InterruptHandle::interrupt() const {
  Access::control(*this).interrupt(runtime::Interruption::requested);
}

void Store::set_timeout(std::chrono::nanoseconds timeout) {
  const auto now = std::chrono::steady_clock::now();
  // A deadline beyond what the clock can say is none.
  if (timeout > std::chrono::steady_clock::time_point::max() - now) return clear_timeout();
  state_->has_timeout = true;
  Access::state(state_->engine).timer.set(state_->store->control(), now + timeout);
}

void Store::clear_timeout() {
  Access::state(state_->engine).timer.remove(*state_->store->control());
}

void Store::clear_interrupt() {
  state_->store->control()->clear_interrupt();
}

bool Store::interrupted() const {
  return runtime::interruption(state_->store->execution()) != TrapReason::none;
}

void Store::set_fuel(std::uint64_t fuel) {
  state_->fuel_before += state_->fuel_given - this->fuel();
  state_->fuel_given = std::min<u64>(fuel, std::numeric_limits<i64>::max());
  state_->store->execution().fuel = i64(state_->fuel_given);
}

std::uint64_t Store::fuel() const {
  return u64(std::max<i64>(state_->store->execution().fuel, 0));
}

StoreStats Store::stats() const {
  runtime::Store& store = *state_->store;
  StoreStats stats;
  stats.memory_bytes = store.memory_budget().used();
  stats.peak_memory_bytes = store.memory_budget().peak();
  stats.table_entries = store.table_budget().used();
  stats.heap_bytes = store.heap().live_bytes();
  stats.peak_heap_bytes = store.heap().peak_bytes();
  stats.collections = store.heap().collections();
  stats.instances = store.instance_count();
  stats.fuel_consumed = state_->fuel_before + state_->fuel_given - fuel();
  return stats;
}

Result<Value> Store::host_ref(std::uint64_t value) {
  auto ref = state_->store->make_host_object(value);
  if (!ref.ok()) return Error{ErrorCode::limit, 0, "the heap is full", ""};
  const u64 slot = *ref;
  return Access::lift(*state_, wasm::ValType::ref(false, wasm::HeapKind::extern_), &slot);
}

void Store::collect_garbage() {
  (void)state_->store->heap().collect();
}

void Store::set_collect_always(bool on) {
  state_->store->heap().set_stress(on);
}

}  // namespace wisp
