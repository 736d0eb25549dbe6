#include <algorithm>
#include <numeric>
#include <thread>

#include "api/access.hpp"
#include "base/leb128.hpp"
#include "runtime/code_file.hpp"
#include "runtime/code_identity.hpp"
#include "sys/processor.hpp"

namespace wisp {

namespace {

constexpr std::string_view section_name = "wisp.code";

runtime::CodeBinding bind(const Engine& engine, const wasm::Module& module) {
  return runtime::bind_code(runtime::public_key, module, is_guarded(engine.config(), module),
                            sys::processor_identity());
}

/// The code in a module's custom section; the module outlives it.
class SectionCode final : public runtime::CodeSource {
 public:
  SectionCode(const runtime::CodeBinding& binding, Bytes section, std::shared_ptr<PrecompiledCounts> counts)
      : binding_(binding),
        counts_(std::move(counts)),
        file_(binding, section.size(), [section](u64 at, MutableBytes to) {
          if (at > section.size() || section.size() - at < to.size()) return false;
          if (!to.empty()) std::memcpy(to.data(), section.data() + at, to.size());
          return true;
        }) {}

  runtime::CodeFile::Fit fit() const { return file_.fit(); }

  std::optional<runtime::ObjectCode> find(const runtime::CodeUnit& unit) override {
    if (unit.loop) return std::nullopt;  // all functions are compiled, and no loops
    const runtime::CodeRecord* const record = file_.find(name_of(*binding_.module, unit));
    if (record == nullptr) {
      ++counts_->missing;
      return std::nullopt;
    }
    const auto bytes = file_.bytes_of(*record);
    std::optional<runtime::ObjectCode> code;
    if (bytes) code = unseal(binding_, unit, *record, *bytes);
    ++(code ? counts_->found : counts_->refused);
    return code;
  }

 private:
  runtime::CodeBinding binding_;
  std::shared_ptr<PrecompiledCounts> counts_;
  runtime::CodeFile file_;
};

/// Compiles all functions of a module.
class Precompiler {
 public:
  Precompiler(const Engine& engine, const wasm::Module& module, runtime::OptimizingCompiler& compiler)
      : module_(module),
        compiler_(compiler),
        binding_(bind(engine, module)),
        layouts_(module),
        is_guarded_(is_guarded(engine.config(), module)),
        order_(module.bodies.size()) {
    // The largest first, so that no thread is left with one of them at the end.
    std::iota(order_.begin(), order_.end(), 0);
    std::ranges::sort(order_, std::greater(), [&](u32 i) { return module.bodies[i].code.size(); });
  }

  std::vector<u8> run(const CompileProgress& progress) {
    std::vector<std::thread> threads;
    const usize count = std::clamp<usize>(std::thread::hardware_concurrency(), 1, std::max<usize>(order_.size(), 1));
    threads.reserve(count);
    for (usize i = 0; i < count; ++i) threads.emplace_back([&] { work(progress); });
    for (std::thread& thread : threads) thread.join();
    return write_code_file(binding_, entries_);
  }

  u32 functions() const { return u32(order_.size()); }
  u32 left_out() const { return u32(order_.size() - entries_.size()); }

 private:
  void work(const CompileProgress& progress) {
    while (true) {
      const usize next = next_.fetch_add(1);
      if (next >= order_.size()) return;
      const runtime::CodeUnit unit{FuncIndex(module_.imported_functions + order_[next])};
      const auto code = compiler_.compile(
          {.module = module_, .layouts = layouts_, .function = unit.function, .is_guarded = is_guarded_});
      std::optional<runtime::SealedCode> sealed;
      if (code) sealed = seal(binding_, unit, *code);
      const std::lock_guard lock(mutex_);
      if (sealed) {
        runtime::SealedCode& entry = entries_[sealed->record.name()];
        entry = *std::move(sealed);
      }
      if (progress) progress(++done_, u32(order_.size()));
    }
  }

  const wasm::Module& module_;
  runtime::OptimizingCompiler& compiler_;
  runtime::CodeBinding binding_;
  runtime::StructLayouts layouts_;
  bool is_guarded_;
  std::vector<u32> order_;
  std::atomic<usize> next_ = 0;

  std::mutex mutex_;  // for all below
  runtime::SealedEntries entries_;
  u32 done_ = 0;
};

void append_custom_section(std::vector<u8>& to, Bytes contents) {
  std::vector<u8> name;
  write_uleb(name, section_name.size());
  name.insert(name.end(), section_name.begin(), section_name.end());
  to.push_back(0);
  write_uleb(to, name.size() + contents.size());
  to.insert(to.end(), name.begin(), name.end());
  to.insert(to.end(), contents.begin(), contents.end());
}

/// The module without the sections that an earlier compilation added.
std::vector<u8> without_code(const Module& module) {
  const Bytes bytes = module.bytes();
  std::vector<u8> out;
  u64 copied = 0;
  u64 end_of_last = 8;
  for (const Section& section : module.sections()) {
    if (section.id == 0 && section.name == section_name) {
      out.insert(out.end(), bytes.begin() + i64(copied), bytes.begin() + i64(end_of_last));
      copied = section.offset + section.size_bytes;
    }
    end_of_last = section.offset + section.size_bytes;
  }
  out.insert(out.end(), bytes.begin() + i64(copied), bytes.end());
  return out;
}

Error does_not_fit(runtime::CodeFile::Fit fit) {
  using Fit = runtime::CodeFile::Fit;
  const char* const why = fit == Fit::other_build     ? "its precompiled code was made by another build of wisp"
                          : fit == Fit::other_machine ? "its precompiled code was made for another processor"
                          : fit == Fit::other_environment
                              ? "its precompiled code was made with other features or another memory mode, or the "
                                "module has been changed since"
                              : "its precompiled code is damaged";
  return {ErrorCode::unsupported, 0, why, "compile it again"};
}

}  // namespace

Result<void> Module::use_precompiled() const {
  const Config& config = Access::state(state_->engine).config;
  const auto refused = [](const char* why, const char* hint) { return Error{ErrorCode::argument, 0, why, hint}; };
  if (config.fuel) return refused("precompiled code does not count fuel", "");
  if (!config.interruptible) return refused("precompiled code can be interrupted, and here none is to be", "");
  if (config.sampled) return refused("precompiled code cannot be sampled", "");
  const std::optional<Bytes> section = custom_section(section_name);
  if (!section) return refused("there is no precompiled code in it", "`precompile` adds it");
  const wasm::Module& module = state_->loaded->module();
  auto code = std::make_shared<SectionCode>(bind(state_->engine, module), *section, state_->precompiled);
  if (code->fit() != runtime::CodeFile::Fit::fits) return does_not_fit(code->fit());
  if (state_->loaded->code().use(code)) return {};
  return refused("precompiled code is not used by this tier", "");
}

Module::PrecompiledUse Module::precompiled_use() const {
  const PrecompiledCounts& counts = *state_->precompiled;
  return {.found = counts.found, .refused = counts.refused, .missing = counts.missing};
}

Result<Precompiled> precompile(const Module& module, const CompileProgress& progress) {
  const ModuleState& state = Access::state(module);
  if (state.engine.config().fuel) return Error{ErrorCode::argument, 0, "compiled code does not count fuel", {}};
  const std::unique_ptr<runtime::OptimizingCompiler> compiler = make_optimizing_compiler();
  if (compiler == nullptr || compiler->identity() != runtime::code_identity()) {
    return Error{ErrorCode::unsupported, 0, "the optimizing compiler is not there, or is of another build", {}};
  }
  Precompiler precompiler(state.engine, state.loaded->module(), *compiler);
  const std::vector<u8> code = precompiler.run(progress);
  Precompiled out{without_code(module), precompiler.functions(), precompiler.left_out()};
  append_custom_section(out.bytes, code);
  return out;
}

}  // namespace wisp
