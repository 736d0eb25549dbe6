#include "wasi/p1/p1.hpp"

#include <algorithm>

namespace wisp::wasi::p1 {

StringBlock::StringBlock(std::span<const std::string> strings) {
  usize size_bytes = 0;
  for (const std::string& text : strings) size_bytes += text.size() + 1;
  block_.reserve(size_bytes);
  offsets_.reserve(strings.size());
  for (const std::string& text : strings) {
    offsets_.push_back(static_cast<u32>(block_.size()));
    block_ += text;
    block_ += '\0';
  }
}

Completion StringBlock::store(abi::Caller& caller, abi::Ptr<u32> pointers, abi::Ptr<u8> buffer) const {
  const auto to_pointers = pointers.slice(caller.memory(), offsets_.size());
  const auto to_buffer = buffer.slice(caller.memory(), block_.size());
  if (!to_pointers || !to_buffer) return caller.trap("the strings or the pointers to them do not fit into memory");
  // Not memcpy: without strings both sides are empty, and may be null.
  std::ranges::copy(as_bytes(block_), to_buffer->data());
  for (usize i = 0; i < offsets_.size(); ++i) {
    store_le(to_pointers->data() + i * sizeof(u32), static_cast<u32>(buffer.address + offsets_[i]));
  }
  return Errno::success;
}

P1::P1(const Parts& parts)
    : arguments_(parts.environment.arguments),
      variables_(parts.environment.variables),
      clocks_{parts.clocks.realtime, parts.clocks.monotonic, parts.clocks.process_cpu, parts.clocks.thread_cpu},
      random_(parts.random),
      waiter_(parts.waiter),
      trace_(parts.trace) {}

Fd P1::add_preopen(std::unique_ptr<core::Dir> directory) {
  const std::string& name = directory->mount().guest_path;
  return fds_.add(std::move(directory), name);
}

core::Outcome<core::Dir*> P1::directory(Fd fd) const {
  core::Handle* handle = fds_.find(fd);
  if (handle == nullptr) return core::ErrorCode::badf;
  core::Dir* directory = handle->as_directory();
  if (directory == nullptr) return core::ErrorCode::notdir;
  return directory;
}

Fd P1::insert(std::unique_ptr<core::Handle> handle) {
  if (fd_seed_ == 0) {
    std::array<u8, sizeof fd_seed_> seed{};
    // Numbers that can be guessed are no danger, only a bad habit; a host without random bytes may have them.
    (void)random_.fill(seed);
    fd_seed_ = load_le<u64>(seed.data()) | 1;
  }
  // xorshift64: https://www.jstatsoft.org/article/view/v008i14
  fd_seed_ ^= fd_seed_ << 13;
  fd_seed_ ^= fd_seed_ >> 7;
  fd_seed_ ^= fd_seed_ << 17;
  return fds_.insert(std::move(handle), fd_seed_ >> 32);
}

}  // namespace wisp::wasi::p1
