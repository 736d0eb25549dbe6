#include "cli/run.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <span>

#include <fmt/format.h>

#include "wisp/wisp.hpp"

#include "api/process.hpp"
#include "cli/cache.hpp"
#include "cli/endings.hpp"
#include "cli/guest_profile.hpp"
#include "cli/input.hpp"
#include "cli/interrupt.hpp"
#include "cli/json.hpp"
#include "cli/nearest.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/units.hpp"
#include "cli/values.hpp"
#include "cli/world.hpp"

namespace wisp::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// The operating system keeps eight bits.
constexpr int largest_exit_code = 255;

void must(const Result<void>& result, const std::string& file) {
  if (!result) throw Failure(about_file(result.error(), file));
}

const Preload* preloaded_as(const std::string& module, std::span<const Preload> preloads) {
  const auto at = std::ranges::find(preloads, module, &Preload::name);
  return at == preloads.end() ? nullptr : &*at;
}

Message missing_imports(const std::string& file, const std::vector<UnsatisfiedImport>& imports,
                        std::span<const Preload> preloads) {
  Message message(MessageId::link, fmt::format("cannot link {}: {} import{} not available", printable(file),
                                               imports.size(), imports.size() == 1 ? " is" : "s are"));
  message.file = file;
  for (const UnsatisfiedImport& import : imports) {
    std::string why = import.wanted;
    if (!import.found.empty()) why = fmt::format("wants {}, but there is {}", import.wanted, import.found);
    std::string hint = import.hint;
    if (const Preload* one = preloaded_as(import.module, preloads); one != nullptr && import.found.empty()) {
      hint = fmt::format("{}, preloaded as {}, exports no {}", printable(one->file), printable(one->name),
                         printable(import.name));
    }
    message.items.push_back({printable(import.module + "." + import.name), printable(why), hint});
  }
  const UnsatisfiedImport& first = imports.front();
  const bool is_of_a_module = first.found.empty() && !first.module.starts_with("wasi") && first.module != "env";
  if (is_of_a_module && preloaded_as(first.module, preloads) == nullptr) {
    message.hint(fmt::format("--preload {}=FILE takes the imports of {} from another module", printable(first.module),
                             printable(first.module)));
  }
  return message;
}

/// Where the code's names go, if somebody wants them; else null.
std::shared_ptr<CodeLog> open_code_log(const ProfileSettings& profile) {
  using Kind = ProfileSettings::Kind;
  if (profile.kind != Kind::perf_map && profile.kind != Kind::jit_dump) return nullptr;
  const auto log = profile.kind == Kind::perf_map ? CodeLog::perf_map() : CodeLog::jit_dump(".");
  if (!log) throw Failure(Message(MessageId::output, printable(log.error().message)).hint(log.error().hint));
  return *log;
}

/// One guest, from its file to its end.
class Guest {
 public:
  Guest(const Invocation& invocation, const Reporter& reporter)
      : cache_(choose_cache(invocation)),
        code_log_(open_code_log(invocation.run.profile)),
        invocation_(invocation),
        settings_(invocation.run),
        reporter_(reporter),
        file_(invocation.files.front()),
        engine_(config()),
        module_(load_module(engine_, file_)),
        store_(make_store()),
        linker_(engine_),
        denials_(reporter) {
    report_cache();
    if (invocation_.precompiled) use_precompiled();
    if (settings_.fuel) store_.set_fuel(*settings_.fuel);
    linker_.set_unknown_imports(settings_.unknown_imports);
  }

  int run(HostEnvironment environment) {
    const Clock::time_point loaded = Clock::now();
    const WasiKind kind = check_kind();
    check_mounts(settings_);
    for (const Message& warning : invocation_.warnings) reporter_.report(warning);
    for (const Message& warning : suspicious_grants(settings_)) reporter_.report(warning);
    warn_about_trace();
    give_world(environment);
    const StopOnInterrupt stop(store_);
    if (invocation_.timeout) store_.set_timeout(*invocation_.timeout);
    if (is_sampled()) start_profile();
    std::optional<int> code = preload();
    if (!code) {
      check_links();
      code = execute(kind);
    }
    if (invocation_.precompiled) report_misfits();
    if (is_sampled()) write_profile();
    const Clock::duration running = Clock::now() - loaded;
    if (cache_.cache != nullptr) cache_.cache->write();
    if (settings_.stats) show_stats(loaded - started_, running);
    return *code;
  }

 private:
  Config config() const {
    Config config = invocation_.config;
    config.code_cache = cache_.cache;
    config.code_log = code_log_;
    config.sampled = is_sampled();
    // Calls that can be seen take more of it.
    if (settings_.profile.kind != ProfileSettings::Kind::none) config.native_stack_bytes *= 3;
    config.pooled_slots = 0;  // there is no next guest
    config.on_compile = [wait = std::make_shared<CompileWait>(has_terminal())](bool begins) { (*wait)(begins); };
    return config;
  }

  bool is_sampled() const { return settings_.profile.kind == ProfileSettings::Kind::guest; }

  void start_profile() {
    // It is better not to run at all than to find out at the end that there is no place for the profile.
    check_place(settings_.profile.file);
    must(store_.set_sampler(settings_.profile.interval, [this](const Sample& sample) { profile_.add(sample); }), file_);
  }

  void write_profile() {
    store_.clear_sampler();
    write_file(settings_.profile.file, profile_.to_json());
    Message message(MessageId::profile,
                    fmt::format("{} samples in {}", profile_.sample_count(), printable(settings_.profile.file)));
    message.severity = Severity::note;
    reporter_.report(std::move(message).hint("https://profiler.firefox.com shows them"));
  }

  void report_cache() {
    if (cache_.problem.empty() || !cache_.is_news) return;
    Message message = about_cache(cache_, "--cache DIR takes another directory, --no-cache none");
    message.severity = Severity::warning;
    reporter_.report(message);
  }

  void use_precompiled() {
    const Result<void> used = module_.use_precompiled();
    if (used) return;
    const bool is_about_code = !used.error().hint.empty();
    warn_about_precompiled(used.error().message,
                           is_about_code ? how_to_compile() : "leave out --precompiled, or what it does not go with");
  }

  /// Functions are looked for when they are called.
  void report_misfits() {
    const Module::PrecompiledUse use = module_.precompiled_use();
    if (use.refused == 0) return;
    warn_about_precompiled(fmt::format("the precompiled code of {} of {} functions is damaged, or the module has been "
                                       "changed since",
                                       use.refused, use.found + use.refused + use.missing),
                           how_to_compile());
  }

  std::string how_to_compile() {
    return fmt::format("`wisp compile {} -o OUT` makes code that fits", printable(file_));
  }

  void warn_about_precompiled(const std::string& what, std::string hint) {
    Message message(MessageId::precompiled, fmt::format("{}: {}", printable(file_), what));
    message.severity = Severity::warning;
    reporter_.report(std::move(message).hint(std::move(hint)));
  }

  Store make_store() {
    Result<Store> store = Store::create(engine_, settings_.limits);
    if (!store) throw Failure(Message(MessageId::internal, store.error().message).hint(store.error().hint));
    return *std::move(store);
  }

  WasiKind check_kind() {
    const Result<WasiKind> kind = wasi_kind(module_);
    if (!kind) {
      Message message(MessageId::abi, fmt::format("{}: {}", printable(file_), kind.error().message));
      message.file = file_;
      if (!kind.error().hint.empty()) message.hint(kind.error().hint);
      throw Failure(message);
    }
    if (!settings_.invoke && *kind == WasiKind::library && !has_start_function()) throw Failure(nothing_to_run());
    return *kind;
  }

  /// The one that runs when the module is instantiated, not the export `_start`.
  bool has_start_function() {
    constexpr u8 start_section = 8;
    return std::ranges::any_of(module_.sections(), [](const Section& one) { return one.id == start_section; });
  }

  Message nothing_to_run() {
    Message message(MessageId::nothing_to_run, fmt::format("{} is a library: it exports no _start", printable(file_)));
    message.file = file_;
    std::string names;
    usize count = 0;
    for (const ExportType& one : module_.exports()) {
      constexpr usize shown = 8;
      if (one.kind() != ExternKind::func || ++count > shown) continue;
      names += (names.empty() ? "" : ", ") + printable(one.name);
    }
    if (names.empty()) return std::move(message).detail("it exports no functions at all");
    return std::move(message)
        .detail(fmt::format("it exports {}{}", names, count > 8 ? ", …" : ""))
        .hint(fmt::format("wisp --invoke NAME {} [ARGS…] calls a function", printable(file_)));
  }

  void warn_about_trace() {
    for (const std::string& name : settings_.trace_names) {
      const auto is_called_so = [&](const ImportType& import) { return import.name.starts_with(name); };
      if (std::ranges::any_of(module_.imports(), is_called_so)) continue;
      Message note(MessageId::bad_value, fmt::format("--trace={}: {} imports nothing whose name begins so",
                                                     printable(name), printable(base_name(file_))));
      note.severity = Severity::note;
      reporter_.report(note);
    }
  }

  void give_world(HostEnvironment environment) {
    const WasiConfig world = make_world(invocation_, environment, denials_);
    Result<Wasi> wasi = Wasi::create(store_, world);
    if (!wasi) throw Failure(about_grants(wasi.error(), settings_));
    must(wasi->define_in(linker_), file_);
    for (const std::string& address : wasi->listen_addresses()) {
      Message message(MessageId::listening, fmt::format("listening on {}", address));
      message.severity = Severity::note;
      reporter_.report(message);
    }
  }

  /// The exit code if instantiating one of them ended the program.
  std::optional<int> preload() {
    std::span<const Preload> before;
    for (const Preload& preload : settings_.preloads) {
      const Module module = load_module(engine_, preload.file);
      const std::vector<UnsatisfiedImport> missing = linker_.unsatisfied(module);
      if (!missing.empty()) throw Failure(missing_imports(preload.file, missing, before));
      const Result<WasiKind> kind = wasi_kind(module);
      const bool is_reactor = kind.ok() && *kind == WasiKind::reactor;
      Outcome<Instance> instance =
          is_reactor ? instantiate_reactor(linker_, store_, module) : linker_.instantiate(store_, module);
      if (!instance) return end(instance.trap(), instance.error(), preload.file);
      must(linker_.define_instance(preload.name, *instance), preload.file);
      before = {settings_.preloads.data(), before.size() + 1};
    }
    return std::nullopt;
  }

  void check_links() {
    const std::vector<UnsatisfiedImport> missing = linker_.unsatisfied(module_);
    if (!missing.empty()) throw Failure(missing_imports(file_, missing, settings_.preloads));
  }

  int execute(WasiKind kind) {
    if (settings_.invoke) return invoke(kind);
    if (kind != WasiKind::command) {
      Outcome<Instance> instance = instantiate_reactor(linker_, store_, module_);
      return instance ? 0 : end(instance.trap(), instance.error(), file_);
    }
    const Outcome<std::uint32_t> code = run_command(linker_, store_, module_);
    return code ? exited(*code) : end(code.trap(), code.error(), file_);
  }

  int invoke(WasiKind kind) {
    // A command's `_start` runs it once and to its end; a function is called without it.
    Outcome<Instance> instance = kind == WasiKind::command ? linker_.instantiate(store_, module_)
                                                           : instantiate_reactor(linker_, store_, module_);
    if (!instance) return end(instance.trap(), instance.error(), file_);
    const std::optional<Func> function = instance->func(*settings_.invoke);
    if (!function) throw Failure(no_such_function());
    const std::vector<Value> arguments = parse_arguments(function->type());
    const Outcome<std::vector<Value>> results = function->call(arguments);
    if (!results) return end(results.trap(), results.error(), file_);
    std::string out;
    for (const Value& value : *results) out += show_value(value) + "\n";
    const bool written = std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0;
    if (!written) throw Failure(Message(MessageId::output, "cannot write to standard output"));
    return 0;
  }

  Message no_such_function() {
    std::vector<std::string> names;
    for (const ExportType& one : module_.exports()) {
      if (one.kind() == ExternKind::func) names.push_back(one.name);
    }
    Message message(MessageId::no_export,
                    fmt::format("{} exports no function {}", printable(file_), printable(*settings_.invoke)));
    message.file = file_;
    if (const auto type = module_.export_type(*settings_.invoke)) {
      message.detail(fmt::format("{} is a {}", printable(*settings_.invoke), to_string(ExternKind(type->index()))));
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string_view near = nearest(*settings_.invoke, views);
    if (!near.empty()) message.hint(fmt::format("did you mean --invoke {}?", printable(near)));
    return std::move(message).hint(fmt::format("`wisp inspect {}` lists what it exports", printable(file_)));
  }

  std::vector<Value> parse_arguments(const FuncType& type) {
    const std::vector<std::string>& words = invocation_.arguments;
    const std::string name = printable(*settings_.invoke);
    if (words.size() != type.params.size()) {
      throw Failure(
          Message(MessageId::bad_arguments, fmt::format("{} takes {} argument{}, {} given", name, type.params.size(),
                                                        type.params.size() == 1 ? "" : "s", words.size()))
              .detail(fmt::format("its type is {}", to_string(type))));
    }
    std::vector<Value> values;
    for (usize i = 0; i < words.size(); ++i) {
      const ValType& wanted = type.params[i];
      const std::optional<Value> value = parse_value(words[i], wanted);
      if (!value) {
        throw Failure(Message(MessageId::bad_arguments, fmt::format("argument {} of {}: {} is no {}", i + 1, name,
                                                                    printable(words[i]), wanted.to_string()))
                          .detail(fmt::format("its type is {}", to_string(type)))
                          .hint(fmt::format("give {}", describe_values(wanted))));
      }
      values.push_back(*value);
    }
    return values;
  }

  int exited(std::uint32_t code) {
    // exit(-1): what the system keeps of it is what a native program's caller would see.
    constexpr std::uint32_t minus_one = ~std::uint32_t{0};
    const bool uses_files = imports_wasi_function("path_open");
    if (code != 0 && uses_files) {
      if (const std::optional<Message> note = about_missing_directory(invocation_)) reporter_.report(*note);
    }
    if (code <= u32(largest_exit_code)) return int(code);
    if (code == minus_one) return largest_exit_code;
    Message note(MessageId::large_exit_code, fmt::format("{} exited with {}, reported as {}",
                                                         printable(base_name(file_)), code, largest_exit_code));
    note.severity = Severity::note;
    reporter_.report(note);
    return largest_exit_code;
  }

  bool imports_wasi_function(std::string_view name) {
    return std::ranges::any_of(module_.imports(),
                               [&](const ImportType& import) { return is_wasi(import.module) && import.name == name; });
  }

  int end(const Trap* trap, const Error* error, const std::string& file) {
    if (trap != nullptr && trap->is_exit()) return exited(trap->exit_code);
    const Message message =
        trap != nullptr ? about_trap(*trap, file, invocation_) : about_start(*error, file, invocation_);
    reporter_.report(message);
    return message.exit_code();
  }

  void show_stats(Clock::duration load, Clock::duration run) {
    const StoreStats stats = store_.stats();
    if (reporter_.style().json) {
      Json out{{"level", "stats"},
               {"load_ns", load.count()},
               {"run_ns", run.count()},
               {"peak_memory_bytes", stats.peak_memory_bytes},
               {"peak_heap_bytes", stats.peak_heap_bytes},
               {"collections", stats.collections},
               {"instances", stats.instances}};
      if (settings_.fuel) out["fuel"] = stats.fuel_consumed;
      if (cache_.cache != nullptr) {
        const CodeCache::Use use = cache_.cache->use();
        out["cache"] = {{"found", use.found}, {"stored", use.stored}, {"refused", use.refused}};
      } else if (!cache_.problem.empty()) {
        out["cache"] = {{"problem", cache_.problem}};
      }
      if (invocation_.precompiled) {
        const Module::PrecompiledUse use = module_.precompiled_use();
        out["precompiled"] = {{"found", use.found}, {"refused", use.refused}, {"missing", use.missing}};
      }
      fmt::print(stderr, "{}\n", to_text(out));
      return;
    }
    fmt::print(stderr, "stats: {:<12} {} to load, {} to run\n", "time", show_duration(load), show_duration(run));
    fmt::print(stderr, "stats: {:<12} {} at most\n", "memory", show_size(stats.peak_memory_bytes));
    if (stats.peak_heap_bytes != 0) {
      fmt::print(stderr, "stats: {:<12} {} at most, {} collections\n", "objects", show_size(stats.peak_heap_bytes),
                 stats.collections);
    }
    show_cache();
    if (invocation_.precompiled) {
      const Module::PrecompiledUse use = module_.precompiled_use();
      fmt::print(stderr, "stats: {:<12} {} functions found, {} refused, {} missing\n", "precompiled", use.found,
                 use.refused, use.missing);
    }
    if (settings_.fuel) fmt::print(stderr, "stats: {:<12} {} of {}\n", "fuel", stats.fuel_consumed, *settings_.fuel);
  }

  void show_cache() {
    if (cache_.cache == nullptr) {
      if (!cache_.problem.empty())
        fmt::print(stderr, "stats: {:<12} none: {}\n", "code cache", printable(cache_.problem));
      return;
    }
    const CodeCache::Use use = cache_.cache->use();
    fmt::print(stderr, "stats: {:<12} {} functions found, {} added", "code cache", use.found, use.stored);
    if (use.refused != 0) fmt::print(stderr, ", {} refused", use.refused);
    fmt::print(stderr, "\n");
  }

  const Clock::time_point started_ = Clock::now();
  const ChosenCache cache_;
  const std::shared_ptr<CodeLog> code_log_;
  const Invocation& invocation_;
  const RunSettings& settings_;
  const Reporter& reporter_;
  const std::string& file_;
  Engine engine_;
  Module module_;
  Store store_;
  Linker linker_;
  DenialLog denials_;
  GuestProfile profile_{base_name(file_), settings_.profile.interval};
};

}  // namespace

int run(const Invocation& invocation, const Reporter& reporter, HostEnvironment environment) {
  auto guest = std::make_unique<Guest>(invocation, reporter);
  const int code = guest->run(environment);
  // The process ends now, which takes everything back: destroying the engine would wait for what is being compiled.
  [[maybe_unused]] const Guest* const left = guest.release();
  return code;
}

}  // namespace wisp::cli
