#pragma once

#include <mutex>
#include <string>

#include "base/result.hpp"
#include "runtime/code_file.hpp"
#include "runtime/limits.hpp"
#include "sys/directory.hpp"
#include "sys/random.hpp"

namespace wisp::runtime {

/// Code in the files of a directory that nobody else can write to: one for each module environment, and the key that
/// says which code is ours. Files that others can read or write, or own, or that have a second name, are as good as
/// absent: the directory may not always have been what it is. Thread-safe; processes may share the directory.
class DiskCache final : public CodeCache, public std::enable_shared_from_this<DiskCache> {
 public:
  /// `machine` tells processors apart. `random` makes the key if there is none, and names of temporary files.
  static Result<std::shared_ptr<DiskCache>> open(std::unique_ptr<sys::Directory> directory, sys::RandomSource& random,
                                                 std::vector<u8> machine);
  DiskCache(const DiskCache&) = delete;

  std::shared_ptr<ModuleCache> open(std::shared_ptr<const wasm::Module> module, bool is_guarded) override;

  /// Writes what was compiled for all modules since it was last written.
  void write();
  /// How large all files may become together; limits::code_cache_bytes at first.
  void limit_to(u64 bytes) { limit_bytes_ = bytes; }
  /// Removes all files of the cache, the key included.
  void clean();
  /// The same of a directory that may have no good key. An error says what could not be removed.
  static Result<void> clean(sys::Directory& directory);

  struct Stats {
    u64 files = 0;
    u64 functions = 0;  // whose code is in them, as they say
    u64 size_bytes = 0;
  };
  Stats stats();

  /// What this process has had of it.
  struct Use {
    u64 found = 0;
    u64 stored = 0;   // and written
    u64 refused = 0;  // damaged, forged or stale
  };
  Use use() const;

 private:
  class ModuleFile;
  struct Listed {
    std::string name;
    u64 size_bytes = 0;
    sys::Timestamp time;
  };

  DiskCache(std::unique_ptr<sys::Directory> directory, sys::RandomSource& random, std::vector<u8> machine)
      : directory_(std::move(directory)), random_(random), machine_(std::move(machine)) {}

  bool find_key();
  std::optional<Hash128> read_key();
  void make_key();
  /// Nobody else can have made it, or can change it.
  bool is_ours(const sys::FileStat& stat) const;
  std::unique_ptr<sys::Node> open_file(const std::string& name, u64& size_bytes);
  bool write_file(const std::string& name, Bytes bytes, bool replace);
  static std::vector<Listed> list(sys::Directory& directory);
  void remove(const std::string& name);
  /// Removes the oldest files until the rest is within the limits, and temporary ones that nobody writes any more;
  /// `newest` stays.
  void evict(const std::string& newest);

  std::mutex mutex_;  // for the directory and the list of modules
  std::unique_ptr<sys::Directory> directory_;
  sys::RandomSource& random_;
  std::vector<u8> machine_;
  u32 owner_ = 0;  // of the directory
  Hash128 key_ = {};
  std::atomic<u64> limit_bytes_ = limits::code_cache_bytes;
  std::vector<std::weak_ptr<ModuleFile>> modules_;
  std::atomic<u64> found_ = 0;
  std::atomic<u64> stored_ = 0;
  std::atomic<u64> refused_ = 0;
};

}  // namespace wisp::runtime
