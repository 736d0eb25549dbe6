#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "wisp/error.hpp"

namespace wisp {

/// A directory where what engines compile is kept for the next time. Whatever is in it, guests run as they do without
/// it: entries carry a code that is made with a secret key in the directory, and what does not fit is not used. Several
/// processes may share it. Thread-safe.
class CodeCache {
 public:
  /// Opens the directory, and makes it if it, or it and the one above, are missing. An error if others than this user
  /// could read or change it, or if it is a symbolic link.
  static Result<std::shared_ptr<CodeCache>> open(const std::string& directory);
  /// Whether a guest that is granted the second directory, with whatever rights, could reach the files of a cache in
  /// the first one: then it learns the key, and can make code that is believed. Such a guest must not run with this
  /// cache, nor may others later, unless it is trusted like a native program.
  static bool is_exposed(const std::string& directory, const std::string& granted);
  ~CodeCache();
  CodeCache(const CodeCache&) = delete;

  /// Writes what was compiled and is not in its file yet. Happens anyway when a module is destroyed.
  void write();
  /// Removes everything.
  void clean();
  /// Removes everything of the cache in a directory, even if it could not be opened for want of a key.
  static Result<void> clean(const std::string& directory);

  struct Stats {
    std::uint64_t files = 0;  // one for each kind of module
    std::uint64_t functions = 0;
    std::uint64_t size_bytes = 0;   // of the disk
    std::uint64_t limit_bytes = 0;  // beyond which the oldest files are removed
  };
  Stats stats() const;

  /// What came out of it, and went into it, in this process.
  struct Use {
    std::uint64_t found = 0;
    std::uint64_t stored = 0;   // is in a file by now
    std::uint64_t refused = 0;  // was there, but damaged, or not of this module
  };
  Use use() const;

 private:
  friend struct Access;
  struct State;
  explicit CodeCache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace wisp
