#pragma once

#include <forward_list>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "wisp/limits.hpp"

#include "runtime/heap.hpp"
#include "runtime/instance.hpp"
#include "runtime/sampler.hpp"
#include "sys/poll.hpp"

namespace wisp::runtime {

/// The part of a store that other threads may touch: it outlives the store while somebody can still interrupt it.
struct StoreControl {
  /// The page goes back to the pool, which may be null.
  StoreControl(PollPage page, std::shared_ptr<SlotPool> from);
  ~StoreControl();
  StoreControl(const StoreControl&) = delete;

  Execution execution;
  /// Wakes what blocks on the store's behalf.
  sys::Interrupt event;

  /// Times that the guest has been asked for a sample since it gave one.
  std::atomic<u64> samples_due = 0;

  /// Asks the guest where it is, unless it is to stop; for so many times at once.
  void request_sample(u64 times = 1);
  /// It has said so: how often it was asked.
  u64 finish_sample();

  /// Makes the guest stop. Safe in any thread and in a signal handler.
  void interrupt(Interruption why);
  /// Lets guests run again: unless they are interrupted anew meanwhile, nothing stops them any more when this returns.
  /// In the store's thread.
  void clear_interrupt();

 private:
  void stop();

  std::atomic<u32> interrupting_ = 0;  // calls of `interrupt` that are under way
  PollPage poll_page_;                 // none if the tier does not catch faults
  std::shared_ptr<SlotPool> pool_;
};

/// How a guest was stopped.
struct TrapInfo {
  TrapReason reason = TrapReason::none;
  std::string message;                  // of a host function, or of validation; may be empty
  u32 exit_code = 0;                    // of an exit
  std::vector<CodeLocation> backtrace;  // innermost frame first
  /// Of an uncaught exception; the caller's to root before anything is allocated.
  Ref exception = null_ref;
};

struct StoreSettings {
  StoreLimits limits;
  MemoryMode memory_mode = MemoryMode::guard_pages;
  /// Size of the value stack.
  u64 stack_bytes = 8 * 1024 * 1024;
  /// Native stack that guest code and the host functions it calls may use.
  u64 native_stack_bytes = 1024 * 1024;
  bool fuel = false;
  /// Where stacks, memories and tables come from, and go back to; null for the host itself.
  std::shared_ptr<SlotPool> pool = {};
};

/// Whether it is known that imports are of the types that a module wants.
enum class ImportTypes : u8 { unknown, checked };

/// Everything that exists while guests run: instances, what they are made of, their stack and their heap. One thread at
/// a time. https://webassembly.github.io/spec/core/exec/runtime.html#store
class Store final : private RootSource {
 public:
  static Result<std::unique_ptr<Store>> create(Tier& tier, const StoreSettings& settings);
  ~Store() override;
  Store(const Store&) = delete;

  Tier& tier() { return tier_; }
  const StoreSettings& settings() const { return settings_; }
  Execution& execution() { return control_->execution; }
  const std::shared_ptr<StoreControl>& control() const { return control_; }
  usize instance_count() const { return instances_.size(); }
  std::span<const std::unique_ptr<Instance>> instances() const { return instances_; }
  /// Whatever object of the embedder owns this store.
  void* owner() const { return owner_; }
  void set_owner(void* owner) { owner_ = owner; }
  /// What host code that no guest called runs in: a context without an instance.
  VmContext& host_context() { return host_context_; }
  Heap& heap() { return heap_; }
  const Budget& memory_budget() const { return *memory_budget_; }
  const Budget& table_budget() const { return table_budget_; }

  /// `owner` lives as long as the function.
  Function& make_host_function(const wasm::DefType* type, abi::HostEntry entry, void* context,
                               std::shared_ptr<void> owner);
  Result<std::shared_ptr<Memory>> make_memory(const wasm::MemoryType& type,
                                              const std::shared_ptr<const MemoryImage>& image = nullptr);
  Result<Table*> make_table(const wasm::TableType& type);
  Global& make_global(const wasm::GlobalType& type);
  Tag& make_tag(const wasm::DefType* type);
  /// A shared memory of another store becomes one of this store, too; if this store's code relies on nothing that it
  /// does not have.
  bool can_adopt(const Memory& memory) const {
    return memory.options().mode == settings_.memory_mode && memory.options().catch_faults == tier_.catches_faults();
  }
  void adopt_memory(std::shared_ptr<Memory> memory) { memories_.push_back(std::move(memory)); }
  /// Keeps what types of this store's objects need alive.
  void keep_alive(std::shared_ptr<const void> object) { kept_.push_back(std::move(object)); }

  /// `imports` are one for each of the module's imports, in order, all of this store. An error: they do not match, or
  /// a limit is exceeded; nothing has happened then. A trap: earlier effects on imported memories and tables stay.
  /// https://webassembly.github.io/spec/core/exec/modules.html#instantiation
  std::variant<Instance*, Error, TrapInfo> instantiate(std::shared_ptr<const LoadedModule> module,
                                                       std::span<const Extern> imports,
                                                       ImportTypes types = ImportTypes::unknown);

  /// Calls a function of this store. `arguments` and `results` are slots. References in `arguments` must be rooted
  /// until the call begins; those in `results` are the caller's to root before anything is allocated.
  std::optional<TrapInfo> call(Function& function, std::span<const u64> arguments, std::span<u64> results);
  /// The same with arguments and results in one place, each from its start: whether the guest returned. If it did not,
  /// `take_trap` is to be called at once.
  bool call(Function& function, u64* slots, usize argument_slots, usize result_slots);
  /// How the guest was stopped that `call` did not see return.
  TrapInfo take_trap() { return take_trap(failed_status_); }

  /// From now on `request_sample` leads to a call of `take`; empty: to none. The tier's code is made to be sampled.
  void set_sampler(Sampler::Take take);

  /// References that the host holds. A root's number is valid until it is removed.
  u32 add_root(Ref ref);
  Ref root(u32 number) const { return roots_[number]; }
  void remove_root(u32 number);

  /// A host value for guests; the reference is the caller's to root before anything else is allocated.
  BasicOutcome<Ref, TrapReason> make_host_object(u64 value);

 private:
  friend class Instantiation;

  Store(Tier& tier, const StoreSettings& settings, sys::PageRange stack, PollPage poll_page);
  void mark_roots(Heap& heap) override;
  bool interrupted() override;
  TrapInfo take_trap(Status status);
  bool enter(usize needed_slots);

  Tier& tier_;
  StoreSettings settings_;
  std::shared_ptr<StoreControl> control_;
  sys::PageRange stack_;
  VmContext host_context_;
  MemoryView no_memory_;
  std::shared_ptr<Budget> memory_budget_;
  Budget table_budget_;
  Heap heap_;
  std::forward_list<Function> host_functions_;
  u32 host_function_count_ = 0;
  std::vector<std::shared_ptr<Memory>> memories_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::forward_list<Global> globals_;  // what no instance defines
  std::forward_list<Tag> tags_;
  std::vector<std::unique_ptr<Instance>> instances_;
  std::vector<std::shared_ptr<const void>> kept_;
  std::vector<Ref> roots_;
  std::vector<u32> free_roots_;
  u32 nesting_ = 0;
  Status failed_status_ = Status::returned;  // with the backtrace: until `take_trap`
  std::vector<CodeLocation> backtrace_;
  void* owner_ = nullptr;
  std::optional<Sampler> sampler_;
};

}  // namespace wisp::runtime
