#include "cli/output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "cli/limits.hpp"
#include "cli/message.hpp"

namespace wisp::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(const std::string& name, int error) {
  throw Failure(Message(MessageId::output, fmt::format("cannot write to {}: {}", name, std::strerror(error))));
}

void write_all(std::FILE* file, std::string_view text, const std::string& name) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  if (!written) cannot_write(name, errno);
}

bool is_standard_output(const std::string& path) {
  return path.empty() || path == "-";
}

/// Whether the path leads to something that cannot be replaced: what is open, like /dev/stdout, a device, a pipe; or to
/// where nothing is yet.
bool is_to_be_written_to(const std::string& path) {
  if (path.starts_with("/dev/") || path.starts_with("/proc/")) return true;
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return fs::exists(status) ? !fs::is_regular_file(status) : fs::is_symlink(path, ignored);
}

void write_in_place(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) cannot_write(printable(path), errno);
  write_all(file, text, printable(path));
  if (std::fclose(file) != 0) cannot_write(printable(path), errno);
}

bool is_writable(const fs::path& path) {
  std::FILE* const file = std::fopen(path.c_str(), "ab");
  if (file != nullptr) std::fclose(file);
  return file != nullptr;
}

/// A file beside the one that a path leads to, which it replaces once it is whole; gone if it is not.
class Replacement {
 public:
  explicit Replacement(const std::string& path) : name_(printable(path)), target_(path) {
    std::error_code ignored;
    if (fs::exists(target_, ignored)) target_ = fs::canonical(target_, ignored);
    // Whoever may not change what is there, may not replace it.
    if (fs::exists(target_, ignored) && !is_writable(target_)) cannot_write(name_, errno);
    for (u32 number = 0; number < limits::temporary_files && file_ == nullptr; ++number) {
      temporary_ = target_.parent_path() / fmt::format(".wisp-{}.tmp", number);
      file_ = std::fopen(temporary_.c_str(), "wbx");
      if (file_ == nullptr && errno != EEXIST) break;
    }
    error_ = errno;
  }
  Replacement(const Replacement&) = delete;
  ~Replacement() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(temporary_.c_str());
  }

  /// 0, or why there is no place for it.
  int error() const { return file_ == nullptr ? error_ : 0; }

  void write(std::string_view text) {
    write_all(file_, text, name_);
    std::error_code ignored;
    const fs::file_status old = fs::status(target_, ignored);
    if (fs::exists(old)) fs::permissions(temporary_, old.permissions(), ignored);
    const bool is_closed = std::fclose(std::exchange(file_, nullptr)) == 0;
    if (is_closed && std::rename(temporary_.c_str(), target_.c_str()) == 0) return;
    const int error = errno;
    std::remove(temporary_.c_str());
    cannot_write(name_, error);
  }

 private:
  std::string name_;
  fs::path target_;
  fs::path temporary_;
  std::FILE* file_ = nullptr;
  int error_ = 0;
};

}  // namespace

void print_out(std::string_view text) {
  write_all(stdout, text, "standard output");
}

void check_place(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) cannot_write(printable(path), EISDIR);
  if (is_standard_output(path) || is_to_be_written_to(path)) return;
  const Replacement replacement(path);
  if (replacement.error() != 0 && !fs::exists(path, ignored)) cannot_write(printable(path), replacement.error());
}

void write_file(const std::string& path, std::string_view text) {
  if (is_standard_output(path)) return print_out(text);
  if (is_to_be_written_to(path)) return write_in_place(path, text);
  Replacement replacement(path);
  if (replacement.error() == 0) return replacement.write(text);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) cannot_write(printable(path), replacement.error());
  write_in_place(path, text);
}

}  // namespace wisp::cli
