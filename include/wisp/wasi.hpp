#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wisp/linker.hpp"

namespace wisp {

/// Something that WASI refused a guest.
struct Denial {
  std::string operation;  // "path_open"-like: what the guest wanted to do
  std::string object;     // what it was about, as the guest names it; may be empty
  std::string rule;       // one sentence: "mount /data is read-only"
  std::string mount;      // the guest path of the mount it happened under; may be empty
  std::string origin;     // what granted the mount: `DirOptions::origin`
  std::string hint;       // what would allow it: `DirOptions::hint`, if it was the mount that forbids it
  std::string kind;       // a stable word for the rule: "read_only_mount", "outside", ...
};

struct DirOptions {
  bool read_only = false;
  /// For messages: what granted the directory ("--dir ./data::/data::ro"), and what would allow changing it.
  std::string origin;
  std::string hint;
};

/// What a guest is given of the world. At first nothing: no arguments, no environment, no directories, empty standard
/// input, and what it writes goes nowhere. Clocks and random numbers are the host's.
class WasiConfig {
 public:
  using Sink = std::function<void(std::span<const std::uint8_t>)>;

  WasiConfig();
  ~WasiConfig();
  WasiConfig(WasiConfig&&) noexcept;
  WasiConfig& operator=(WasiConfig&&) noexcept;

  /// The first argument is the program's name.
  WasiConfig& arg(std::string value);
  WasiConfig& args(std::vector<std::string> values);
  WasiConfig& env(std::string name, std::string value);

  /// The process's own streams.
  WasiConfig& inherit_stdio() { return inherit_stdin().inherit_stdout().inherit_stderr(); }
  WasiConfig& inherit_stdin();
  WasiConfig& inherit_stdout();
  WasiConfig& inherit_stderr();
  WasiConfig& stdin_bytes(std::string bytes);
  WasiConfig& stdout_to(Sink sink);
  WasiConfig& stderr_to(Sink sink);
  /// Appends to a string that outlives the guest.
  WasiConfig& stdout_to(std::string& text);
  WasiConfig& stderr_to(std::string& text);

  /// Gives the guest a directory of the host under a name of its own. It is opened by `Wasi::create`.
  WasiConfig& dir(std::string host_path, std::string guest_path, DirOptions options = {});
  /// An empty directory in memory that goes away with the guest; size 0 means the default.
  WasiConfig& tmpfs(std::string guest_path, std::uint64_t size_bytes = 0, DirOptions options = {});
  /// A listening TCP socket, "127.0.0.1:8080"; the guest finds it as a descriptor after the directories.
  WasiConfig& listen(std::string address);

  /// Nanoseconds since 1970, respectively since some point.
  WasiConfig& realtime_clock(std::function<std::uint64_t()> now_ns);
  WasiConfig& monotonic_clock(std::function<std::uint64_t()> now_ns);
  /// Fills the bytes.
  WasiConfig& random(std::function<void(std::span<std::uint8_t>)> fill);
  /// The same "random" bytes for every guest and in every run.
  WasiConfig& random_seed(std::uint64_t seed);

  /// Sees a line of text for each call.
  WasiConfig& on_trace(std::function<void(std::string_view)> observer);
  WasiConfig& on_denial(std::function<void(const Denial&)> observer);
  /// How many descriptors the guest may have open.
  WasiConfig& max_open_handles(std::uint64_t count);

 private:
  friend struct Access;
  friend class Wasi;
  struct State;
  std::unique_ptr<State> state_;
};

/// The world of one guest as `wasi_snapshot_preview1` and `wasi_unstable` show it. Blocking calls end when the store is
/// interrupted or its time is over. Copies are the same world.
class Wasi {
 public:
  /// Opens what the configuration names.
  static Result<Wasi> create(Store& store, const WasiConfig& config);

  /// Defines the functions of both modules; the linker is then for this store only.
  Result<void> define_in(Linker& linker) const;
  /// Where the listening sockets are bound, in the order of `WasiConfig::listen`.
  const std::vector<std::string>& listen_addresses() const;

 private:
  explicit Wasi(std::shared_ptr<struct WasiState> state) : state_(std::move(state)) {}
  std::shared_ptr<struct WasiState> state_;
};

/// What a module is to WASI: a program that runs once, a library, or neither.
/// https://github.com/WebAssembly/WASI/blob/wasi-0.1/application-abi.md
enum class WasiKind : std::uint8_t { command, reactor, library };

/// An error if it exports both `_start` and `_initialize`, if either is no function without parameters and results, or
/// if it imports WASI and exports no memory named "memory".
Result<WasiKind> wasi_kind(const Module& module);

/// Instantiates a command and runs it. Its exit code: 0 if `_start` returns. A trap with reason `exit` is that code
/// too.
Outcome<std::uint32_t> run_command(const Linker& linker, Store& store, const Module& module);
/// The same for an instance that exists already.
Outcome<std::uint32_t> run_start(const Instance& instance);
/// Instantiates a reactor (or a library) and calls its `_initialize`, if there is one.
Outcome<Instance> instantiate_reactor(const Linker& linker, Store& store, const Module& module);

}  // namespace wisp
