#include "wasm/decoder.hpp"

#include <array>

#include "wasm/module_decoder.hpp"
#include "wasm/validator.hpp"

namespace wisp::wasm {

namespace {

constexpr std::array<u8, 4> magic{0x00, 'a', 's', 'm'};
constexpr u64 preamble_bytes = 8;

bool starts_with(Bytes bytes, std::string_view prefix) {
  return as_text(bytes).starts_with(prefix);
}

/// What a file that is no module may be instead; empty if there is nothing to say.
std::string_view guess(Bytes bytes) {
  const usize first = as_text(bytes).find_first_not_of(" \t\r\n");
  const Bytes text = first == std::string_view::npos ? Bytes() : bytes.subspan(first);
  if (starts_with(text, "(") || starts_with(text, ";;")) return "this looks like the text format";
  if (starts_with(bytes,
                  "\x7f"
                  "ELF"))
    return "this is an ELF file, a native program or library";
  if (starts_with(bytes, "!<arch>")) return "this is an archive of object files";
  if (starts_with(bytes, "\x1f\x8b")) return "this is compressed with gzip";
  if (starts_with(bytes, "PK\x03\x04")) return "this is a zip archive";
  if (starts_with(bytes, "\x28\xb5\x2f\xfd")) return "this is compressed with zstd";
  if (starts_with(bytes, "BC\xc0\xde")) return "this is LLVM bitcode";
  if (starts_with(bytes, "#!")) return "this is a script";
  return "";
}

std::string with_reason(const std::string& message, std::string_view reason) {
  return reason.empty() ? message : message + ": " + std::string(reason);
}

}  // namespace

bool looks_like_wasm(Bytes bytes) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

Result<std::shared_ptr<const Module>> decode(ModuleBytes bytes, std::shared_ptr<TypeRegistry> registry,
                                             Features features) {
  ModuleDecoder decoder(std::move(bytes), std::move(registry), features);
  return decoder.run();
}

ModuleDecoder::ModuleDecoder(ModuleBytes bytes, std::shared_ptr<TypeRegistry> registry, Features features)
    : module_(std::make_shared<Module>()), reader_(*module_, {}, 0), expressions_(*module_) {
  module_->bytes = bytes.bytes;
  module_->bytes_owner = std::move(bytes.owner);
  module_->unread = std::move(bytes.unread);
  module_->registry = std::move(registry);
  module_->features = features;
  reader_.reset(module_->bytes, 0);
}

Result<std::shared_ptr<const Module>> ModuleDecoder::run() {
  if (!preamble() || !sections() || !finish()) return first_error();
  return std::shared_ptr<const Module>(std::move(module_));
}

Error ModuleDecoder::first_error() {
  Error error = reader_.take_error();
  if (module_->bodies.empty()) return error;
  module_->declared_functions.resize(module_->functions.size());
  Result<void> bodies = validate(*module_);
  return !bodies.ok() && bodies.error().offset <= error.offset ? std::move(bodies).error() : std::move(error);
}

bool ModuleDecoder::preamble() {
  const Bytes bytes = module_->bytes;
  if (bytes.size() > limits::module_bytes.value) return reader_.exceeds(0, limits::module_bytes, bytes.size());
  if (bytes.empty()) return reader_.malformed(0, "unexpected end: the file is empty");
  if (bytes.size() < magic.size()) {
    return reader_.malformed(bytes.size(), with_reason("unexpected end: too short for a module", guess(bytes)));
  }
  if (!looks_like_wasm(bytes)) return reader_.malformed(0, with_reason("magic header not detected", guess(bytes)));
  reader_.skip(magic.size());
  if (bytes.size() < preamble_bytes) return reader_.unexpected_end();
  return version(reader_.offset());
}

bool ModuleDecoder::version(u64 offset) {
  constexpr u16 core_version = 1;
  constexpr u16 component_layer = 1;
  const u16 number = load_le<u16>(reader_.position());
  const u16 layer = load_le<u16>(reader_.position() + sizeof number);
  reader_.skip(sizeof number + sizeof layer);
  if (number == core_version && layer == 0) return true;
  if (layer == component_layer) {
    return reader_.fail(ErrorCode::malformed, offset,
                        "unknown binary version: this is a component, where a core module is expected",
                        "take the core module out of the component, or build for wasm32-wasip1");
  }
  return reader_.malformed(offset, "unknown binary version " + std::to_string(number | u32{layer} << 16));
}

bool ModuleDecoder::sections() {
  while (!reader_.at_end()) {
    if (!section()) return false;
  }
  return true;
}

bool ModuleDecoder::section() {
  // Places in the prescribed order, by identifier; custom sections may stand anywhere.
  constexpr std::array<u8, 14> ranks{0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6};
  const u64 start = reader_.offset();
  u8 id = 0;
  u32 size = 0;
  if (!reader_.read_byte(id)) return false;
  if (id >= ranks.size()) return reader_.malformed(start, "malformed section id " + std::to_string(id));
  if (!reader_.read_count(size)) return false;
  if (ranks[id] != 0 && ranks[id] <= last_rank_)
    return reader_.malformed(start, "unexpected content after last section");
  if (ranks[id] != 0) last_rank_ = ranks[id];

  const u64 offset = reader_.offset();
  const Bytes bytes = module_->bytes;
  reader_.reset(bytes.subspan(offset, size), offset);
  if (!section_body(SectionId(id))) return false;
  if (!reader_.at_end()) return reader_.malformed(reader_.offset(), "section size mismatch");
  reader_.reset(bytes.subspan(offset + size), offset + size);
  return true;
}

bool ModuleDecoder::section_body(SectionId id) {
  switch (id) {
    case SectionId::custom:
      return custom_section();
    case SectionId::type:
      return type_section();
    case SectionId::import:
      return import_section();
    case SectionId::function:
      return function_section();
    case SectionId::table:
      return table_section();
    case SectionId::memory:
      return memory_section();
    case SectionId::global:
      return global_section();
    case SectionId::export_:
      return export_section();
    case SectionId::start:
      return start_section();
    case SectionId::elem:
      return elem_section();
    case SectionId::code:
      return code_section();
    case SectionId::data:
      return data_section();
    case SectionId::data_count:
      return data_count_section();
    case SectionId::tag:
      return tag_section();
  }
  WISP_UNREACHABLE();
}

bool ModuleDecoder::finish() {
  if (module_->bodies.size() != module_->functions.size() - module_->imported_functions) {
    return reader_.malformed(reader_.offset(), "function and code section have inconsistent lengths");
  }
  if (module_->data_count && *module_->data_count != module_->datas.size()) {
    return reader_.malformed(reader_.offset(), "data count and data section have inconsistent lengths");
  }
  module_->declared_functions.resize(module_->functions.size());
  return true;
}

bool ModuleDecoder::check_space(u64 size, const ImplementationLimit& limit, u64 offset) {
  return size < limit.value || reader_.exceeds(offset, limit, size + 1);
}

void ModuleDecoder::declare(FuncIndex function) {
  module_->declared_functions.resize(module_->functions.size());
  module_->declared_functions[function.value] = true;
}

bool ModuleDecoder::expression(ValType type, ConstExpr& expression) {
  if (!expressions_.run(reader_, type, expression)) return false;
  for (const FuncIndex function : expressions_.functions()) declare(function);
  return true;
}

bool ModuleDecoder::custom_section() {
  CustomSection section;
  if (!reader_.read_name(section.name)) return false;
  section.offset = reader_.offset();
  section.size_bytes = reader_.remaining();
  reader_.skip(section.size_bytes);
  module_->custom_sections.push_back(section);
  return true;
}

bool ModuleDecoder::data_count_section() {
  const u64 start = reader_.offset();
  u32 count = 0;
  if (!reader_.require(Feature::bulk_memory, start, "malformed section id 12") || !reader_.read_u32(count))
    return false;
  if (count > limits::data_segments.value) return reader_.exceeds(start, limits::data_segments, count);
  module_->data_count = count;
  return true;
}

bool ModuleDecoder::code_section() {
  module_->code_section_offset = reader_.offset();
  module_->code_section_size_bytes = reader_.remaining();
  const u64 start = reader_.offset();
  u32 count = 0;
  if (!reader_.read_count(count)) return false;
  if (count != module_->functions.size() - module_->imported_functions) {
    return reader_.malformed(start, "function and code section have inconsistent lengths");
  }
  module_->bodies.reserve(count);
  for (u32 i = 0; i < count; ++i) {
    if (!body()) return false;
  }
  return true;
}

bool ModuleDecoder::body() {
  const u64 start = reader_.offset();
  u32 size = 0;
  Body body;
  if (!reader_.read_count(size)) return false;
  if (size > limits::body_bytes.value) return reader_.exceeds(start, limits::body_bytes, size);
  body.offset = reader_.offset();
  if (!reader_.read_bytes(size, body.code)) return false;
  module_->bodies.push_back(body);
  return true;
}

bool ModuleDecoder::data_section() {
  u32 count = 0;
  if (!reader_.read_count(count, limits::data_segments)) return false;
  constexpr u64 smallest_segment_bytes = 2;
  module_->datas.reserve(std::min<u64>(count, reader_.remaining() / smallest_segment_bytes));
  for (u32 i = 0; i < count; ++i) {
    if (!data_segment()) return false;
  }
  return true;
}

bool ModuleDecoder::data_segment() {
  constexpr u32 passive = 1, explicit_memory = 2;
  const u64 start = reader_.offset();
  u32 kind = 0;
  DataSegment segment;
  if (!reader_.read_u32(kind)) return false;
  if (kind > explicit_memory) return reader_.malformed(start, "malformed data segment kind");
  if (kind != 0 && !reader_.require(Feature::bulk_memory, start, "malformed data segment kind")) return false;
  segment.mode = kind == passive ? SegmentMode::passive : SegmentMode::active;
  if (kind != passive) {
    const u64 index_offset = reader_.offset();
    if (kind == explicit_memory && !reader_.read_u32(segment.memory.value)) return false;
    if (segment.memory.value >= module_->memories.size()) {
      return reader_.unknown("memory", segment.memory.value, index_offset);
    }
    const Limits& limits = module_->memories[segment.memory.value].limits;
    if (!expression(limits.address_type(), segment.offset)) return false;
  }
  u32 size = 0;
  if (!reader_.read_count(size) || !reader_.read_bytes(size, segment.bytes)) return false;
  module_->datas.push_back(segment);
  return true;
}

}  // namespace wisp::wasm
