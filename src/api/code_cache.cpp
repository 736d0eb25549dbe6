#include "wisp/code_cache.hpp"

#include "api/code_cache_state.hpp"
#include "runtime/limits.hpp"
#include "sys/host.hpp"
#include "sys/processor.hpp"

namespace wisp {

namespace {

Error in(const std::string& directory, Error error) {
  error.message = directory + ": " + error.message;
  return error;
}

}  // namespace

CodeCache::CodeCache(std::unique_ptr<State> state) : state_(std::move(state)) {}
CodeCache::~CodeCache() = default;

Result<std::shared_ptr<CodeCache>> CodeCache::open(const std::string& directory) {
  WISP_TRY_ASSIGN(auto opened, sys::open_private_directory(directory));
  auto disk = runtime::DiskCache::open(std::move(opened), sys::host_random(), sys::processor_identity());
  if (!disk) return in(directory, std::move(disk).error());
  return std::shared_ptr<CodeCache>(new CodeCache(std::make_unique<State>(State{*std::move(disk)})));
}

Result<void> CodeCache::clean(const std::string& directory) {
  WISP_TRY_ASSIGN(const auto opened, sys::open_private_directory(directory));
  Result<void> cleaned = runtime::DiskCache::clean(*opened);
  if (!cleaned) return in(directory, std::move(cleaned).error());
  return {};
}

bool CodeCache::is_exposed(const std::string& directory, const std::string& granted) {
  return sys::directories_overlap(directory, granted);
}

void CodeCache::write() {
  state_->disk->write();
}

void CodeCache::clean() {
  state_->disk->clean();
}

CodeCache::Stats CodeCache::stats() const {
  const runtime::DiskCache::Stats stats = state_->disk->stats();
  return {stats.files, stats.functions, stats.size_bytes, runtime::limits::code_cache_bytes};
}

CodeCache::Use CodeCache::use() const {
  const runtime::DiskCache::Use use = state_->disk->use();
  return {use.found, use.stored, use.refused};
}

}  // namespace wisp
