#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include "api/access.hpp"
#include "api/file_bytes.hpp"
#include "base/leb128.hpp"
#include "text/printer.hpp"
#include "text/wat.hpp"
#include "wasm/decoder.hpp"
#include "wasm/format.hpp"
#include "wasm/validator.hpp"

namespace wisp {

namespace {

/// Less code than this is validated by the calling thread alone: starting another costs more, and so does finding out
/// whether it is known.
constexpr u64 parallel_validation_bytes = 256 * 1024;

constexpr std::string_view section_names[] = {"custom", "type",  "import",  "function", "table", "memory",     "global",
                                              "export", "start", "element", "code",     "data",  "data count", "tag"};

wasm::ExternType type_of_export(const wasm::Module& module, const wasm::Export& item) {
  switch (item.kind) {
    case wasm::ExternKind::func:
      return wasm::FuncImport{module.functions[item.index]};
    case wasm::ExternKind::table:
      return module.tables[item.index].type;
    case wasm::ExternKind::memory:
      return module.memories[item.index];
    case wasm::ExternKind::global:
      return module.globals[item.index].type;
    case wasm::ExternKind::tag:
      return module.tags[item.index];
  }
  WISP_UNREACHABLE();
}

/// Validates the bodies in [first, last).
Result<void> validate_range(const wasm::Module& module, u32 first, u32 last) {
  wasm::NullSink sink;
  wasm::BodyValidator<wasm::NullSink> validator(module);
  for (u32 i = first; i < last; ++i) WISP_TRY(validator.run(FuncIndex(module.imported_functions + i), sink));
  return {};
}

/// Splits the bodies among threads; of several errors it reports the first by offset, as one thread would.
Result<void> validate_in_parallel(const wasm::Module& module, u32 thread_count) {
  const u32 count = u32(module.bodies.size());
  std::vector<Result<void>> results(thread_count);
  std::vector<std::thread> threads;
  u32 first = 0;
  for (u32 t = 0; t < thread_count; ++t) {
    const u64 up_to = module.code_section_offset + module.code_section_size_bytes * (t + 1) / thread_count;
    u32 last = first;
    while (last < count && (t + 1 == thread_count || module.bodies[last].offset < up_to)) ++last;
    threads.emplace_back([&module, &results, t, first, last] { results[t] = validate_range(module, first, last); });
    first = last;
  }
  for (std::thread& thread : threads) thread.join();
  for (Result<void>& result : results) WISP_TRY(std::move(result));
  return {};
}

Result<void> validate_bodies(const wasm::Module& module, Validation validation) {
  if (validation == Validation::lazy) return {};
  if (validation == Validation::parallel && module.code_section_size_bytes > parallel_validation_bytes) {
    // Asking how many processors there are takes longer than validating a small module.
    const u32 threads = std::min(std::thread::hardware_concurrency(), 8u);
    if (threads > 1) return validate_in_parallel(module, threads);
  }
  return validate_range(module, 0, u32(module.bodies.size()));
}

/// Validates the bodies, unless the code cache knows that an earlier process has.
Result<void> validate_once(const Config& config, const std::shared_ptr<const wasm::Module>& module,
                           Validation validation) {
  const bool is_kept = config.code_cache != nullptr && module->code_section_size_bytes > parallel_validation_bytes;
  if (!is_kept || validation == Validation::lazy) return validate_bodies(*module, validation);
  const auto cache = Access::disk(*config.code_cache)->open(module, is_guarded(config, *module));
  if (cache->is_known_valid()) return {};
  WISP_TRY(validate_bodies(*module, validation));
  cache->note_valid();
  return {};
}

Result<Module> load(const Engine& engine, wasm::ModuleBytes bytes, Validation validation) {
  const EngineState& state = Access::state(engine);
  WISP_TRY_ASSIGN(auto module, wasm::decode(std::move(bytes), state.registry, state.features));
  WISP_TRY(validate_once(state.config, module, validation));
  const bool is_valid = validation != Validation::lazy;
  auto loaded = std::make_shared<const runtime::LoadedModule>(std::move(module), *state.tier, is_valid);
  return Access::module(std::make_shared<const ModuleState>(ModuleState{engine, std::move(loaded)}));
}

Error cannot_read(const std::string& path) {
  return {ErrorCode::io, 0, "cannot read " + path + ": " + std::strerror(errno), ""};
}

Result<FileBytes> read_file(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) return cannot_read(path);
  FileBytes bytes;
  switch (read_all(file.get(), wasm::limits::module_bytes.value, bytes)) {
    case ReadStatus::ok:
      return bytes;
    case ReadStatus::too_large:
      return Error{ErrorCode::limit, 0, path + " is larger than a module may be", ""};
    case ReadStatus::failed:
      break;
  }
  return cannot_read(path);
}

const wasm::Module& raw(const Module& module) {
  return Access::state(module).loaded->module();
}

}  // namespace

InputKind kind_of(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return InputKind::empty;
  if (bytes.size() >= 4 && std::memcmp(bytes.data(), "\0asm", 4) == 0) {
    return bytes.size() >= 8 && bytes[4] == 0x0d && bytes[6] == 1 ? InputKind::component : InputKind::module;
  }
  const std::string_view text = as_text(bytes);
  const usize start = text.find_first_not_of(" \t\r\n");
  if (start != text.npos && (text[start] == '(' || text.substr(start, 2) == ";;")) return InputKind::text;
  return InputKind::unknown;
}

Result<Module> load_file(const Engine& engine, const FileBytes& file) {
  return load(engine, {file.bytes, file.owner, file.unread}, Validation::parallel);
}

Result<Module> Module::from_bytes(const Engine& engine, std::span<const std::uint8_t> bytes, Validation validation) {
  return load(engine, std::vector<u8>(bytes.begin(), bytes.end()), validation);
}

Result<Module> Module::from_bytes(const Engine& engine, std::vector<std::uint8_t>&& bytes, Validation validation) {
  return load(engine, std::move(bytes), validation);
}

Result<Module> Module::from_bytes(const Engine& engine, std::span<const std::uint8_t> bytes,
                                  std::shared_ptr<const void> owner, Validation validation) {
  return load(engine, {bytes, std::move(owner)}, validation);
}

Result<Module> Module::from_text(const Engine& engine, std::string_view source, Validation validation) {
  WISP_TRY_ASSIGN(auto bytes, text::assemble(source, Access::state(engine).features));
  return load(engine, std::move(bytes), validation);
}

Result<Module> Module::from_source(const Engine& engine, std::vector<std::uint8_t>&& bytes, Validation validation) {
  if (kind_of(bytes) == InputKind::text) return from_text(engine, as_text(bytes), validation);
  return load(engine, std::move(bytes), validation);
}

Result<Module> Module::from_file(const Engine& engine, const std::string& path, Validation validation) {
  WISP_TRY_ASSIGN(const FileBytes file, read_file(path));
  if (kind_of(file.bytes) == InputKind::text) return from_text(engine, as_text(file.bytes), validation);
  return load(engine, {file.bytes, file.owner}, validation);
}

Result<void> Module::validate() const {
  return state_->loaded->is_valid() ? Result<void>() : validate_bodies(raw(*this), Validation::parallel);
}

std::vector<ImportType> Module::imports() const {
  std::vector<ImportType> types;
  for (const wasm::Import& item : raw(*this).imports) {
    types.push_back({std::string(item.module), std::string(item.name), Access::lift(item.type)});
  }
  return types;
}

std::vector<ExportType> Module::exports() const {
  std::vector<ExportType> types;
  for (const wasm::Export& item : raw(*this).exports) {
    types.push_back({std::string(item.name), Access::lift(type_of_export(raw(*this), item))});
  }
  return types;
}

std::optional<ExternType> Module::export_type(std::string_view name) const {
  const wasm::Export* item = raw(*this).find_export(name);
  if (item == nullptr) return std::nullopt;
  return Access::lift(type_of_export(raw(*this), *item));
}

std::string Module::name() const {
  return std::string(state_->loaded->names().module.value_or(std::string_view()));
}

std::string Module::function_name(std::uint32_t index) const {
  return demangle(state_->loaded->function_name(FuncIndex(index)));
}

std::span<const std::uint8_t> Module::bytes() const {
  for (const wasm::CustomSection& section : raw(*this).custom_sections) (void)raw(*this).contents(section);
  return raw(*this).bytes;
}

std::vector<Section> Module::sections() const {
  const Bytes bytes = raw(*this).bytes;
  std::vector<Section> sections;
  const u8* cursor = bytes.data() + 8;
  const u8* const end = bytes.data() + bytes.size();
  while (cursor != end) {
    Section section;
    section.id = *cursor++;
    WISP_CHECK(read_uleb<32>(cursor, end, section.size_bytes) == LebStatus::ok);
    section.offset = u64(cursor - bytes.data());
    section.name = section_names[section.id];
    if (section.id == 0) {
      const u8* at = cursor;
      u64 length = 0;
      WISP_CHECK(read_uleb<32>(at, end, length) == LebStatus::ok);
      section.name = as_text({at, usize(length)});
    }
    sections.push_back(section);
    cursor += section.size_bytes;
  }
  return sections;
}

std::optional<std::span<const std::uint8_t>> Module::custom_section(std::string_view name) const {
  for (const wasm::CustomSection& section : raw(*this).custom_sections) {
    if (section.name == name) return raw(*this).contents(section);
  }
  return std::nullopt;
}

std::vector<std::string> Module::types() const {
  std::vector<std::string> types;
  for (const wasm::DefType* type : raw(*this).types) types.push_back(wasm::to_string(*type, &raw(*this)));
  return types;
}

std::uint32_t Module::count(ExternKind kind) const {
  const wasm::Module& module = raw(*this);
  switch (kind) {
    case ExternKind::func:
      return u32(module.functions.size());
    case ExternKind::table:
      return u32(module.tables.size());
    case ExternKind::memory:
      return u32(module.memories.size());
    case ExternKind::global:
      return u32(module.globals.size());
    case ExternKind::tag:
      return u32(module.tags.size());
  }
  return 0;
}

Result<std::string> print_text(const Module& module) {
  // The printer relies on what validation has seen.
  WISP_TRY(module.validate());
  return text::print(raw(module));
}

}  // namespace wisp
