#include "runtime/code_file.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/leb128.hpp"
#include "runtime/code_identity.hpp"
#include "runtime/limits.hpp"

namespace wisp::runtime {

namespace {

constexpr u64 magic = 0x65646f6370736977;  // "wispcode"
constexpr u32 format_version = 2;

struct FileHeader {
  u64 magic = runtime::magic;
  u32 format = format_version;
  u32 count = 0;
  Hash128 build;
  Hash128 machine;
  Hash128 environment;
  Hash128 valid;
};
static_assert(sizeof(FileHeader) == 80);

struct EntryHeader {
  Hash128 bodies;  // MAC
  u32 body_count = 0;
  u32 origin_count = 0;
  u32 row_count = 0;
  u32 object_bytes = 0;
  u32 tried_ms = 0;
  u32 unused = 0;
};
static_assert(sizeof(EntryHeader) == 40);

/// A CodeOrigin whose offset counts from the start of its function's body, so that bodies may move.
struct StoredOrigin {
  u32 function;
  u32 inlined_into;
  u64 offset;
};
static_assert(sizeof(StoredOrigin) == 16 && sizeof(LocationTable::Row) == 8);

/// What a hash is of: none is to be taken for another.
enum class Purpose : u8 { build, machine, environment, bodies, entry, valid };

SipHash hash_for(const Hash128& key, Purpose purpose) {
  SipHash hash(key);
  hash.add(u64(purpose));
  return hash;
}

void add_sized(SipHash& hash, Bytes bytes) {
  hash.add(bytes.size()).add(bytes);
}

/// All sections but those of code, data and names.
void add_sections(SipHash& hash, const wasm::Module& module) {
  enum SectionId : u8 { custom = 0, code = 10, data = 11 };
  const u8* cursor = module.bytes.data() + 8;
  const u8* const end = module.bytes.data() + module.bytes.size();
  while (cursor != end) {
    const u8 id = *cursor++;
    u64 size = 0;
    WISP_CHECK(read_uleb<32>(cursor, end, size) == LebStatus::ok);
    if (id != custom && id != code && id != data) {
      hash.add(u64(id));
      add_sized(hash, {cursor, usize(size)});
    }
    cursor += size;
  }
  hash.add(module.bodies.size()).add(module.datas.size());
}

template <class T>
void append(std::vector<u8>& to, const T* values, usize count) {
  const u8* const from = reinterpret_cast<const u8*>(values);
  to.insert(to.end(), from, from + count * sizeof(T));
}

/// Takes values off the front; false if there are too few bytes.
template <class T>
bool take(Bytes& from, usize count, std::vector<T>& values) {
  if (count > from.size() / sizeof(T)) return false;
  values.resize(count);
  if (count != 0) std::memcpy(values.data(), from.data(), count * sizeof(T));
  from = from.subspan(count * sizeof(T));
  return true;
}

bool has_body(const wasm::Module& module, u32 function) {
  return function >= module.imported_functions && function < module.functions.size();
}

Hash128 hash_bodies(const CodeBinding& binding, const std::vector<FuncIndex>& bodies) {
  SipHash hash = hash_for(binding.key, Purpose::bodies);
  for (const FuncIndex function : bodies) {
    hash.add(u64(function.value));
    add_sized(hash, binding.module->body(function).code);
  }
  return hash.finish();
}

Hash128 hash_entry(const CodeBinding& binding, const EntryName& name, Bytes bytes) {
  SipHash hash = hash_for(binding.key, Purpose::entry);
  hash.add(binding.environment).add(u64(name.first)).add(name.second);
  add_sized(hash, bytes);
  return hash.finish();
}

void fill_record(const CodeBinding& binding, const EntryName& name, SealedCode& sealed) {
  sealed.record.function = name.first;
  sealed.record.loop = name.second;
  sealed.record.size_bytes = u32(sealed.bytes.size());
  sealed.record.mac = hash_entry(binding, name, sealed.bytes);
}

/// False if the origins make no sense.
bool restore(const wasm::Module& module, const std::vector<StoredOrigin>& stored, LocationTable& table) {
  for (u32 i = 0; i < stored.size(); ++i) {
    const StoredOrigin& origin = stored[i];
    if (!has_body(module, origin.function)) return false;
    if (origin.inlined_into != CodeOrigin::none && origin.inlined_into >= i) return false;
    const FuncIndex function(origin.function);
    table.origins.push_back({function, module.body(function).offset + origin.offset, origin.inlined_into});
  }
  return std::ranges::all_of(table.rows, [&](const LocationTable::Row& row) {
    return row.origin == CodeOrigin::none || row.origin < stored.size();
  });
}

}  // namespace

CodeBinding bind_code(const Hash128& key, const wasm::Module& module, bool is_guarded, Bytes machine) {
  CodeBinding binding{.key = key, .build = {}, .machine = {}, .environment = {}, .module = &module};
  binding.build = hash_for(key, Purpose::build).add(as_bytes(code_identity())).finish();
  binding.machine = hash_for(key, Purpose::machine).add(machine).finish();
  SipHash hash = hash_for(key, Purpose::environment);
  hash.add(binding.build).add(binding.machine).add(u64(is_guarded));
  for (const wasm::FeatureInfo& info : wasm::feature_table) hash.add(u64(module.features.has(info.feature)));
  add_sections(hash, module);
  binding.environment = hash.finish();
  return binding;
}

bool is_attempt(const CodeRecord& record) {
  return record.name() != called_name && record.size_bytes <= sizeof(EntryHeader) + sizeof(u32);
}

EntryName name_of(const wasm::Module& module, const CodeUnit& unit) {
  return {unit.function.value, unit.loop ? *unit.loop - module.body(unit.function).offset + 1 : 0};
}

CodeUnit unit_of(const wasm::Module& module, const EntryName& name) {
  const FuncIndex function(name.first);
  if (name.second == 0) return {function};
  return {function, module.body(function).offset + name.second - 1};
}

std::optional<SealedCode> seal(const CodeBinding& binding, const CodeUnit& unit, const ObjectCode& code) {
  const wasm::Module& module = *binding.module;
  std::vector<StoredOrigin> origins;
  for (const CodeOrigin& origin : code.locations.origins) {
    if (!has_body(module, origin.function.value)) return std::nullopt;
    const u64 begin = module.body(origin.function).offset;
    origins.push_back({origin.function.value, origin.inlined_into, origin.offset - begin});
  }
  const EntryHeader header{.bodies = hash_bodies(binding, code.bodies),
                           .body_count = u32(code.bodies.size()),
                           .origin_count = u32(origins.size()),
                           .row_count = u32(code.locations.rows.size()),
                           .object_bytes = u32(code.object.size()),
                           .tried_ms = u32(code.tried.count())};
  SealedCode sealed;
  append(sealed.bytes, &header, 1);
  for (const FuncIndex function : code.bodies) append(sealed.bytes, &function.value, 1);
  append(sealed.bytes, origins.data(), origins.size());
  append(sealed.bytes, code.locations.rows.data(), code.locations.rows.size());
  append(sealed.bytes, code.object.data(), code.object.size());
  if (sealed.bytes.size() > limits::cached_entry_bytes) return std::nullopt;
  fill_record(binding, name_of(module, unit), sealed);
  return sealed;
}

SealedCode seal_called(const CodeBinding& binding, const std::vector<FuncIndex>& functions) {
  SealedCode sealed;
  for (const FuncIndex function : functions) append(sealed.bytes, &function.value, 1);
  fill_record(binding, called_name, sealed);
  return sealed;
}

std::vector<FuncIndex> unseal_called(const CodeBinding& binding, const CodeRecord& record, Bytes bytes) {
  if (!equal_in_constant_time(hash_entry(binding, called_name, bytes), record.mac)) return {};
  std::vector<u32> numbers;
  std::vector<FuncIndex> functions;
  if (!take(bytes, bytes.size() / sizeof(u32), numbers)) return {};
  for (const u32 number : numbers) {
    if (!has_body(*binding.module, number)) return {};
    functions.emplace_back(number);
  }
  return functions;
}

std::optional<ObjectCode> unseal(const CodeBinding& binding, const CodeUnit& unit, const CodeRecord& record,
                                 Bytes bytes) {
  const wasm::Module& module = *binding.module;
  if (!equal_in_constant_time(hash_entry(binding, name_of(module, unit), bytes), record.mac)) return std::nullopt;
  if (bytes.size() < sizeof(EntryHeader)) return std::nullopt;
  const auto header = load_le<EntryHeader>(bytes.data());
  bytes = bytes.subspan(sizeof header);
  ObjectCode code;
  code.tried = std::chrono::milliseconds(header.tried_ms);
  std::vector<u32> bodies;
  std::vector<StoredOrigin> origins;
  const bool is_whole = take(bytes, header.body_count, bodies) && take(bytes, header.origin_count, origins) &&
                        take(bytes, header.row_count, code.locations.rows) && bytes.size() == header.object_bytes;
  if (!is_whole) return std::nullopt;
  for (const u32 function : bodies) {
    if (!has_body(module, function)) return std::nullopt;
    code.bodies.emplace_back(function);
  }
  if (!equal_in_constant_time(hash_bodies(binding, code.bodies), header.bodies)) return std::nullopt;
  if (!restore(module, origins, code.locations)) return std::nullopt;
  code.object.assign(bytes.begin(), bytes.end());
  return code;
}

Hash128 hash_all_bodies(const CodeBinding& binding) {
  const wasm::Module& module = *binding.module;
  const Bytes bodies = module.bytes.subspan(module.code_section_offset, module.code_section_size_bytes);
  // Two halves are hashed in little more than half of the time.
  const auto hash_of_part = [&](u64 number) {
    return hash_for(binding.key, Purpose::valid).add(binding.environment).add(bodies.size()).add(number);
  };
  SipHash first = hash_of_part(0);
  SipHash second = hash_of_part(1);
  const usize middle = bodies.size() / 2;
  SipHash::add_to_both(first, bodies.first(middle), second, bodies.subspan(middle));
  return hash_of_part(2).add(first.finish()).add(second.finish()).finish();
}

std::vector<u8> write_code_file(const CodeBinding& binding, const SealedEntries& entries, const Hash128& valid) {
  const FileHeader header{.count = u32(entries.size()),
                          .build = binding.build,
                          .machine = binding.machine,
                          .environment = binding.environment,
                          .valid = valid};
  std::vector<u8> file;
  u64 size = sizeof header + entries.size() * sizeof(CodeRecord);
  for (const auto& [name, entry] : entries) size += entry.bytes.size();
  file.reserve(size);
  append(file, &header, 1);
  u64 offset = sizeof header + entries.size() * sizeof(CodeRecord);
  for (const auto& [name, entry] : entries) {
    CodeRecord record = entry.record;
    record.offset = offset;
    append(file, &record, 1);
    offset += entry.bytes.size();
  }
  for (const auto& [name, entry] : entries) append(file, entry.bytes.data(), entry.bytes.size());
  return file;
}

CodeFile::CodeFile(const CodeBinding& binding, u64 size_bytes, Read read)
    : size_bytes_(size_bytes), read_(std::move(read)) {
  FileHeader header;
  if (size_bytes < sizeof header || !read_(0, {reinterpret_cast<u8*>(&header), sizeof header})) return;
  if (header.magic != magic) return;
  fit_ = header.format != format_version || header.build != binding.build ? Fit::other_build
         : header.machine != binding.machine                              ? Fit::other_machine
         : header.environment != binding.environment                      ? Fit::other_environment
                                                                          : Fit::fits;
  if (fit_ == Fit::fits) valid_ = header.valid;
  if (fit_ != Fit::fits || header.count > (size_bytes - sizeof header) / sizeof(CodeRecord)) return;
  records_.resize(header.count);
  const MutableBytes rows(reinterpret_cast<u8*>(records_.data()), header.count * sizeof(CodeRecord));
  if (!read_(sizeof header, rows)) records_.clear();
}

const CodeRecord* CodeFile::find(const EntryName& name) const {
  const auto at = std::ranges::lower_bound(records_, name, {}, &CodeRecord::name);
  return at != records_.end() && at->name() == name ? &*at : nullptr;
}

std::optional<std::vector<u8>> CodeFile::bytes_of(const CodeRecord& record) const {
  if (record.offset > size_bytes_ || record.size_bytes > size_bytes_ - record.offset) return std::nullopt;
  if (record.size_bytes > limits::cached_entry_bytes) return std::nullopt;
  std::vector<u8> bytes(record.size_bytes);
  if (!read_(record.offset, bytes)) return std::nullopt;
  return bytes;
}

u64 count_functions(u64 size_bytes, const CodeFile::Read& read) {
  FileHeader header;
  if (size_bytes < sizeof header || !read(0, {reinterpret_cast<u8*>(&header), sizeof header})) return 0;
  if (header.magic != magic || header.format != format_version) return 0;
  if (header.count > (size_bytes - sizeof header) / sizeof(CodeRecord)) return 0;
  std::vector<CodeRecord> records(header.count);
  const MutableBytes rows(reinterpret_cast<u8*>(records.data()), header.count * sizeof(CodeRecord));
  if (!read(sizeof header, rows)) return 0;
  return u64(std::ranges::count_if(records, [](const CodeRecord& record) {
    return record.loop == 0 && record.name() != called_name && !is_attempt(record);
  }));
}

}  // namespace wisp::runtime
