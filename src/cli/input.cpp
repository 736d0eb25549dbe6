#include "cli/input.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "cli/features.hpp"
#include "cli/limits.hpp"
#include "cli/nearest.hpp"
#include "cli/options.hpp"
#include "cli/units.hpp"
#include "text/wat.hpp"

namespace wisp::cli {
namespace {

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Message cannot_read(const std::string& path, int error) {
  if (path.empty()) return {MessageId::unreadable, "the name of the file is empty"};
  Message message(error == EISDIR ? MessageId::is_directory : MessageId::unreadable,
                  fmt::format("cannot read {}: {}", printable(path), std::strerror(error)));
  message.file = path;
  if (error == EISDIR)
    return std::move(message).hint("give a file; `wisp --dir DIRECTORY FILE` grants a directory to a program");
  if (error != ENOENT) return message;
  for (std::string_view extension : {".wasm", ".wat"}) {
    const std::string longer = path + std::string(extension);
    if (exists(longer)) message.hint(fmt::format("did you mean {}?", printable(longer)));
  }
  std::vector<std::string_view> names;
  for (const CommandInfo& command : commands()) names.push_back(command.name);
  const std::string_view near =
      path.find_first_of("./") == std::string::npos ? nearest(path, names) : std::string_view();
  if (!near.empty()) message.hint(fmt::format("did you mean the command `wisp {}`?", near));
  return message;
}

std::shared_ptr<std::FILE> open_file(const std::string& path) {
  if (path == "-") return {stdin, [](std::FILE*) {}};
  std::FILE* const file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) throw Failure(cannot_read(path, errno));
  return {file, [](std::FILE* opened) { std::fclose(opened); }};
}

/// `path` is a name for messages.
void check(ReadStatus status, const std::string& path) {
  switch (status) {
    case ReadStatus::ok:
      return;
    case ReadStatus::too_large:
      throw Failure(Message(MessageId::limit,
                            fmt::format("{} is larger than {}", printable(path), show_size(limits::file_bytes))));
    case ReadStatus::failed:
      throw Failure(cannot_read(path, errno));
  }
}

std::string shown_name(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

struct Signature {
  std::string_view begin;
  std::string_view what;
};

/// What people take for WebAssembly, by how it begins.
constexpr Signature signatures[] = {
    {"\x7f"
     "ELF",
     "a native program or library; compile with --target=wasm32-wasip1"},
    {"BC\xc0\xde", "LLVM bitcode; link it with wasm-ld"},
    {"!<arch>", "a static library; link it into a program"},
    {"#!", "a script"},
    {"\x1f\x8b", "compressed with gzip; unpack it first"},
    {"PK\x03\x04", "a zip archive; unpack it first"},
    {"<", "a web page or XML; the download may have failed"},
    {"{", "JSON; the download may have failed"},
    {"version https://git-lfs", "a Git LFS pointer; `git lfs pull` fetches the file"},
};

Message not_wasm(const std::string& path, std::span<const u8> bytes) {
  Message message(MessageId::not_wasm, fmt::format("{} is not WebAssembly", printable(path)));
  message.file = path;
  for (const Signature& signature : signatures) {
    if (as_text(bytes).starts_with(signature.begin)) {
      return std::move(message).detail(fmt::format("it looks like {}", signature.what));
    }
  }
  std::string first;
  for (usize i = 0; i < std::min<usize>(bytes.size(), 8); ++i) first += fmt::format(" {:02x}", bytes[i]);
  return std::move(message).detail(fmt::format("it begins with the bytes{}, not with 00 61 73 6d (\"\\0asm\")", first));
}

MessageId message_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
      return MessageId::malformed;
    case ErrorCode::invalid:
      return MessageId::invalid;
    case ErrorCode::unsupported:
      return MessageId::unsupported;
    case ErrorCode::limit:
      return MessageId::limit;
    case ErrorCode::link:
      return MessageId::link;
    case ErrorCode::io:
      return MessageId::unreadable;
    case ErrorCode::argument:
      return MessageId::internal;
  }
  return MessageId::internal;
}

/// The line and the caret of what `text::render` writes.
TextPlace place_of(const Error& error, const std::string& path, std::string_view source) {
  const text::Position where = text::position(source, error.offset);
  Error without_hint = error;
  without_hint.hint.clear();
  without_hint.message.clear();
  const std::string rendered = text::render(source, path, without_hint);
  return {where.line, where.column, rendered.substr(rendered.find('\n') + 1)};
}

Module load_text(const Engine& engine, const std::string& path, std::string_view source) {
  Result<std::vector<u8>> bytes = text::assemble(source, features_of(engine.config()));
  if (!bytes) throw Failure(about_file(bytes.error(), path, source));
  Result<Module> module = Module::from_bytes(engine, std::move(*bytes));
  if (!module) {
    Message message = about_file(module.error(), path);
    // The offset is one in bytes that nobody sees.
    message.offset.reset();
    throw Failure(message);
  }
  return *std::move(module);
}

}  // namespace

FileBytes read_file(const std::string& path) {
  FileBytes file;
  check(read_all(open_file(path).get(), limits::file_bytes, file), shown_name(path));
  return file;
}

Module load_module(const Engine& engine, const std::string& path) {
  FileBytes file;
  // Standard input is the program's from then on, so nothing is left in it.
  const auto status =
      path == "-" ? read_all(stdin, limits::file_bytes, file) : read_module(open_file(path), limits::file_bytes, file);
  check(status, shown_name(path));
  switch (kind_of(file.bytes)) {
    case InputKind::empty: {
      Message message(MessageId::empty_file, fmt::format("{} is empty", printable(path)));
      message.file = path;
      throw Failure(message);
    }
    case InputKind::component: {
      Message message(MessageId::component, fmt::format("{} is a component, not a core module", printable(path)));
      message.file = path;
      throw Failure(std::move(message)
                        .detail("it was built for WASI 0.2 or later; this version of wisp runs core modules")
                        .hint("build it for wasm32-wasip1 instead of wasm32-wasip2"));
    }
    case InputKind::unknown:
      throw Failure(not_wasm(path, file.bytes));
    case InputKind::text:
      return load_text(engine, path, as_text(file.bytes));
    case InputKind::module:
      break;
  }
  Result<Module> module = load_file(engine, file);
  if (!module) throw Failure(about_file(module.error(), path));
  return *std::move(module);
}

Message about_file(const Error& error, const std::string& path, std::string_view source) {
  Message message(message_for(error.code), {});
  const std::string name = printable(path);
  // It may quote the file.
  const std::string what = printable(error.message);
  switch (message.id) {
    case MessageId::malformed:
      message.text = fmt::format("{} is malformed: {}", name, what);
      break;
    case MessageId::invalid:
      message.text = fmt::format("{} is not valid: {}", name, what);
      break;
    default:
      message.text = fmt::format("{}: {}", name, what);
      break;
  }
  message.file = path;
  if (!source.empty()) {
    if (message.id == MessageId::malformed) message.id = MessageId::bad_text;
    message.place = place_of(error, path, source);
  } else if (error.offset != 0) {
    message.offset = error.offset;
  }
  if (!error.hint.empty()) message.hint(printable(error.hint));
  const bool is_switched_off = message.id == MessageId::unsupported && error.hint.starts_with("switch the feature");
  if (is_switched_off) message.hint("--enable NAME switches a feature on");
  return message;
}

bool is_wasi(std::string_view module) {
  return module == "wasi_snapshot_preview1" || module == "wasi_unstable";
}

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace wisp::cli
