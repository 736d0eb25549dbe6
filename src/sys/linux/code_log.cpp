#include "sys/code_log.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/result.hpp"
#include "sys/host.hpp"
#include "sys/linux/calls.hpp"
#include "sys/time.hpp"

namespace wisp::sys {

using namespace linux_host;

namespace {

/// A name as one line of text.
std::string symbol(std::string_view name) {
  std::string line(name.substr(0, max_symbol_bytes));
  const auto is_control = [](char c) { return u8(c) < 0x20 || c == 0x7f; };
  std::ranges::replace_if(line, is_control, '?');
  return line;
}

/// A file of this process, which replaces one of an earlier process of the same number.
Result<Fd> open_fresh(const std::string& path) {
  unlink(path.c_str());
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return Error{ErrorCode::io, 0, "cannot write to " + path + ": " + std::strerror(errno), {}};
  return fd;
}

/// A line for each piece: address, size, name.
/// https://github.com/torvalds/linux/blob/master/tools/perf/Documentation/jit-interface.txt
class PerfMap final : public CodeLog {
 public:
  explicit PerfMap(Fd fd) : fd_(std::move(fd)) {}

  void add(std::string_view name, std::span<const u8> code) override {
    char range[64];
    std::snprintf(range, sizeof range, "%zx %zx ", reinterpret_cast<usize>(code.data()), code.size());
    const std::string line = range + symbol(name) + "\n";
    // One write: lines of several threads do not mix. That the disk is full ends no program.
    [[maybe_unused]] const auto written = write(fd_.get(), line.data(), line.size());
  }

 private:
  Fd fd_;
};

/// Records of code and names.
/// https://github.com/torvalds/linux/blob/master/tools/perf/Documentation/jitdump-specification.txt
class JitDump final : public CodeLog {
 public:
  explicit JitDump(Fd fd) : fd_(std::move(fd)) {
    const Header header{.process = u32(getpid()), .timestamp = now()};
    put({{const_cast<Header*>(&header), sizeof header}});
  }

  /// Mapping the file as code is how `perf record` comes to know of it.
  Outcome<void> announce() {
    page_bytes_ = usize(sysconf(_SC_PAGESIZE));
    marker_ = mmap(nullptr, page_bytes_, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd_.get(), 0);
    if (marker_ == MAP_FAILED) return last_error();
    return {};
  }
  ~JitDump() override {
    const Record record{.kind = close_kind, .size_bytes = sizeof record, .timestamp = now()};
    put({{const_cast<Record*>(&record), sizeof record}});
    if (marker_ != MAP_FAILED) munmap(marker_, page_bytes_);
  }

  void add(std::string_view name, std::span<const u8> code) override {
    const std::string text = symbol(name);
    const u64 address = reinterpret_cast<u64>(code.data());
    const std::lock_guard lock(mutex_);
    LoadRecord load{.process = u32(getpid()),
                    .thread = u32(gettid()),
                    .address = address,
                    .code_address = address,
                    .code_bytes = code.size(),
                    .number = next_number_++};
    const usize size = sizeof(Record) + sizeof load + text.size() + 1 + code.size();
    const Record record{.kind = load_kind, .size_bytes = u32(size), .timestamp = now()};
    put({{const_cast<Record*>(&record), sizeof record},
         {&load, sizeof load},
         {const_cast<char*>(text.c_str()), text.size() + 1},
         {const_cast<u8*>(code.data()), code.size()}});
  }

 private:
  struct Header {
    u32 magic = 0x4a695444;  // "JiTD"
    u32 version = 1;
    u32 size_bytes = 40;
    u32 machine = machine_number;
    u32 unused = 0;
    u32 process;
    u64 timestamp;
    u64 flags = 0;
  };
  struct Record {
    u32 kind;
    u32 size_bytes;
    u64 timestamp;
  };
  struct LoadRecord {
    u32 process, thread;
    u64 address, code_address, code_bytes, number;
  };
  static_assert(sizeof(Header) == 40 && sizeof(Record) == 16 && sizeof(LoadRecord) == 40);
  static constexpr u32 load_kind = 0;
  static constexpr u32 close_kind = 3;
  // https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html e_machine
#if defined(__x86_64__)
  static constexpr u32 machine_number = 62;
#else
  static constexpr u32 machine_number = 183;
#endif

  /// The clock of `perf record -k mono`.
  static u64 now() {
    const Outcome<Timestamp> time = host_clock(HostClock::monotonic).now();
    return time.ok() ? time->to_ns() : 0;
  }

  void put(std::initializer_list<iovec> parts) {
    [[maybe_unused]] const auto written = writev(fd_.get(), parts.begin(), int(parts.size()));
  }

  Fd fd_;
  void* marker_ = MAP_FAILED;
  usize page_bytes_ = 0;
  std::mutex mutex_;  // for the order of records
  u64 next_number_ = 0;
};

}  // namespace

Result<OpenedCodeLog> open_perf_map() {
  OpenedCodeLog opened;
  opened.path = "/tmp/perf-" + std::to_string(getpid()) + ".map";
  WISP_TRY_ASSIGN(Fd fd, open_fresh(opened.path));
  opened.log = std::make_unique<PerfMap>(std::move(fd));
  return opened;
}

Result<OpenedCodeLog> open_jit_dump(const std::string& directory) {
  OpenedCodeLog opened;
  opened.path = directory + "/jit-" + std::to_string(getpid()) + ".dump";
  WISP_TRY_ASSIGN(Fd fd, open_fresh(opened.path));
  auto dump = std::make_unique<JitDump>(std::move(fd));
  if (const auto announced = dump->announce(); !announced.ok()) {
    return Error{ErrorCode::io, 0, "cannot map " + opened.path + " as code, by which perf finds it",
                 "the file system may be mounted noexec; another working directory will do"};
  }
  opened.log = std::move(dump);
  return opened;
}

}  // namespace wisp::sys
