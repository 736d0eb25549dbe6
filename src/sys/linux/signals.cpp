#include "sys/signals.hpp"

#include <atomic>
#include <bit>
#include <cstring>
#include <map>
#include <mutex>

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include "sys/linux/calls.hpp"

namespace wisp::sys {
namespace {

/// One active `run_guarded`. The assembly below knows where `stack_pointer` is.
struct GuardedFrame {
  void* stack_pointer = nullptr;
  GuardedFrame* previous = nullptr;
  const void* address = nullptr;
  const void* program_counter = nullptr;
};
static_assert(offsetof(GuardedFrame, stack_pointer) == 0);

/// Signal handlers belong to the process and have no argument, so what they need is process-wide: the one place where
/// the library keeps state outside of an object.
using Ranges = std::map<uintptr_t, usize>;
struct Code {
  usize size_bytes;
  const void* landing;
};
using Codes = std::map<uintptr_t, Code>;
struct Registry {
  // A spin lock, because the handler takes it too.
  std::atomic_flag busy;
  Ranges ranges;
  Codes codes;
  struct sigaction previous_segv = {};
  struct sigaction previous_bus = {};
};
std::atomic<Registry*> process_registry = nullptr;

// The handler reads them, so they must not be allocated on first use.
__attribute__((tls_model("initial-exec"))) thread_local GuardedFrame* innermost_frame = nullptr;
__attribute__((tls_model("initial-exec"))) thread_local std::atomic<bool> uses_registry = false;

Registry& registry() {
  Registry* existing = process_registry.load(std::memory_order_acquire);
  if (existing != nullptr) return *existing;
  // Never destroyed: faults can come as late as the program's last destructors.
  auto* const fresh = new Registry;
  if (process_registry.compare_exchange_strong(existing, fresh, std::memory_order_acq_rel)) return *fresh;
  delete fresh;
  return *existing;
}

/// A thread that holds it does not fault, but a signal handler that it is interrupted by may: `uses_registry` says that
/// the handler of faults would wait for its own thread.
class RegistryLock {
 public:
  explicit RegistryLock(Registry& registry) : registry_(registry) {
    uses_registry.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    while (registry_.busy.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~RegistryLock() {
    registry_.busy.clear(std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    uses_registry.store(false, std::memory_order_relaxed);
  }
  RegistryLock(const RegistryLock&) = delete;
  RegistryLock& operator=(const RegistryLock&) = delete;

 private:
  Registry& registry_;
};

bool in_guard_range(uintptr_t address) {
  Registry& all = registry();
  const RegistryLock lock(all);
  auto after = all.ranges.upper_bound(address);
  if (after == all.ranges.begin()) return false;
  --after;
  return address - after->first < after->second;
}

/// Where a fault of guests' code goes on; null if the instruction is not theirs.
const void* landing_of(uintptr_t program_counter) {
  Registry& all = registry();
  const RegistryLock lock(all);
  auto after = all.codes.upper_bound(program_counter);
  if (after == all.codes.begin()) return nullptr;
  --after;
  return program_counter - after->first < after->second.size_bytes ? after->second.landing : nullptr;
}

extern "C" bool wisp_sys_guarded_call(GuardedFrame* frame, void (*function)(void*), void* argument);
extern "C" void wisp_sys_guarded_resume(GuardedFrame* frame);

#if defined(__x86_64__)
asm(R"(
  .text
  .p2align 4
  .globl wisp_sys_guarded_call
  .type wisp_sys_guarded_call, @function
wisp_sys_guarded_call:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  sub $8, %rsp
  mov %rsp, (%rdi)
  mov %rdx, %rdi
  call *%rsi
  xor %eax, %eax
1:
  add $8, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
  .globl wisp_sys_guarded_resume
  .type wisp_sys_guarded_resume, @function
wisp_sys_guarded_resume:
  mov (%rdi), %rsp
  cld
  mov $1, %eax
  jmp 1b
)");

const void* program_counter_of(const ucontext_t& context) {
  return std::bit_cast<const void*>(context.uc_mcontext.gregs[REG_RIP]);
}
void land(ucontext_t& context, const void* landing, const void* address) {
  context.uc_mcontext.gregs[REG_RDX] = std::bit_cast<greg_t>(address);
  context.uc_mcontext.gregs[REG_RAX] = context.uc_mcontext.gregs[REG_RIP];
  context.uc_mcontext.gregs[REG_RIP] = greg_t(landing);
}
void redirect(ucontext_t& context, GuardedFrame* frame) {
  context.uc_mcontext.gregs[REG_RIP] = greg_t(&wisp_sys_guarded_resume);
  context.uc_mcontext.gregs[REG_RDI] = greg_t(frame);
}
#elif defined(__aarch64__)
asm(R"(
  .text
  .p2align 4
  .globl wisp_sys_guarded_call
  .type wisp_sys_guarded_call, @function
wisp_sys_guarded_call:
  stp x29, x30, [sp, #-160]!
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  stp x25, x26, [sp, #64]
  stp x27, x28, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov x0, x2
  blr x1
  mov w0, #0
1:
  ldp d14, d15, [sp, #144]
  ldp d12, d13, [sp, #128]
  ldp d10, d11, [sp, #112]
  ldp d8, d9, [sp, #96]
  ldp x27, x28, [sp, #80]
  ldp x25, x26, [sp, #64]
  ldp x23, x24, [sp, #48]
  ldp x21, x22, [sp, #32]
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #160
  ret
  .globl wisp_sys_guarded_resume
  .type wisp_sys_guarded_resume, @function
wisp_sys_guarded_resume:
  ldr x9, [x0]
  mov sp, x9
  mov w0, #1
  b 1b
)");

const void* program_counter_of(const ucontext_t& context) {
  return std::bit_cast<const void*>(context.uc_mcontext.pc);
}
void land(ucontext_t& context, const void* landing, const void* address) {
  context.uc_mcontext.regs[1] = std::bit_cast<u64>(address);
  context.uc_mcontext.regs[0] = context.uc_mcontext.pc;
  context.uc_mcontext.pc = reinterpret_cast<u64>(landing);
}
void redirect(ucontext_t& context, GuardedFrame* frame) {
  context.uc_mcontext.pc = reinterpret_cast<u64>(&wisp_sys_guarded_resume);
  context.uc_mcontext.regs[0] = reinterpret_cast<u64>(frame);
}
#else
#error "no guarded call for this processor"
#endif

/// Hands a fault that is not a guest's to whoever was there before us.
void pass_on(int signal_number, siginfo_t* info, void* context) {
  Registry& all = registry();
  struct sigaction& previous = signal_number == SIGSEGV ? all.previous_segv : all.previous_bus;
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal_number, info, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal_number);

  // Nobody: say so, and let the instruction fault again without us, which ends the process.
  static constexpr char message[] = "wisp: internal error: memory fault outside of guest memory\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, message, sizeof message - 1);
  struct sigaction fatal = {};
  fatal.sa_handler = SIG_DFL;
  sigaction(signal_number, &fatal, nullptr);
  if (info->si_code <= 0) raise(signal_number);
}

void handle_fault(int signal_number, siginfo_t* info, void* raw_context) {
  const int saved_errno = errno;
  GuardedFrame* const frame = innermost_frame;
  auto& context = *static_cast<ucontext_t*>(raw_context);
  // Only the kernel's own report of a fault carries an address (si_code above 0). No guest runs in the registry.
  const bool is_guests = info->si_code > 0 && !uses_registry.load(std::memory_order_relaxed) &&
                         in_guard_range(reinterpret_cast<uintptr_t>(info->si_addr));
  const void* const landing =
      is_guests ? landing_of(reinterpret_cast<uintptr_t>(program_counter_of(context))) : nullptr;
  if (landing != nullptr) {
    land(context, landing, info->si_addr);
  } else if (is_guests && frame != nullptr) {
    frame->address = info->si_addr;
    frame->program_counter = program_counter_of(context);
    redirect(context, frame);
  } else {
    pass_on(signal_number, info, raw_context);
  }
  errno = saved_errno;
}

}  // namespace

Outcome<void> install_fault_handler() {
  static std::once_flag once;
  static Outcome<void> outcome;
  std::call_once(once, [] {
    struct sigaction action = {};
    action.sa_sigaction = handle_fault;
    // On the alternate stack if the thread has one, and without blocking the signal: after a redirection the thread
    // goes on.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    Registry& all = registry();
    outcome = linux_host::checked(sigaction(SIGSEGV, &action, &all.previous_segv));
    if (outcome.ok()) outcome = linux_host::checked(sigaction(SIGBUS, &action, &all.previous_bus));
  });
  return outcome;
}

GuardRange::GuardRange(const void* base, usize size_bytes) {
  // The node is allocated before the lock is taken.
  Ranges fresh;
  fresh.emplace(reinterpret_cast<uintptr_t>(base), size_bytes);
  auto node = fresh.extract(fresh.begin());
  entry_ = const_cast<void*>(base);
  Registry& all = registry();
  const RegistryLock lock(all);
  WISP_CHECK(all.ranges.insert(std::move(node)).inserted);
}

GuardRange::GuardRange(GuardRange&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}

GuardRange& GuardRange::operator=(GuardRange&& other) noexcept {
  std::swap(entry_, other.entry_);
  return *this;
}

GuardRange::~GuardRange() {
  release();
}

void GuardRange::release() {
  if (entry_ == nullptr) return;
  Ranges::node_type node;  // freed after the lock is given back
  Registry& all = registry();
  const RegistryLock lock(all);
  node = all.ranges.extract(reinterpret_cast<uintptr_t>(entry_));
  WISP_CHECK(!node.empty());
  entry_ = nullptr;
}

CodeRange::CodeRange(const void* base, usize size_bytes, const void* landing) : base_(base) {
  // The node is allocated before the lock is taken.
  Codes fresh;
  fresh.emplace(reinterpret_cast<uintptr_t>(base), Code{size_bytes, landing});
  auto node = fresh.extract(fresh.begin());
  Registry& all = registry();
  const RegistryLock lock(all);
  WISP_CHECK(all.codes.insert(std::move(node)).inserted);
}

CodeRange::CodeRange(CodeRange&& other) noexcept : base_(std::exchange(other.base_, nullptr)) {}

CodeRange& CodeRange::operator=(CodeRange&& other) noexcept {
  std::swap(base_, other.base_);
  return *this;
}

CodeRange::~CodeRange() {
  release();
}

void CodeRange::release() {
  if (base_ == nullptr) return;
  Codes::node_type node;  // freed after the lock is given back
  Registry& all = registry();
  const RegistryLock lock(all);
  node = all.codes.extract(reinterpret_cast<uintptr_t>(base_));
  WISP_CHECK(!node.empty());
  base_ = nullptr;
}

GuardedResult run_guarded(void (*function)(void* argument), void* argument) {
  GuardedFrame frame;
  frame.previous = innermost_frame;
  innermost_frame = &frame;
  const bool faulted = wisp_sys_guarded_call(&frame, function, argument);
  innermost_frame = frame.previous;
  return {faulted, frame.address, frame.program_counter};
}

HostScope::HostScope() : saved_(innermost_frame) {
  innermost_frame = nullptr;
}
HostScope::~HostScope() {
  innermost_frame = static_cast<GuardedFrame*>(saved_);
}

}  // namespace wisp::sys
