#include "baseline/background.hpp"

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

void Background::enqueue(const Job& job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(job);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_all();
}

void Background::forget(const ModuleCode& module) {
  std::unique_lock lock(mutex_);
  std::erase_if(jobs_, [&](const Job& job) { return job.module == &module; });
  changed_.wait(lock, [&] { return current_ != &module; });
}

void Background::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !jobs_.empty(); });
    if (stopped_) return;
    const Job job = jobs_.front();
    jobs_.pop_front();
    current_ = job.module;
    lock.unlock();
    if (runtime::OptimizingCompiler* const made = compiler()) job.module->optimize(*made, job.function, job.loop);
    lock.lock();
    current_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace wisp::baseline
