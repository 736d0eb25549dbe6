#include "baseline/background.hpp"

#include <algorithm>

#include "baseline/limits.hpp"
#include "baseline/module_code.hpp"

namespace wisp::baseline {

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

runtime::OptimizingCompiler* Background::compiler() {
  std::call_once(made_, [this] { compiler_ = make_(); });
  return compiler_.get();
}

u32 Background::rank(const Job& job) {
  if (!job.unit) return 0;
  if (job.unit->loop) return 1;
  return job.module->is_large(job.unit->function) ? 3 : 2;
}

void Background::enqueue(const Job& job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.insert(std::ranges::upper_bound(jobs_, rank(job), {}, rank), job);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_all();
}

void Background::forget(const ModuleCode& module) {
  std::unique_lock lock(mutex_);
  std::erase_if(jobs_, [&](const Job& job) { return job.module == &module; });
  changed_.wait(lock, [&] { return current_ != &module; });
  std::erase(unwritten_, &module);
}

void Background::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto is_wanted = [this] { return stopped_ || !jobs_.empty(); };
    if (!unwritten_.empty() && !changed_.wait_for(lock, limits::idle_before_writing, is_wanted)) {
      write_cache(lock);
      continue;
    }
    changed_.wait(lock, is_wanted);
    if (stopped_) return;
    const Job job = jobs_.front();
    jobs_.pop_front();
    current_ = job.module;
    lock.unlock();
    work_on(job);
    lock.lock();
    current_ = nullptr;
    if (std::ranges::find(unwritten_, job.module) == unwritten_.end()) unwritten_.push_back(job.module);
    changed_.notify_all();
  }
}

void Background::work_on(const Job& job) {
  if (!job.unit) return job.module->prepare();
  job.module->begin(*job.unit);
  if (runtime::OptimizingCompiler* const made = compiler()) {
    job.module->optimize(*made, *job.unit);
  } else {
    job.module->forget_begun();
  }
}

/// A process may go on for days, and be killed at its end.
void Background::write_cache(std::unique_lock<std::mutex>& lock) {
  // Some may have gone while we waited, and there may be something to compile again.
  while (!unwritten_.empty() && jobs_.empty() && !stopped_) {
    ModuleCode* const module = unwritten_.back();
    unwritten_.pop_back();
    current_ = module;
    lock.unlock();
    module->write_cache();
    lock.lock();
    current_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace wisp::baseline
