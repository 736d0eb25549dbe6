#include "cli/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace wisp::cli {
namespace {

// Signals belong to the process, so what they act on cannot be handed to the handler.
std::atomic<const InterruptHandle*> target = nullptr;
static_assert(std::atomic<const InterruptHandle*>::is_always_lock_free);

extern "C" void on_interrupt(int signal) {
  std::signal(signal, SIG_DFL);
  if (const InterruptHandle* handle = target.load()) handle->interrupt();
}

}  // namespace

StopOnInterrupt::StopOnInterrupt(const Store& store) : handle_(store.interrupt_handle()) {
  target.store(&handle_);
  // A process that was told to ignore the signal (nohup, a script's background job) goes on ignoring it.
  if (std::signal(SIGINT, on_interrupt) == SIG_IGN) std::signal(SIGINT, SIG_IGN);
}

StopOnInterrupt::~StopOnInterrupt() {
  std::signal(SIGINT, SIG_DFL);
  target.store(nullptr);
}

}  // namespace wisp::cli
