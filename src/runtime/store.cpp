#include "runtime/store.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/calls.hpp"
#include "runtime/instantiation.hpp"
#include "wasm/validator.hpp"

namespace wisp::runtime {
namespace {

/// What is wrong with the function that could not be entered. It was validated when it was compiled; tiers need not
/// keep what that said, as nobody asks twice.
std::string why_invalid(const std::vector<CodeLocation>& backtrace) {
  if (backtrace.empty()) return {};
  wasm::NullSink sink;
  const auto valid = wasm::validate_body(backtrace.front().instance->module(), backtrace.front().function, sink);
  return valid.ok() ? std::string() : valid.error().message;
}

}  // namespace

StoreControl::StoreControl(PollPage page, std::shared_ptr<SlotPool> from)
    : poll_page_(std::move(page)), pool_(std::move(from)) {
  execution.poll = poll_page_.word();
}

StoreControl::~StoreControl() {
  if (!pool_ || execution.poll == nullptr) return;
  if (interruption(execution) != TrapReason::none) poll_page_.open();
  pool_->put_poll_page(std::move(poll_page_));
}

void StoreControl::interrupt(Interruption why) {
  interrupting_.fetch_add(1);
  execution.interrupt.store(u32(why));
  stop();
  interrupting_.fetch_sub(1);
}

void StoreControl::stop() {
  execution.entry_limit.store(~uintptr_t{0});
  poll_page_.close();
  event.raise();
}

void StoreControl::clear_interrupt() {
  if (interruption(execution) == TrapReason::none) return;
  execution.interrupt.store(u32(Interruption::none));
  // The guest may have seen the interruption before whoever asks for it was done. What they still do for it must not
  // stop the next one; if they ask anew, it is to stop anyway.
  while (interrupting_.load() != 0 && interruption(execution) == TrapReason::none) sys::yield_thread();
  renew_entry_limit(execution);
  poll_page_.open();
  event.clear();
  // Asked for since then: some of what that did may have been undone here.
  if (interruption(execution) != TrapReason::none) stop();
}

void StoreControl::request_sample(u64 times) {
  samples_due.fetch_add(times, std::memory_order_relaxed);
  u32 expected = u32(Interruption::none);
  execution.interrupt.compare_exchange_strong(expected, u32(Interruption::sample), std::memory_order_relaxed);
}

u64 StoreControl::finish_sample() {
  u32 expected = u32(Interruption::sample);
  execution.interrupt.compare_exchange_strong(expected, u32(Interruption::none), std::memory_order_relaxed);
  return samples_due.exchange(0, std::memory_order_relaxed);
}

Result<std::unique_ptr<Store>> Store::create(Tier& tier, const StoreSettings& settings) {
  const Error no_room{ErrorCode::limit, 0, "the host has no resources left for a store", {}};
  if (tier.catches_faults() && !sys::install_fault_handler().ok()) return no_room;
  const u64 stack_bytes = std::max<u64>(settings.stack_bytes, 1);
  if (sys::round_up_to_pages(stack_bytes) == 0) return no_room;
  auto stack = settings.pool ? settings.pool->take_stack(stack_bytes) : SlotPool({}).take_stack(stack_bytes);
  if (!stack.ok()) return no_room;
  PollPage poll_page;
  if (tier.catches_faults()) {
    auto taken = settings.pool ? settings.pool->take_poll_page() : PollPage::make();
    if (!taken.ok()) return no_room;
    poll_page = std::move(*taken);
  }
  return std::unique_ptr<Store>(new Store(tier, settings, std::move(*stack), std::move(poll_page)));
}

Store::Store(Tier& tier, const StoreSettings& settings, sys::PageRange stack, PollPage poll_page)
    : tier_(tier),
      settings_(settings),
      control_(std::make_shared<StoreControl>(std::move(poll_page), settings.pool)),
      stack_(std::move(stack)),
      memory_budget_(std::make_shared<Budget>(settings.limits.memory_bytes)),
      table_budget_(settings.limits.table_entries),
      heap_(*this, settings.limits.heap_bytes) {
  Execution& execution = control_->execution;
  execution.stack_base = reinterpret_cast<u64*>(stack_.base());
  execution.stack_limit = reinterpret_cast<u64*>(stack_.base() + stack_.size_bytes());
  execution.stack_top = execution.stack_base;
  execution.fuel_enabled = settings.fuel;
  execution.backtrace = &backtrace_;
  execution.store = this;
  host_context_.memory0 = &no_memory_;
  host_context_.calling = {&no_memory_, &control_->execution.host_unwind};
  host_context_.execution = &execution;
}

Store::~Store() {
  if (settings_.pool) settings_.pool->put_stack(std::move(stack_));
}

// What is in the store

Function& Store::make_host_function(const wasm::DefType* type, abi::HostEntry entry, void* context,
                                    std::shared_ptr<void> owner) {
  Function& function = host_functions_.emplace_front();
  function.type = type;
  function.host.entry = entry;
  function.host_context = context;
  function.index = FuncIndex(host_function_count_++);
  if (owner) kept_.push_back(std::move(owner));
  return function;
}

Result<std::shared_ptr<Memory>> Store::make_memory(const wasm::MemoryType& type,
                                                   const std::shared_ptr<const MemoryImage>& image) {
  const Memory::Options options{settings_.memory_mode, memory_budget_, tier_.catches_faults(), settings_.pool};
  auto memory = Memory::create(type, options, image);
  if (memory) memories_.push_back(*memory);
  return memory;
}

Result<Table*> Store::make_table(const wasm::TableType& type) {
  auto table = Table::create(type, *this, table_budget_);
  if (!table) return std::move(table).error();
  tables_.push_back(std::move(table).value());
  return tables_.back().get();
}

Global& Store::make_global(const wasm::GlobalType& type) {
  return globals_.emplace_front(Global{type, this, {}});
}

Tag& Store::make_tag(const wasm::DefType* type) {
  return tags_.emplace_front(Tag{type, this});
}

std::variant<Instance*, Error, TrapInfo> Store::instantiate(std::shared_ptr<const LoadedModule> module,
                                                            std::span<const Extern> imports, ImportTypes types) {
  return Instantiation(*this, std::move(module)).run(imports, types);
}

// Calls

/// Whether a call may begin; for an outermost one, this is where its native stack begins.
bool Store::enter(usize needed_slots) {
  Execution& execution = control_->execution;
  const auto native_stack = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (nesting_ == 0) {
    const u64 allowed =
        settings_.native_stack_bytes - std::min(settings_.native_stack_bytes, limits::host_headroom_bytes);
    const uintptr_t limit = native_stack - std::min<u64>(native_stack, allowed);
    if (limit != execution.native_stack_limit) {
      execution.native_stack_limit = limit;
      renew_entry_limit(execution);
    }
    // What the embedder did before is not the guest's.
    if (sampler_) control_->finish_sample();
  }
  return nesting_ < limits::nested_calls && native_stack >= execution.native_stack_limit &&
         needed_slots <= usize(execution.stack_limit - execution.stack_top);
}

bool Store::call(Function& function, u64* slots, usize argument_slots, usize result_slots) {
  Execution& execution = control_->execution;
  const usize needed = std::max(argument_slots, result_slots);
  execution.trap = TrapReason::none;
  if (!enter(needed)) [[unlikely]] {
    execution.trap = TrapReason::stack_overflow;
    failed_status_ = Status::unwind;
    return false;
  }
  u64* const frame = execution.stack_top;
  for (usize i = 0; i < argument_slots; ++i) frame[i] = slots[i];
  ++nesting_;
  Status status = Status::returned;
  if (function.is_host()) {
    execution.stack_top = frame + needed;
    status = call_host(host_context_, function, frame);
  } else {
    status = tier_.call(execution, function, frame);
  }
  --nesting_;
  execution.stack_top = frame;
  if (status != Status::returned) [[unlikely]] {
    failed_status_ = status;
    return false;
  }
  for (usize i = 0; i < result_slots; ++i) slots[i] = frame[i];
  return true;
}

std::optional<TrapInfo> Store::call(Function& function, std::span<const u64> arguments, std::span<u64> results) {
  // In the place of the longer of the two.
  std::vector<u64> longer;
  std::span<u64> slots = results;
  if (arguments.size() > results.size()) {
    longer.resize(arguments.size());
    slots = longer;
  }
  std::ranges::copy(arguments, slots.begin());
  if (!call(function, slots.data(), arguments.size(), results.size())) return take_trap();
  if (!longer.empty()) std::ranges::copy_n(slots.begin(), std::ptrdiff_t(results.size()), results.begin());
  return std::nullopt;
}

TrapInfo Store::take_trap(Status status) {
  Execution& execution = control_->execution;
  TrapInfo info;
  info.backtrace = std::exchange(backtrace_, {});
  if (status == Status::exception) {
    info.reason = TrapReason::uncaught_exception;
    info.exception = execution.exception;
  } else {
    info.reason = execution.trap;
    if (info.reason == TrapReason::interrupted && interruption(execution) == TrapReason::deadline) {
      info.reason = TrapReason::deadline;
    }
    if (info.reason == TrapReason::invalid_function) info.message = why_invalid(info.backtrace);
    if (info.reason == TrapReason::host) info.message = std::move(execution.unwind.message);
    if (info.reason == TrapReason::exit) info.exit_code = execution.unwind.exit_code;
  }
  execution.trap = TrapReason::none;
  execution.exception = null_ref;
  execution.unwind = {};
  return info;
}

void Store::set_sampler(Sampler::Take take) {
  sampler_.reset();
  if (take) sampler_.emplace(*this, std::move(take));
  control_->execution.sampler = sampler_ ? &*sampler_ : nullptr;
  control_->finish_sample();
}

// Roots

u32 Store::add_root(Ref ref) {
  if (free_roots_.empty()) {
    roots_.push_back(ref);
    return u32(roots_.size() - 1);
  }
  const u32 number = free_roots_.back();
  free_roots_.pop_back();
  roots_[number] = ref;
  return number;
}

void Store::remove_root(u32 number) {
  roots_[number] = null_ref;
  free_roots_.push_back(number);
}

BasicOutcome<Ref, TrapReason> Store::make_host_object(u64 value) {
  const auto object = heap_.allocate(sizeof(HostObject));
  if (!object.ok()) return object.error();
  (*object)->kind = GcObject::Kind::host;
  static_cast<HostObject*>(*object)->value = value;
  return ref_of(*object);
}

void Store::mark_roots(Heap& heap) {
  const Execution& execution = control_->execution;
  heap.mark(std::span(execution.stack_base, execution.stack_top));
  heap.mark(roots_);
  heap.mark(execution.exception);
  for (const Global& global : globals_) {
    if (global.type.type.is_ref()) heap.mark(global.cell.slots[0]);
  }
  for (const auto& table : tables_) {
    if (wasm::top_of(table->type().element.heap()) == wasm::HeapKind::func) continue;
    heap.mark(std::span(table->elements(), table->size()));
  }
  for (const auto& instance : instances_) {
    for (const Global& global : instance->own_globals_) {
      if (global.type.type.is_ref()) heap.mark(global.cell.slots[0]);
    }
    for (const auto& refs : instance->elems_) heap.mark(refs);
  }
}

bool Store::interrupted() {
  return interruption(control_->execution) != TrapReason::none;
}

}  // namespace wisp::runtime
