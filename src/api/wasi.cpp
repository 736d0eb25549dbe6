#include "wisp/wasi.hpp"

#include <cstring>

#include "api/access.hpp"
#include "base/check.hpp"
#include "sys/host.hpp"
#include "sys/memory/file_system.hpp"
#include "sys/memory/streams.hpp"
#include "wasi/core/dir.hpp"
#include "wasi/p1/p1.hpp"

namespace wisp {

namespace {

/// A clock that the embedder defines.
class FunctionClock final : public sys::Clock {
 public:
  explicit FunctionClock(std::function<std::uint64_t()> now_ns) : now_ns_(std::move(now_ns)) {}
  sys::Outcome<sys::Timestamp> now() override { return sys::Timestamp::from_ns(now_ns_()); }
  sys::Outcome<u64> resolution_ns() override { return u64{1}; }

 private:
  std::function<std::uint64_t()> now_ns_;
};

/// Random bytes that the embedder defines.
class FunctionRandom final : public sys::RandomSource {
 public:
  explicit FunctionRandom(std::function<void(std::span<std::uint8_t>)> fill) : fill_(std::move(fill)) {}
  sys::Outcome<void> fill(MutableBytes bytes) override {
    fill_(bytes);
    return {};
  }

 private:
  std::function<void(std::span<std::uint8_t>)> fill_;
};

/// The same bytes for the same seed: SplitMix64.
class SeededRandom final : public sys::RandomSource {
 public:
  explicit SeededRandom(u64 seed) : state_(seed) {}
  sys::Outcome<void> fill(MutableBytes bytes) override {
    for (usize i = 0; i < bytes.size(); i += sizeof(u64)) {
      const u64 word = next();
      std::memcpy(bytes.data() + i, &word, std::min(sizeof word, bytes.size() - i));
    }
    return {};
  }

 private:
  u64 next() {
    u64 z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  u64 state_;
};

/// Output that the embedder takes.
class SinkStream final : public sys::Node {
 public:
  explicit SinkStream(WasiConfig::Sink sink) : sink_(std::move(sink)) {}
  sys::Outcome<sys::FileStat> stat() override {
    sys::FileStat stat;
    stat.type = sys::FileType::fifo;
    return stat;
  }
  sys::Outcome<usize> write(sys::ConstIoBuffers buffers) override {
    usize total = 0;
    for (const sys::ConstIoBuffer& buffer : buffers) {
      sink_({buffer.data, buffer.size_bytes});
      total += buffer.size_bytes;
    }
    return total;
  }

 private:
  WasiConfig::Sink sink_;
};

class TraceFunction final : public abi::TraceSink {
 public:
  explicit TraceFunction(std::function<void(std::string_view)> observer) : observer_(std::move(observer)) {}
  void line(std::string_view text) override { observer_(text); }

 private:
  std::function<void(std::string_view)> observer_;
};

std::string_view word_for(core::Rule rule) {
  switch (rule) {
    case core::Rule::read_only_mount:
      return "read_only_mount";
    case core::Rule::missing_right:
      return "missing_right";
    case core::Rule::absolute_path:
      return "absolute_path";
    case core::Rule::outside:
      return "outside";
    case core::Rule::absolute_link:
      return "absolute_link";
    case core::Rule::device:
      return "device";
    case core::Rule::different_rights:
      return "different_rights";
    case core::Rule::limit:
      return "limit";
  }
  WISP_UNREACHABLE();
}

class DenialFunction final : public core::DenialObserver {
 public:
  explicit DenialFunction(std::function<void(const Denial&)> observer) : observer_(std::move(observer)) {}
  void denied(const core::Denial& denial) override {
    if (!observer_) return;
    Denial shown;
    shown.operation = core::operation_name(denial.operation);
    shown.object = denial.object;
    shown.rule = core::describe(denial);
    shown.kind = word_for(denial.rule);
    if (denial.mount != nullptr) {
      shown.mount = denial.mount->guest_path;
      shown.origin = denial.mount->origin;
      if (denial.rule == core::Rule::read_only_mount) shown.hint = denial.mount->hint;
    }
    observer_(shown);
  }

 private:
  std::function<void(const Denial&)> observer_;
};

Error io_error(const std::string& what, sys::Errno error) {
  return {ErrorCode::io, 0, what + ": " + std::strerror(int(error)), ""};
}

using MakeNode = std::function<Result<std::unique_ptr<sys::Node>>()>;

MakeNode make_standard(int which) {
  return [which]() -> Result<std::unique_ptr<sys::Node>> { return sys::standard_stream(which); };
}

MakeNode make_sink(WasiConfig::Sink sink) {
  return [sink = std::move(sink)]() -> Result<std::unique_ptr<sys::Node>> {
    return std::unique_ptr<sys::Node>(new SinkStream(sink));
  };
}

}  // namespace

struct WasiConfig::State {
  struct Mount {
    core::Mount mount;
    std::string host_path;          // of a directory of the host
    std::optional<u64> size_bytes;  // of one in memory
  };

  core::Environment environment;
  core::Limits limits;
  MakeNode streams[3];
  std::vector<Mount> mounts;
  std::vector<std::string> listeners;
  std::shared_ptr<sys::Clock> realtime;
  std::shared_ptr<sys::Clock> monotonic;
  std::function<std::shared_ptr<sys::RandomSource>()> random;  // for one guest
  std::function<void(std::string_view)> trace;
  std::function<void(const Denial&)> denial;
};

WasiConfig::WasiConfig() : state_(std::make_unique<State>()) {}
WasiConfig::~WasiConfig() = default;
WasiConfig::WasiConfig(WasiConfig&&) noexcept = default;
WasiConfig& WasiConfig::operator=(WasiConfig&&) noexcept = default;

WasiConfig& WasiConfig::arg(std::string value) {
  state_->environment.arguments.push_back(std::move(value));
  return *this;
}
WasiConfig& WasiConfig::args(std::vector<std::string> values) {
  for (std::string& value : values) arg(std::move(value));
  return *this;
}
WasiConfig& WasiConfig::env(std::string name, std::string value) {
  state_->environment.variables.push_back(std::move(name) + "=" + std::move(value));
  return *this;
}
WasiConfig& WasiConfig::inherit_stdin() {
  state_->streams[0] = make_standard(0);
  return *this;
}
WasiConfig& WasiConfig::inherit_stdout() {
  state_->streams[1] = make_standard(1);
  return *this;
}
WasiConfig& WasiConfig::inherit_stderr() {
  state_->streams[2] = make_standard(2);
  return *this;
}
WasiConfig& WasiConfig::stdin_bytes(std::string bytes) {
  state_->streams[0] = [bytes = std::move(bytes)]() -> Result<std::unique_ptr<sys::Node>> {
    return sys::make_text_input(bytes);
  };
  return *this;
}
WasiConfig& WasiConfig::stdout_to(Sink sink) {
  state_->streams[1] = make_sink(std::move(sink));
  return *this;
}
WasiConfig& WasiConfig::stderr_to(Sink sink) {
  state_->streams[2] = make_sink(std::move(sink));
  return *this;
}
WasiConfig& WasiConfig::stdout_to(std::string& text) {
  return stdout_to([&text](std::span<const std::uint8_t> bytes) { text += as_text(bytes); });
}
WasiConfig& WasiConfig::stderr_to(std::string& text) {
  return stderr_to([&text](std::span<const std::uint8_t> bytes) { text += as_text(bytes); });
}

WasiConfig& WasiConfig::dir(std::string host_path, std::string guest_path, DirOptions options) {
  State::Mount mount;
  mount.mount.guest_path = std::move(guest_path);
  mount.mount.read_only = options.read_only;
  mount.mount.origin = std::move(options.origin);
  mount.mount.hint = std::move(options.hint);
  mount.host_path = std::move(host_path);
  state_->mounts.push_back(std::move(mount));
  return *this;
}

WasiConfig& WasiConfig::tmpfs(std::string guest_path, std::uint64_t size_bytes, DirOptions options) {
  dir({}, std::move(guest_path), std::move(options));
  state_->mounts.back().size_bytes = size_bytes != 0 ? size_bytes : core::default_tmpfs_bytes;
  return *this;
}

WasiConfig& WasiConfig::listen(std::string address) {
  state_->listeners.push_back(std::move(address));
  return *this;
}
WasiConfig& WasiConfig::realtime_clock(std::function<std::uint64_t()> now_ns) {
  state_->realtime = std::make_shared<FunctionClock>(std::move(now_ns));
  return *this;
}
WasiConfig& WasiConfig::monotonic_clock(std::function<std::uint64_t()> now_ns) {
  state_->monotonic = std::make_shared<FunctionClock>(std::move(now_ns));
  return *this;
}
WasiConfig& WasiConfig::random(std::function<void(std::span<std::uint8_t>)> fill) {
  state_->random = [source = std::make_shared<FunctionRandom>(std::move(fill))] { return source; };
  return *this;
}
WasiConfig& WasiConfig::random_seed(std::uint64_t seed) {
  state_->random = [seed] { return std::make_shared<SeededRandom>(seed); };
  return *this;
}
WasiConfig& WasiConfig::on_trace(std::function<void(std::string_view)> observer) {
  state_->trace = std::move(observer);
  return *this;
}
WasiConfig& WasiConfig::on_denial(std::function<void(const Denial&)> observer) {
  state_->denial = std::move(observer);
  return *this;
}
WasiConfig& WasiConfig::max_open_handles(std::uint64_t count) {
  state_->limits.open_handles = count;
  return *this;
}

/// The members' order is that of their lives: descriptors go first, what they refer to last.
struct WasiState {
  WasiState(const Access::WasiSettings& given, std::shared_ptr<runtime::StoreControl> of)
      : settings(given),
        control(std::move(of)),
        random(settings.random ? settings.random() : nullptr),
        trace(settings.trace),
        denials(settings.denial),
        guest(settings.limits, &denials),
        waiter(&control->event),
        p1(parts()) {}

  Access::WasiSettings settings;
  std::shared_ptr<runtime::StoreControl> control;  // owns what ends a blocking wait
  std::shared_ptr<sys::RandomSource> random;       // null for the host's
  TraceFunction trace;
  DenialFunction denials;
  core::Guest guest;
  core::ThreadWaiter waiter;
  std::vector<std::string> listen_addresses;
  wasi::p1::P1 p1;

  Result<void> add_streams();
  Result<void> add_mounts();
  Result<void> add_listeners();

 private:
  wasi::p1::P1::Parts parts() {
    core::Clocks clocks = core::Clocks::of_host();
    if (settings.realtime) clocks.realtime = settings.realtime.get();
    if (settings.monotonic) clocks.monotonic = settings.monotonic.get();
    return {.environment = settings.environment,
            .clocks = clocks,
            .random = random ? *random : sys::host_random(),
            .waiter = waiter,
            .trace = settings.trace ? &trace : nullptr};
  }

  Result<void> add(std::unique_ptr<sys::Node> node) {
    auto handle = core::Handle::make(guest, std::move(node));
    if (!handle.ok()) return Error{ErrorCode::limit, 0, "the guest may not have so much open", ""};
    p1.add(std::move(handle).value());
    return {};
  }
};

Result<void> WasiState::add_streams() {
  for (const MakeNode& make : settings.streams) {
    if (!make) {
      WISP_TRY(add(sys::make_null_stream()));
      continue;
    }
    WISP_TRY_ASSIGN(auto node, make());
    WISP_TRY(add(std::move(node)));
  }
  return {};
}

Result<void> WasiState::add_mounts() {
  u64 device = 1;
  for (const auto& mount : settings.mounts) {
    std::unique_ptr<sys::Directory> root;
    if (mount.size_bytes) {
      root = sys::make_memory_file_system(
          {.limit_bytes = *mount.size_bytes, .device = device++, .clock = &sys::host_clock(sys::HostClock::realtime)});
    } else {
      auto opened = sys::open_host_directory(mount.host_path);
      if (!opened.ok()) return io_error("cannot open the directory " + mount.host_path, opened.error());
      root = std::move(opened).value();
    }
    auto directory = guest.mount(std::move(root), mount.mount);
    if (!directory.ok()) return Error{ErrorCode::io, 0, "cannot mount " + mount.mount.guest_path, ""};
    p1.add_preopen(std::move(directory).value());
  }
  return {};
}

Result<void> WasiState::add_listeners() {
  for (const std::string& address : settings.listeners) {
    WISP_TRY_ASSIGN(auto socket, sys::listen_tcp(address));
    auto bound = sys::local_address(*socket);
    listen_addresses.push_back(bound.ok() ? *bound : address);
    WISP_TRY(add(std::move(socket)));
  }
  return {};
}

Result<Wasi> Wasi::create(Store& store, const WasiConfig& config) {
  WISP_TRY(sys::check_host());
  WISP_TRY(core::check_environment(Access::settings(config).environment));
  sys::ignore_broken_pipes();
  sys::raise_descriptor_limit();
  auto state = std::make_shared<WasiState>(Access::settings(config), Access::state(store)->store->control());
  WISP_TRY(state->add_streams());
  WISP_TRY(state->add_mounts());
  WISP_TRY(state->add_listeners());
  return Wasi(std::move(state));
}

Result<void> Wasi::define_in(Linker& linker) const {
  LinkerState& names = Access::state(linker);
  const auto types_of = [](std::string_view letters) {
    std::vector<wasm::ValType> types;
    for (const char letter : letters) types.push_back(letter == 'I' ? wasm::ValType::i64() : wasm::ValType::i32());
    return types;
  };
  for (const wasi::p1::ImportedFunction& function : wasi::p1::imported_functions()) {
    auto definition = wisp::define(
        names.engine, wasm::FuncType{types_of(function.signature.params), types_of(function.signature.results)},
        function.code(), &state_->p1);
    definition->owner = state_;
    definition->store = state_->control;
    const std::pair key{std::string(function.module), std::string(function.name)};
    if (!names.allow_shadowing && names.names.contains(key)) {
      return Error{ErrorCode::argument, 0, key.first + "." + key.second + " is defined already", ""};
    }
    names.names.insert_or_assign(key, HostDefinitionRef(std::move(definition)));
  }
  return {};
}

const std::vector<std::string>& Wasi::listen_addresses() const {
  return state_->listen_addresses;
}

// Commands and reactors

namespace {

constexpr std::string_view start_name = "_start";
constexpr std::string_view initialize_name = "_initialize";

/// Whether the module exports the entry point. An error if it is no function without parameters and results.
Result<bool> exports_entry(const wasm::Module& module, std::string_view name) {
  const wasm::Export* item = module.find_export(name);
  if (item == nullptr) return false;
  if (item->kind != wasm::ExternKind::func || module.functions[item->index]->func != wasm::FuncType{}) {
    return Error{ErrorCode::invalid, 0,
                 "the export " + std::string(name) + " is not a function without parameters and results",
                 "WASI calls it that way; the module was not built for WASI"};
  }
  return true;
}

bool imports_wasi(const wasm::Module& module) {
  for (const wasm::Import& import : module.imports) {
    if (import.module == "wasi_snapshot_preview1" || import.module == "wasi_unstable") return true;
  }
  return false;
}

/// Calls an exported entry point, if it is there.
Outcome<void> call_entry(const Instance& instance, std::string_view name) {
  const auto entry = instance.func(name);
  if (!entry) return {};
  auto outcome = entry->call();
  if (Trap* trap = outcome.trap()) return std::move(*trap);
  if (Error* error = outcome.error()) return std::move(*error);
  return {};
}

Outcome<std::uint32_t> exit_code(Outcome<void> outcome) {
  if (Trap* trap = outcome.trap()) {
    if (trap->is_exit()) return trap->exit_code;
    return std::move(*trap);
  }
  if (Error* error = outcome.error()) return std::move(*error);
  return std::uint32_t{0};
}

}  // namespace

Result<WasiKind> wasi_kind(const Module& module) {
  const wasm::Module& raw = Access::state(module).loaded->module();
  WISP_TRY_ASSIGN(const bool is_command, exports_entry(raw, start_name));
  WISP_TRY_ASSIGN(const bool is_reactor, exports_entry(raw, initialize_name));
  if (is_command && is_reactor) {
    return Error{ErrorCode::invalid, 0, "the module exports both _start and _initialize",
                 "a command has _start, a reactor has _initialize; build it as one of them"};
  }
  const wasm::Export* memory = raw.find_export("memory");
  if (imports_wasi(raw) && (memory == nullptr || memory->kind != wasm::ExternKind::memory)) {
    return Error{ErrorCode::invalid, 0, "the module imports WASI but exports no memory named \"memory\"",
                 "WASI functions read and write the exported memory; link with --export-memory"};
  }
  return is_command ? WasiKind::command : is_reactor ? WasiKind::reactor : WasiKind::library;
}

Outcome<std::uint32_t> run_start(const Instance& instance) {
  if (!instance.func(start_name)) {
    return Error{ErrorCode::argument, 0, "the module exports no function _start", "it is not a command"};
  }
  return exit_code(call_entry(instance, start_name));
}

Outcome<std::uint32_t> run_command(const Linker& linker, Store& store, const Module& module) {
  if (auto kind = wasi_kind(module); !kind) return kind.error();
  auto instance = linker.instantiate(store, module);
  if (Trap* trap = instance.trap()) return exit_code(std::move(*trap));
  if (Error* error = instance.error()) return std::move(*error);
  return run_start(*instance);
}

Outcome<Instance> instantiate_reactor(const Linker& linker, Store& store, const Module& module) {
  if (auto kind = wasi_kind(module); !kind) return kind.error();
  auto instance = linker.instantiate(store, module);
  if (!instance.ok()) return instance;
  auto initialized = call_entry(*instance, initialize_name);
  if (Trap* trap = initialized.trap()) return std::move(*trap);
  if (Error* error = initialized.error()) return std::move(*error);
  return instance;
}

}  // namespace wisp
