#include "runtime/store.hpp"

#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/calls.hpp"
#include "runtime/deadline_timer.hpp"
#include "runtime/runtime_test.hpp"

namespace wisp::runtime {
namespace {

using test::ModuleBuilder;
using test::World;
using wasm::HeapKind;
using wasm::ValType;

Function& guest_function(World& world) {
  ModuleBuilder builder = world.build();
  builder.function(builder.func_type({}, {}));
  return world.instantiate(builder).function(FuncIndex(0));
}

abi::HostResult add_one(void* context, abi::CallingInstance&, u64* slots) {
  ++*static_cast<int*>(context);
  slots[0] += 1;
  return abi::HostResult::returned;
}

TEST(Store, CallsHostFunctions) {
  World world;
  int calls = 0;
  const auto group = world.registry->intern_func({{ValType::i64()}, {ValType::i64()}});
  Function& function = world.store->make_host_function(group.types()[0], add_one, &calls, nullptr);
  const u64 in[] = {41};
  u64 out[1] = {};
  EXPECT_FALSE(world.store->call(function, in, out));
  EXPECT_EQ(out[0], 42u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(world.store->execution().stack_top, world.store->execution().stack_base);
}

TEST(Store, ArgumentsAndResultsAreOnTheStack) {
  World world;
  Function& function = guest_function(world);
  world.tier.body = [&](Execution& execution, Function&, u64* slots) {
    EXPECT_EQ(slots, execution.stack_base);
    std::swap(slots[0], slots[1]);
    return Status::returned;
  };
  const u64 in[] = {1, 2};
  u64 out[2] = {};
  EXPECT_FALSE(world.store->call(function, in, out));
  EXPECT_EQ(out[0], 2u);
  EXPECT_EQ(out[1], 1u);
}

/// A host function that ends its guest in the way that `context` says.
abi::HostResult end(void* context, abi::CallingInstance& instance, u64*) {
  abi::Caller caller(instance);
  switch (*static_cast<char*>(context)) {
    case 'e':
      return caller.exit(7);
    case 't':
      return caller.trap("why");
    default:
      return caller.interrupted();
  }
}

TEST(Store, HowAHostFunctionEndsItsGuest) {
  World world;
  char how = 'e';
  const auto group = world.registry->intern_func({});
  Function& host = world.store->make_host_function(group.types()[0], end, &how, nullptr);
  Function& guest = guest_function(world);
  world.tier.body = [&](Execution&, Function& function, u64* slots) {
    return call_host(*function.context, host, slots);
  };
  auto trap = world.store->call(guest, {}, {});
  ASSERT_TRUE(trap);
  EXPECT_EQ(trap->reason, TrapReason::exit);
  EXPECT_EQ(trap->exit_code, 7u);
  EXPECT_EQ(trap->backtrace.size(), 1u);
  how = 't';
  trap = world.store->call(guest, {}, {});
  EXPECT_EQ(trap->reason, TrapReason::host);
  EXPECT_EQ(trap->message, "why");
  how = 'i';
  EXPECT_EQ(world.store->call(guest, {}, {})->reason, TrapReason::interrupted);
  world.store->control()->interrupt(Interruption::deadline);
  EXPECT_EQ(world.store->call(guest, {}, {})->reason, TrapReason::deadline);
  world.store->control()->clear_interrupt();
  // Nothing of the earlier traps is left.
  how = 'e';
  EXPECT_EQ(world.store->call(guest, {}, {})->message, "");
}

TEST(Store, UncaughtExceptions) {
  World world;
  Function& guest = guest_function(world);
  const auto object = world.store->make_host_object(5);
  ASSERT_TRUE(object.ok());
  world.tier.body = [&](Execution& execution, Function&, u64*) {
    execution.exception = *object;
    return Status::exception;
  };
  const auto trap = world.store->call(guest, {}, {});
  ASSERT_TRUE(trap);
  EXPECT_EQ(trap->reason, TrapReason::uncaught_exception);
  EXPECT_EQ(trap->exception, *object);
  EXPECT_EQ(world.store->execution().exception, null_ref);
}

TEST(Store, RecursionThroughTheHostEnds) {
  World world;
  Function& guest = guest_function(world);
  u32 depth = 0;
  u32 deepest = 0;
  world.tier.body = [&](Execution& execution, Function& function, u64*) {
    deepest = std::max(deepest, ++depth);
    const auto inner = world.store->call(function, {}, {});
    --depth;
    EXPECT_TRUE(inner);
    execution.trap = inner->reason;
    return Status::unwind;
  };
  const auto trap = world.store->call(guest, {}, {});
  ASSERT_TRUE(trap);
  EXPECT_EQ(trap->reason, TrapReason::stack_overflow);
  EXPECT_GT(deepest, 10u);
  EXPECT_LE(deepest, limits::nested_calls);
  EXPECT_EQ(world.store->execution().stack_top, world.store->execution().stack_base);
}

TEST(Store, ArgumentsThatDoNotFitOnTheStack) {
  StoreSettings settings;
  settings.stack_bytes = 4096;
  World world(settings);
  Function& guest = guest_function(world);
  const std::vector<u64> many(513);
  EXPECT_EQ(world.store->call(guest, many, {})->reason, TrapReason::stack_overflow);
  EXPECT_FALSE(world.store->call(guest, std::span(many).first(512), {}));
}

TEST(Store, AnInterruptionRaisesTheEntryLimit) {
  World world;
  Function& function = guest_function(world);
  Execution& execution = world.store->execution();
  uintptr_t seen = 0;
  world.tier.body = [&](Execution& inside, Function&, u64*) {
    seen = inside.entry_limit;
    return Status::returned;
  };
  EXPECT_FALSE(world.store->call(function, {}, {}));
  EXPECT_EQ(seen, execution.native_stack_limit);
  EXPECT_NE(seen, 0u);
  world.store->control()->interrupt(Interruption::requested);
  EXPECT_EQ(execution.entry_limit, ~uintptr_t{0});
  // A call from another depth of the stack has another limit, but is interrupted all the same.
  execution.native_stack_limit = 1;
  EXPECT_FALSE(world.store->call(function, {}, {}));
  EXPECT_NE(execution.native_stack_limit, 1u);
  EXPECT_EQ(seen, ~uintptr_t{0});
  world.store->control()->clear_interrupt();
  EXPECT_EQ(execution.entry_limit, execution.native_stack_limit);
}

TEST(Store, RootsKeepObjects) {
  World world;
  Store& store = *world.store;
  const Ref kept = *store.make_host_object(1);
  const u32 root = store.add_root(kept);
  const Ref lost = *store.make_host_object(2);
  ASSERT_TRUE(store.heap().collect());
  EXPECT_TRUE(store.heap().contains(kept));
  EXPECT_FALSE(store.heap().contains(lost));
  EXPECT_EQ(store.root(root), kept);
  store.remove_root(root);
  ASSERT_TRUE(store.heap().collect());
  EXPECT_FALSE(store.heap().contains(kept));
  EXPECT_EQ(store.add_root(null_ref), root);
}

TEST(Store, EveryPlaceThatHoldsAReferenceIsARoot) {
  World world;
  Store& store = *world.store;
  store.heap().set_stress(true);
  ModuleBuilder builder = world.build();
  builder.function(builder.func_type({}, {}));
  builder.global(ValType::externref(), {{0xd0, 0x6f, 0x0b}});
  builder.table(2, ValType::externref());
  Instance& instance = world.instantiate(builder);
  const Ref in_global = *store.make_host_object(1);
  instance.global(GlobalIndex(0)).cell.slots[0] = in_global;
  const Ref in_table = *store.make_host_object(2);
  instance.table(TableIndex(0)).elements()[1] = in_table;
  const Ref in_flight = *store.make_host_object(3);
  store.execution().exception = in_flight;
  world.tier.body = [&](Execution&, Function&, u64* slots) {
    const Ref on_stack = *store.make_host_object(4);
    slots[10] = on_stack;
    EXPECT_TRUE(store.make_host_object(5).ok());
    EXPECT_TRUE(store.heap().contains(on_stack));
    slots[10] = null_ref;
    EXPECT_TRUE(store.heap().collect());
    EXPECT_FALSE(store.heap().contains(on_stack));
    return Status::returned;
  };
  EXPECT_FALSE(store.call(instance.function(FuncIndex(0)), {}, {}));
  for (const Ref ref : {in_global, in_table, in_flight}) EXPECT_TRUE(store.heap().contains(ref));
}

TEST(References, MatchByTheirDynamicType) {
  World world;
  ModuleBuilder builder = world.build();
  const auto* super = builder.struct_type({});
  const auto* sub = builder.struct_type({{{ValType::i32()}, true}}, super);
  const auto* array = builder.array_type({ValType::i32()});
  wasm::DefType open_function;
  open_function.is_final = false;
  const auto* func_super = builder.type(open_function);
  const auto* func_sub = builder.type(open_function, func_super);
  builder.function(func_sub);
  Instance& instance = world.instantiate(builder);
  const auto make = [&](const wasm::DefType* type, GcObject::Kind kind) {
    GcObject* object = *world.store->heap().allocate(32);
    object->type = type;
    object->kind = kind;
    return ref_of(object);
  };
  const Ref host = *world.store->make_host_object(0);
  const Ref a_sub = make(sub, GcObject::Kind::struct_);
  const Ref a_super = make(super, GcObject::Kind::struct_);
  const Ref an_array = make(array, GcObject::Kind::array);
  const Ref function = reinterpret_cast<Ref>(&instance.function(FuncIndex(0)));
  const auto concrete = [](const wasm::DefType* type) { return wasm::HeapType(type); };
  const struct {
    Ref ref;
    wasm::HeapType type;
    bool matches;
  } cases[] = {
      {a_sub, HeapKind::any, true},
      {a_sub, HeapKind::eq, true},
      {a_sub, HeapKind::struct_, true},
      {a_sub, HeapKind::array, false},
      {a_sub, HeapKind::i31, false},
      {a_sub, HeapKind::none, false},
      {a_sub, concrete(sub), true},
      {a_sub, concrete(super), true},
      {a_super, concrete(sub), false},
      {a_super, concrete(array), false},
      {an_array, HeapKind::array, true},
      {an_array, concrete(array), true},
      {an_array, HeapKind::eq, true},
      {i31_ref(5), HeapKind::i31, true},
      {i31_ref(5), HeapKind::eq, true},
      {i31_ref(5), concrete(sub), false},
      {i31_ref(0), HeapKind::struct_, false},
      {host, HeapKind::any, true},
      {host, HeapKind::eq, false},
      {host, HeapKind::struct_, false},
      {host, concrete(sub), false},
      {host, HeapKind::extern_, true},
      {host, HeapKind::noextern, false},
      {function, HeapKind::func, true},
      {function, concrete(func_sub), true},
      {function, concrete(func_super), true},
      {function, HeapKind::nofunc, false},
  };
  for (usize i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(ref_matches(cases[i].ref, cases[i].type), cases[i].matches) << "case " << i;
  }
  EXPECT_TRUE(ref_matches(null_ref, ValType::ref(true, HeapKind::none)));
  EXPECT_FALSE(ref_matches(null_ref, ValType::ref(false, HeapKind::any)));
}

TEST(References, I31Wraps) {
  EXPECT_EQ(i31_signed(i31_ref(0xffff'ffff)), -1);
  EXPECT_EQ(i31_unsigned(i31_ref(0xffff'ffff)), 0x7fff'ffffu);
  EXPECT_EQ(i31_signed(i31_ref(0x4000'0000)), -0x4000'0000);
  EXPECT_EQ(i31_signed(i31_ref(0x8000'0001)), 1);
  EXPECT_NE(i31_ref(0), null_ref);
}

TEST(DeadlineTimer, InterruptsTheStoresWhoseTimeIsOver) {
  World soon;
  World never;
  World removed;
  DeadlineTimer timer;
  const auto now = DeadlineTimer::Clock::now();
  timer.set(never.store->control(), now + std::chrono::hours(1));
  timer.set(soon.store->control(), now + std::chrono::hours(2));
  // Not over before it is removed, however slow this thread is, and over before the one that is waited for.
  timer.set(removed.store->control(), now + std::chrono::milliseconds(200));
  timer.remove(*removed.store->control());
  timer.set(soon.store->control(), now + std::chrono::milliseconds(201));
  while (!soon.store->control()->event.raised()) std::this_thread::yield();
  EXPECT_EQ(interruption(soon.store->execution()), TrapReason::deadline);
  EXPECT_EQ(interruption(never.store->execution()), TrapReason::none);
  EXPECT_EQ(interruption(removed.store->execution()), TrapReason::none);
}

TEST(DeadlineTimer, AsksForSamplesAndStillKeepsDeadlines) {
  World world;
  const auto& control = world.store->control();
  DeadlineTimer timer;
  timer.sample(control, std::chrono::hours(1));
  timer.sample(control, std::chrono::microseconds(100));
  while (control->samples_due < 3) std::this_thread::yield();
  EXPECT_EQ(Interruption(world.store->execution().interrupt.load()), Interruption::sample);
  EXPECT_EQ(interruption(world.store->execution()), TrapReason::none);
  EXPECT_FALSE(control->event.raised());
  EXPECT_GE(control->finish_sample(), 3u);
  timer.set(control, DeadlineTimer::Clock::now());
  while (!control->event.raised()) std::this_thread::yield();
  const u64 due = control->samples_due;
  while (control->samples_due <= due) std::this_thread::yield();
  EXPECT_EQ(interruption(world.store->execution()), TrapReason::deadline);
  timer.stop_sampling(*control);
  control->clear_interrupt();
  control->finish_sample();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(control->samples_due, 0u);
}

TEST(DeadlineTimer, KeepsDeadlinesWhileItCannotKeepAnInterval) {
  World world;
  World other;
  const auto& control = world.store->control();
  DeadlineTimer timer;
  const auto began = DeadlineTimer::Clock::now();
  timer.sample(control, std::chrono::nanoseconds(1));
  const auto deadline = DeadlineTimer::Clock::now() + std::chrono::milliseconds(20);
  timer.set(control, deadline);
  timer.set(other.store->control(), deadline);
  while (!control->event.raised() || !other.store->control()->event.raised()) std::this_thread::yield();
  timer.stop_sampling(*control);
  const auto passed = DeadlineTimer::Clock::now() - began;
  // No interval is lost, and none is counted twice.
  EXPECT_GE(control->samples_due, 19'000'000u);
  EXPECT_LE(control->samples_due, u64(std::chrono::nanoseconds(passed).count()));
}

/// The timer has said that a sample is due, and the guest gives it before the timer has come to the flag.
TEST(Sampler, ARequestThatWasAnsweredHalfWayIsTakenBack) {
  World world;
  u64 intervals = 0;
  world.store->set_sampler([&](u64 more, std::span<const SampledCode>) { intervals += more; });
  StoreControl& control = *world.store->control();
  control.samples_due.fetch_add(1);
  world.store->execution().sampler->take(std::nullopt, nullptr);
  control.execution.interrupt = u32(Interruption::sample);
  // Else the guest would look at the flag for ever.
  ASSERT_TRUE(is_sample_due(control.execution));
  world.store->execution().sampler->take(std::nullopt, nullptr);
  EXPECT_EQ(control.execution.interrupt, u32(Interruption::none));
  EXPECT_FALSE(is_sample_due(control.execution));
  EXPECT_EQ(intervals, 1u);
}

bool faults(const u32* word) {
  const auto read = [](void* at) { (void)*static_cast<const volatile u32*>(at); };
  return sys::run_guarded(read, const_cast<u32*>(word)).faulted;
}

TEST(StoreControl, ThePollPageIsClosedWhileTheGuestIsToStop) {
  ASSERT_TRUE(sys::install_fault_handler().ok());
  const auto pool = std::make_shared<SlotPool>(SlotPool::Settings{.idle_slots = 4, .resident_bytes = 0});
  const u32* word = nullptr;
  {
    StoreControl control(std::move(*pool->take_poll_page()), pool);
    word = control.execution.poll;
    EXPECT_FALSE(faults(word));
    control.clear_interrupt();
    EXPECT_FALSE(faults(word));
    control.interrupt(Interruption::deadline);
    EXPECT_TRUE(faults(word));
    control.interrupt(Interruption::requested);
    EXPECT_TRUE(faults(word));
    control.clear_interrupt();
    EXPECT_FALSE(faults(word));
    control.interrupt(Interruption::requested);
  }
  // The next store gets it open.
  const auto page = pool->take_poll_page();
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->word(), word);
  EXPECT_FALSE(faults(word));
}

/// How many bytes the host maps in the way in which it maps the address.
u64 mapped_alike(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    u64 begin = 0;
    u64 end = 0;
    char dash = 0;
    std::istringstream(line) >> std::hex >> begin >> dash >> end;
    if (begin <= u64(address) && u64(address) < end) return end - begin;
  }
  return 0;
}

/// A host that has as many mappings as it allows cannot split one: then a page of a larger one would stay as it is.
TEST(PollPage, IsAMappingOfItsOwn) {
  auto page = PollPage::make();
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(mapped_alike(page->word()), sys::page_size_bytes());
  page->close();
  EXPECT_EQ(mapped_alike(page->word()), sys::page_size_bytes());
  page->open();
  EXPECT_EQ(mapped_alike(page->word()), sys::page_size_bytes());
}

bool wakes(const sys::Interrupt& event) {
  sys::PollItem item{event.handle(), sys::Interest::read};
  return *sys::poll({&item, 1}, 0, nullptr) == sys::PollResult::ready;
}

/// Whether everything that stops a guest says what `interrupt` says.
bool is_of_one_mind(const StoreControl& control) {
  const bool stops = interruption(control.execution) != TrapReason::none;
  const uintptr_t limit = stops ? ~uintptr_t{0} : control.execution.native_stack_limit;
  return control.execution.entry_limit == limit && faults(control.execution.poll) == stops &&
         control.event.raised() == stops && wakes(control.event) == stops;
}

TEST(StoreControl, IsInterruptedOrNotIfBothAreAskedForAtTheSameTime) {
  ASSERT_TRUE(sys::install_fault_handler().ok());
  StoreControl control(std::move(*PollPage::make()), nullptr);
  control.execution.native_stack_limit = control.execution.entry_limit = 1;
  const auto dawdle = [](std::minstd_rand& random) {
    for (volatile u32 left = random() % 400; left != 0; left = left - 1) {
    }
  };
  constexpr int rounds = 3'000;
  std::atomic<int> begun = 0;
  std::atomic<int> done = 0;
  std::thread other([&] {
    std::minstd_rand random(1);
    for (int i = 1; i <= rounds; ++i) {
      while (begun < i) sys::yield_thread();
      dawdle(random);
      control.interrupt(Interruption::requested);
      done = i;
    }
  });
  std::minstd_rand random(2);
  int mixed = 0;
  int refused_without_reason = 0;
  const auto clear = [&] {
    control.clear_interrupt();
    // In this order: what stops guests from now on has its reason before.
    const bool stops = control.execution.entry_limit == ~uintptr_t{0} || faults(control.execution.poll);
    refused_without_reason += stops && interruption(control.execution) == TrapReason::none ? 1 : 0;
  };
  for (int i = 1; i <= rounds; ++i) {
    begun = i;
    if (i % 2 != 0) {
      // As if a guest had been stopped by it already.
      while (interruption(control.execution) == TrapReason::none) {
      }
    }
    dawdle(random);
    clear();
    while (done < i) clear();
    mixed += is_of_one_mind(control) ? 0 : 1;
    control.clear_interrupt();
    mixed += is_of_one_mind(control) ? 0 : 1;
  }
  other.join();
  EXPECT_EQ(mixed, 0);
  EXPECT_EQ(refused_without_reason, 0);
}

TEST(StoreControl, OutlivesItsStore) {
  auto world = std::make_unique<World>();
  const auto control = world->store->control();
  world.reset();
  control->interrupt(Interruption::requested);
  EXPECT_EQ(interruption(control->execution), TrapReason::interrupted);
}

}  // namespace
}  // namespace wisp::runtime
