#pragma once

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "sys/directory.hpp"

/// What the files of sys/linux share.
namespace wisp::sys::linux_host {

inline Errno last_error() {
  return Errno(errno);
}

/// The error of a call that returned -1, or nothing.
inline Outcome<void> checked(int result) {
  if (result < 0) return last_error();
  return {};
}

/// The same for a `system_call` that returns a count; it is made again when a signal handler interrupted it.
template <class Call>
Outcome<usize> counted(Call call) {
  while (true) {
    const long result = call();
    if (result >= 0) [[likely]]
      return usize(result);
    if (result != -EINTR) return Errno(-result);
  }
}

/// A file descriptor, closed with the object if it is owned.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int value, bool owned = true) : value_(value), owned_(owned) {}
  Fd(Fd&& other) noexcept : value_(std::exchange(other.value_, -1)), owned_(other.owned_) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(value_, other.value_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~Fd();

  int get() const { return value_; }
  explicit operator bool() const { return value_ >= 0; }

 private:
  int value_ = -1;
  bool owned_ = true;
};

/// A NUL-terminated copy of a path or a name for a system call.
template <usize max_bytes>
class CString {
 public:
  explicit CString(std::string_view text) {
    WISP_CHECK(text.size() <= max_bytes);
    text.copy(bytes_, text.size());
    bytes_[text.size()] = '\0';
  }
  const char* get() const { return bytes_; }

 private:
  char bytes_[max_bytes + 1];
};
using PathText = CString<max_path_bytes>;
using NameText = CString<max_name_bytes>;

FileStat to_file_stat(const struct stat& from);
Outcome<FileStat> stat_of(int fd);
/// For utimensat; `inval` if a time is none.
Outcome<void> to_timespecs(const TimeUpdate& access, const TimeUpdate& modification, struct timespec (&out)[2]);

/// The node for an open descriptor, by its type. `shared`: the open file description belongs to others too, so it may
/// not be made non-blocking.
std::unique_ptr<Node> make_node(Fd fd, FileType type, bool shared);
std::unique_ptr<Node> make_listener(Fd fd);
std::unique_ptr<Directory> make_directory(Fd fd);
/// A place in the tree (O_PATH).
std::unique_ptr<Node> make_place(Fd fd);

}  // namespace wisp::sys::linux_host
