#include "runtime/disk_cache.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "runtime/limits.hpp"
#include "sys/time.hpp"

namespace wisp::runtime {

namespace {

constexpr std::string_view key_name = "key";
constexpr std::string_view temporary_prefix = "tmp-";

std::string hex(Bytes bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const u8 byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool is_code_file(std::string_view name) {
  return name.size() == 2 * sizeof(Hash128) && name.find_first_not_of("0123456789abcdef") == name.npos;
}

bool read_all(sys::Node& node, u64 offset, MutableBytes bytes) {
  while (!bytes.empty()) {
    const sys::IoBuffer buffer{bytes.data(), bytes.size()};
    const auto count = node.read_at({&buffer, 1}, offset);
    if (!count.ok() || *count == 0) return false;
    offset += *count;
    bytes = bytes.subspan(*count);
  }
  return true;
}

bool write_all(sys::Node& node, Bytes bytes) {
  while (!bytes.empty()) {
    const sys::ConstIoBuffer buffer{bytes.data(), bytes.size()};
    const auto count = node.write({&buffer, 1});
    if (!count.ok() || *count == 0) return false;
    bytes = bytes.subspan(*count);
  }
  return true;
}

/// A file; or an empty directory, which cannot be ours. True if it is gone.
bool remove_from(sys::Directory& directory, const std::string& name) {
  const auto entry = *sys::Name::make(name);
  if (directory.remove_file(entry).ok() || directory.remove_directory(entry).ok()) return true;
  const auto stat = directory.stat_entry(entry);
  return !stat.ok() && stat.error() == sys::Errno::noent;
}

}  // namespace

/// The code of one module: its file as it was when the module was opened, and what has been made since.
class DiskCache::ModuleFile final : public ModuleCache {
 public:
  ModuleFile(std::shared_ptr<DiskCache> cache, std::shared_ptr<const wasm::Module> module, bool is_guarded)
      : cache_(std::move(cache)),
        module_(std::move(module)),
        is_guarded_(is_guarded),
        is_called_(module_->functions.size()) {}
  ~ModuleFile() override { write(); }

  bool is_known_valid() override {
    const std::lock_guard lock(mutex_);
    open();
    return file_.valid() != Hash128() && equal_in_constant_time(file_.valid(), hash_all_bodies(binding_));
  }

  void note_valid() override {
    const std::lock_guard lock(mutex_);
    open();
    valid_ = hash_all_bodies(binding_);
    has_news_ = true;
  }

  std::vector<FuncIndex> called_earlier() override {
    const std::lock_guard lock(mutex_);
    open();
    std::vector<FuncIndex> functions = called_in(file_);
    for (const FuncIndex function : functions) is_called_[function.value] = true;
    in_file_ = functions.size();
    return functions;
  }

  void note_called(FuncIndex function) override {
    const std::lock_guard lock(mutex_);
    if (is_called_[function.value] || in_file_ + called_.size() >= limits::called_functions_max) return;
    is_called_[function.value] = true;
    called_.push_back(function);
  }

  std::optional<ObjectCode> find(const CodeUnit& unit) override {
    const std::lock_guard lock(mutex_);
    return find_locked(unit);
  }

  void store(const CodeUnit& unit, const ObjectCode& code) override {
    const std::lock_guard lock(mutex_);
    // Also if it is too large to be kept: the compiler has come to an end.
    trying_.reset();
    open();
    std::optional<SealedCode> sealed = seal(binding_, unit, code);
    if (!sealed) return;
    add(*std::move(sealed));
    if (!code.object.empty()) ++unwritten_;
  }

  void begin(const CodeUnit& unit) override {
    const std::lock_guard lock(mutex_);
    note_attempt();
    std::unique_ptr<sys::Clock> clock = sys::this_threads_clock();
    if (const auto now = clock->now_ns(); now.ok()) trying_ = Attempt{unit, std::move(clock), *now};
  }

  void forget_begun() override {
    const std::lock_guard lock(mutex_);
    trying_.reset();
  }

  void write() override {
    const std::lock_guard lock(mutex_);
    note_attempt();
    if (!std::exchange(has_news_, false) && called_.size() < limits::called_functions_min) return;
    open();
    const std::lock_guard directory_lock(cache_->mutex_);
    // Another process may have written since: what it found out is kept too.
    SealedEntries all;
    const CodeFile now = read_file();
    add_called(now);
    yield_to(now);
    u64 size = sizeof(CodeRecord) * made_.size();
    for (const auto& [name, entry] : made_) size += entry.bytes.size();
    for (const CodeRecord& record : now.records()) {
      if (made_.contains(record.name()) || all.contains(record.name())) continue;
      if (size + record.size_bytes > limits::cached_module_bytes) continue;
      auto bytes = now.bytes_of(record);
      if (!bytes) continue;
      size += bytes->size() + sizeof(CodeRecord);
      all.emplace(record.name(), SealedCode{record, *std::move(bytes)});
    }
    all.insert(made_.begin(), made_.end());
    const Hash128 valid = valid_.value_or(now.valid());
    if (!cache_->write_file(file_name_, write_code_file(binding_, all, valid), true)) return;
    cache_->stored_ += std::exchange(unwritten_, 0);
    cache_->evict(file_name_);
  }

 private:
  struct Attempt {
    CodeUnit unit;
    /// The compiling thread's: a process may be stopped, or wait for a processor, for any length of time.
    std::unique_ptr<sys::Clock> clock;
    u64 began_ns;
  };

  std::optional<ObjectCode> find_locked(const CodeUnit& unit) {
    open();
    const EntryName name = name_of(*module_, unit);
    if (const auto fresh = made_.find(name); fresh != made_.end()) {
      return unseal(binding_, unit, fresh->second.record, fresh->second.bytes);
    }
    const CodeRecord* const record = file_.find(name);
    if (record == nullptr) return std::nullopt;
    const auto bytes = file_.bytes_of(*record);
    std::optional<ObjectCode> code;
    if (bytes) code = unseal(binding_, unit, *record, *bytes);
    if (!code) ++cache_->refused_;
    if (code && !code->object.empty()) ++cache_->found_;
    return code;
  }

  void add(SealedCode&& sealed) {
    const EntryName name = sealed.record.name();
    made_.insert_or_assign(name, std::move(sealed));
    has_news_ = true;
  }

  /// For how much processor time the compiler has worked on the unit that it has not come to an end with; or an earlier
  /// one, if that was longer. Their sum says nothing about how long it takes.
  void note_attempt() {
    if (!trying_) return;
    const auto now = trying_->clock->now_ns();
    if (!now.ok() || *now < trying_->began_ns) return;
    ObjectCode nothing;
    nothing.bodies = {trying_->unit.function};
    nothing.tried = std::chrono::milliseconds((*now - trying_->began_ns) / 1'000'000);
    if (const auto earlier = find_locked(trying_->unit)) nothing.tried = std::max(nothing.tried, earlier->tried);
    nothing.tried = std::min(nothing.tried, ObjectCode::in_vain - std::chrono::milliseconds(1));
    if (auto sealed = seal(binding_, trying_->unit, nothing)) add(*std::move(sealed));
  }

  /// Of what says only that the compiler has tried: code that another process has made is better, and so is what says
  /// that it has tried for longer.
  void yield_to(const CodeFile& now) {
    std::erase_if(made_, [&](const auto& item) {
      const auto& [name, made] = item;
      const CodeRecord* const record = is_attempt(made.record) ? now.find(name) : nullptr;
      if (record == nullptr) return false;
      const CodeUnit unit = unit_of(*module_, name);
      const auto ours = unseal(binding_, unit, made.record, made.bytes);
      const auto bytes = now.bytes_of(*record);
      const auto theirs = bytes ? unseal(binding_, unit, *record, *bytes) : std::nullopt;
      return ours && theirs && (!theirs->object.empty() || theirs->tried >= ours->tried);
    });
  }

  std::vector<FuncIndex> called_in(const CodeFile& file) const {
    const CodeRecord* const record = file.find(called_name);
    const auto bytes = record == nullptr ? std::nullopt : file.bytes_of(*record);
    return bytes ? unseal_called(binding_, *record, *bytes) : std::vector<FuncIndex>();
  }

  /// What has been called in this process goes behind what is in the file.
  void add_called(const CodeFile& now) {
    std::vector<FuncIndex> all = called_in(now);
    std::vector<bool> is_known(module_->functions.size());
    for (const FuncIndex function : all) is_known[function.value] = true;
    for (const FuncIndex function : std::exchange(called_, {})) {
      if (all.size() == limits::called_functions_max) break;
      if (!is_known[function.value]) all.push_back(function);
      is_known[function.value] = true;
    }
    if (all.size() >= limits::called_functions_min) made_.insert_or_assign(called_name, seal_called(binding_, all));
  }

  /// When the first function is asked for: a module may be loaded to be looked at.
  void open() {
    if (!file_name_.empty()) return;
    binding_ = bind_code(cache_->key_, *module_, is_guarded_, cache_->machine_);
    file_name_ = hex(binding_.environment);
    const std::lock_guard lock(cache_->mutex_);
    file_ = read_file();
  }

  CodeFile read_file() {
    u64 size = 0;
    std::shared_ptr<sys::Node> node = cache_->open_file(file_name_, size);
    if (node == nullptr || size > limits::cached_module_bytes) return {};
    // The age of a file is since its last use.
    const sys::TimeUpdate used{.kind = sys::TimeUpdate::Kind::now, .time = {}};
    (void)node->set_times(used, used);
    return {binding_, size, [node](u64 offset, MutableBytes bytes) { return read_all(*node, offset, bytes); }};
  }

  std::shared_ptr<DiskCache> cache_;
  std::shared_ptr<const wasm::Module> module_;
  bool is_guarded_;

  std::mutex mutex_;  // for all below; taken before the cache's
  CodeBinding binding_;
  std::string file_name_;  // empty as long as it is not open
  CodeFile file_;
  SealedEntries made_;
  std::optional<Hash128> valid_;
  bool has_news_ = false;          // in the two above, not yet written
  u64 unwritten_ = 0;              // entries of code among them
  std::vector<bool> is_called_;    // by FuncIndex; what is in the file among them
  usize in_file_ = 0;              // of the functions that are called
  std::vector<FuncIndex> called_;  // not yet written
  std::optional<Attempt> trying_;
};

Result<std::shared_ptr<DiskCache>> DiskCache::open(std::unique_ptr<sys::Directory> directory, sys::RandomSource& random,
                                                   std::vector<u8> machine) {
  const std::shared_ptr<DiskCache> cache(new DiskCache(std::move(directory), random, std::move(machine)));
  if (cache->find_key()) return cache;
  return Error{ErrorCode::io, 0, "the file `key` in it cannot be read or made", "remove it, if it is there"};
}

std::shared_ptr<ModuleCache> DiskCache::open(std::shared_ptr<const wasm::Module> module, bool is_guarded) {
  auto file = std::make_shared<ModuleFile>(shared_from_this(), std::move(module), is_guarded);
  const std::lock_guard lock(mutex_);
  std::erase_if(modules_, [](const std::weak_ptr<ModuleFile>& one) { return one.expired(); });
  modules_.push_back(file);
  return file;
}

void DiskCache::write() {
  std::vector<std::shared_ptr<ModuleFile>> modules;
  {
    const std::lock_guard lock(mutex_);
    for (const std::weak_ptr<ModuleFile>& one : modules_) modules.push_back(one.lock());
  }
  for (const std::shared_ptr<ModuleFile>& one : modules) {
    if (one != nullptr) one->write();
  }
}

DiskCache::Use DiskCache::use() const {
  return {.found = found_, .stored = stored_, .refused = refused_};
}

/// Of several processes that make one at once, one succeeds; all read what is there afterwards.
bool DiskCache::find_key() {
  const auto directory = directory_->stat();
  if (!directory.ok()) return false;
  owner_ = directory->owner;
  for (int attempt = 0; attempt < limits::key_attempts; ++attempt) {
    const std::optional<Hash128> key = read_key();
    if (key && *key != public_key) {
      key_ = *key;
      return true;
    }
    const auto stat = directory_->stat_entry(*sys::Name::make(key_name));
    const bool has_its_size = stat.ok() && stat->size_bytes == sizeof key_;
    if (!key && has_its_size && is_ours(*stat)) continue;  // it has been made since
    // The key that another process makes has two names for a moment.
    if (has_its_size && stat->link_count == 2 && attempt < limits::key_attempts / 2) {
      std::this_thread::sleep_for(limits::key_wait);
      continue;
    }
    if (stat.ok()) remove(std::string(key_name));
    make_key();
  }
  return false;
}

std::optional<Hash128> DiskCache::read_key() {
  u64 size = 0;
  const std::unique_ptr<sys::Node> node = open_file(std::string(key_name), size);
  Hash128 key;
  if (node == nullptr || size != key.size() || !read_all(*node, 0, key)) return std::nullopt;
  return key;
}

void DiskCache::make_key() {
  Hash128 key;
  if (random_.fill(key).ok()) (void)write_file(std::string(key_name), key, false);
}

bool DiskCache::is_ours(const sys::FileStat& stat) const {
  constexpr u32 permissions_of_others = 077;
  return stat.type == sys::FileType::regular_file && stat.owner == owner_ &&
         (stat.permissions & permissions_of_others) == 0 && stat.link_count == 1;
}

std::unique_ptr<sys::Node> DiskCache::open_file(const std::string& name, u64& size_bytes) {
  auto opened = directory_->open(name, {.read = true});
  if (!opened.ok() || opened->type != sys::FileType::regular_file) return nullptr;
  const auto stat = opened->node->stat();
  if (!stat.ok() || !is_ours(*stat)) return nullptr;
  size_bytes = stat->size_bytes;
  return std::move(opened->node);
}

bool DiskCache::write_file(const std::string& name, Bytes bytes, bool replace) {
  u8 number[8];
  if (!random_.fill(number).ok()) return false;
  const std::string temporary = std::string(temporary_prefix) + hex(number);
  const auto from = sys::Name::make(temporary);
  const auto to = sys::Name::make(name);
  WISP_CHECK(from && to);
  {
    auto opened = directory_->open(temporary, {.write = true, .create = true, .exclusive = true, .owner_only = true});
    if (!opened.ok()) return false;
    if (!write_all(*opened->node, bytes)) {
      remove(temporary);
      return false;
    }
  }
  if (replace && directory_->rename(*from, *directory_, *to).ok()) return true;
  // A link fails where there is something already, which is as good.
  if (!replace) (void)directory_->link(*from, *directory_, *to);
  remove(temporary);
  return !replace;
}

void DiskCache::remove(const std::string& name) {
  (void)remove_from(*directory_, name);
}

std::vector<DiskCache::Listed> DiskCache::list(sys::Directory& directory) {
  std::vector<Listed> files;
  u64 cookie = 0;
  while (true) {
    const auto entry = directory.read_entry(cookie);
    if (!entry.ok() || !entry->has_value()) return files;
    cookie = (*entry)->next_cookie;
    const std::string name((*entry)->name);
    if (!is_code_file(name) && !name.starts_with(temporary_prefix) && name != key_name) continue;
    const auto stat = directory.stat_entry(*sys::Name::make(name));
    if (stat.ok()) files.push_back({name, stat->stored_bytes, stat->modification_time});
  }
}

void DiskCache::evict(const std::string& newest) {
  std::vector<Listed> files = list(*directory_);
  u64 total = 0;
  for (const Listed& file : files) total += file.size_bytes;
  std::ranges::sort(files, {}, &Listed::time);
  const i64 now = files.empty() ? 0 : files.back().time.seconds;
  usize count = files.size();
  for (const Listed& file : files) {
    if (file.name == newest || file.name == key_name) continue;
    // Left behind by a process that was killed.
    const bool is_left =
        file.name.starts_with(temporary_prefix) && now - file.time.seconds >= limits::temporary_file_seconds;
    if (!is_left && total <= limit_bytes_ && count <= limits::code_cache_files) continue;
    remove(file.name);
    total -= file.size_bytes;
    --count;
  }
}

void DiskCache::clean() {
  const std::lock_guard lock(mutex_);
  (void)clean(*directory_);
}

Result<void> DiskCache::clean(sys::Directory& directory) {
  std::string left;
  for (const Listed& file : list(directory)) {
    if (!remove_from(directory, file.name)) left = file.name;
  }
  if (left.empty()) return {};
  return Error{ErrorCode::io, 0, "`" + left + "` in it cannot be removed", {}};
}

DiskCache::Stats DiskCache::stats() {
  const std::lock_guard lock(mutex_);
  Stats stats;
  for (const Listed& file : list(*directory_)) {
    stats.size_bytes += file.size_bytes;
    if (!is_code_file(file.name)) continue;
    ++stats.files;
    u64 size = 0;
    const std::unique_ptr<sys::Node> node = open_file(file.name, size);
    if (node != nullptr)
      stats.functions += count_functions(size, [&](u64 at, MutableBytes to) { return read_all(*node, at, to); });
  }
  return stats;
}

}  // namespace wisp::runtime
