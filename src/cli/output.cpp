#include "cli/output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "cli/message.hpp"

namespace wisp::cli {
namespace {

void write_all(std::FILE* file, std::string_view text, const std::string& name) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  if (!written)
    throw Failure(Message(MessageId::output, fmt::format("cannot write to {}: {}", name, std::strerror(errno))));
}

}  // namespace

void print_out(std::string_view text) {
  write_all(stdout, text, "standard output");
}

void write_file(const std::string& path, std::string_view text) {
  if (path.empty() || path == "-") return print_out(text);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    throw Failure(
        Message(MessageId::output, fmt::format("cannot write to {}: {}", printable(path), std::strerror(errno))));
  }
  write_all(file, text, printable(path));
  std::fclose(file);
}

}  // namespace wisp::cli
