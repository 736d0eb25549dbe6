#include "runtime/disk_cache.hpp"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "sys/memory/file_system.hpp"
#include "sys/time.hpp"
#include "wasm/test_module.hpp"

namespace wisp::runtime {
namespace {

using wasm::test::Buffer;
using wasm::test::Parts;
using wasm::test::operator+;

/// Two functions without parameters and results; `extra` instructions more in the second one's body.
Parts two_functions(u8 extra = 0) {
  const Buffer nops(extra, 0x01);
  Parts parts;
  parts.types = {{0x60, 0, 0}};
  parts.functions = {{0}, {0}};
  parts.memories = {{0, 1}};
  parts.bodies = {{0, 0x01, 0x0b}, Buffer{0, 0x03, 0x40} + nops + Buffer{0x0b, 0x0b}};
  return parts;
}

std::shared_ptr<const wasm::Module> load(const Parts& parts, wasm::Features features = {}) {
  auto module = wasm::decode(parts.build(), std::make_shared<wasm::TypeRegistry>(), features);
  EXPECT_TRUE(module.ok());
  return *module;
}

/// What a compiler could have made of a function.
ObjectCode code_of(const wasm::Module& module, u32 function, u8 fill) {
  ObjectCode code;
  code.object.assign(40, fill);
  code.bodies = {FuncIndex(function)};
  code.locations.origins = {{FuncIndex(function), module.bodies[function].offset + 1, CodeOrigin::none},
                            {FuncIndex(function), module.bodies[function].offset + 2, 0}};
  code.locations.rows = {{0, CodeOrigin::none}, {8, 1}};
  return code;
}

bool equal(const ObjectCode& a, const ObjectCode& b) {
  const auto same_row = [](const LocationTable::Row& x, const LocationTable::Row& y) {
    return x.code_offset == y.code_offset && x.origin == y.origin;
  };
  const auto same_origin = [](const CodeOrigin& x, const CodeOrigin& y) {
    return x.function == y.function && x.offset == y.offset && x.inlined_into == y.inlined_into;
  };
  return a.object == b.object && a.bodies == b.bodies &&
         std::ranges::equal(a.locations.rows, b.locations.rows, same_row) &&
         std::ranges::equal(a.locations.origins, b.locations.origins, same_origin);
}

const std::vector<u8> this_machine = {1, 2, 3};

class DiskCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = sys::make_memory_file_system(
        {.limit_bytes = 1 << 24, .device = 1, .clock = &sys::host_clock(sys::HostClock::realtime)});
    ASSERT_TRUE(root_->create_directory(*sys::Name::make("cache")).ok());
    directory_ = open_directory();
  }

  std::unique_ptr<sys::Directory> open_directory() { return *root_->open_parent("cache"); }

  /// As another process does.
  std::shared_ptr<DiskCache> open(std::vector<u8> machine = this_machine) {
    return *DiskCache::open(open_directory(), sys::host_random(), std::move(machine));
  }

  std::optional<ObjectCode> find(const std::shared_ptr<const wasm::Module>& module, const CodeUnit& unit) {
    return open()->open(module, true)->find(unit);
  }

  void store_both(const std::shared_ptr<const wasm::Module>& module) {
    const auto cache = open();
    const auto file = cache->open(module, true);
    for (u32 i = 0; i < 2; ++i) file->store({FuncIndex(i)}, code_of(*module, i, u8(i)));
    file->store({FuncIndex(1), module->bodies[1].offset + 1}, code_of(*module, 1, 9));
    cache->write();
  }

  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (u64 cookie = 2;;) {
      const auto entry = directory_->read_entry(cookie);
      if (!entry.ok() || !entry->has_value()) return names;
      names.emplace_back((*entry)->name);
      cookie = (*entry)->next_cookie;
    }
  }

  /// The only file of code.
  std::string code_file() {
    for (const std::string& name : names()) {
      if (name.size() == 32) return name;
    }
    return {};
  }

  std::vector<u8> read(const std::string& name) {
    auto opened = directory_->open(name, {.read = true});
    std::vector<u8> bytes(opened->node->stat()->size_bytes);
    const sys::IoBuffer buffer{bytes.data(), bytes.size()};
    EXPECT_EQ(*opened->node->read_at({&buffer, 1}, 0), bytes.size());
    return bytes;
  }

  void replace(const std::string& name, const std::vector<u8>& bytes) {
    auto opened = directory_->open(name, {.write = true, .create = true, .truncate = true});
    const sys::ConstIoBuffer buffer{bytes.data(), bytes.size()};
    EXPECT_TRUE(opened->node->write({&buffer, 1}).ok());
  }

  std::unique_ptr<sys::Directory> root_;
  std::unique_ptr<sys::Directory> directory_;
  std::shared_ptr<const wasm::Module> module_ = load(two_functions());
};

TEST_F(DiskCacheTest, WhatOneStoresTheNextFinds) {
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
  store_both(module_);
  for (u32 i = 0; i < 2; ++i) {
    const auto found = find(module_, {FuncIndex(i)});
    ASSERT_TRUE(found);
    EXPECT_TRUE(equal(*found, code_of(*module_, i, u8(i))));
  }
  const auto loop = find(module_, {FuncIndex(1), module_->bodies[1].offset + 1});
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->object[0], 9);
  EXPECT_FALSE(find(module_, {FuncIndex(1), module_->bodies[1].offset + 2}));
  EXPECT_EQ(open()->stats().functions, 2u);
}

TEST_F(DiskCacheTest, AModuleThatIsDestroyedWritesItsFile) {
  open()->open(module_, true)->store({FuncIndex(0)}, code_of(*module_, 0, 5));
  EXPECT_TRUE(find(module_, {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, ThatTheCompilerGaveUpIsKeptToo) {
  ObjectCode nothing;
  nothing.bodies = {FuncIndex(0)};
  open()->open(module_, true)->store({FuncIndex(0)}, nothing);
  const auto found = find(module_, {FuncIndex(0)});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->object.empty());
}

TEST_F(DiskCacheTest, WhatTheCompilerDidNotFinishIsKnown) {
  {
    const auto cache = open();
    const auto file = cache->open(module_, true);
    file->begin({FuncIndex(0)});
    file->begin({FuncIndex(1)});
    file->store({FuncIndex(1)}, code_of(*module_, 1, 1));
  }
  const auto unfinished = find(module_, {FuncIndex(0)});
  ASSERT_TRUE(unfinished);
  EXPECT_TRUE(unfinished->object.empty());
  EXPECT_LT(unfinished->tried, ObjectCode::in_vain);
  EXPECT_EQ(find(module_, {FuncIndex(1)})->object[0], 1);

  ObjectCode tried;
  tried.bodies = {FuncIndex(0)};
  tried.tried = std::chrono::seconds(100);
  const auto cache = open();
  const auto file = cache->open(module_, true);
  file->store({FuncIndex(0)}, tried);
  file->begin({FuncIndex(0)});
  cache->write();
  EXPECT_EQ(cache->stats().functions, 1u);
  // The longest attempt counts, not all of them together.
  EXPECT_EQ(find(module_, {FuncIndex(0)})->tried, tried.tried);
}

TEST_F(DiskCacheTest, TheCompilersOwnTimeCounts) {
  const auto cache = open();
  const auto file = cache->open(module_, true);
  file->begin({FuncIndex(0)});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  cache->write();
  EXPECT_LT(find(module_, {FuncIndex(0)})->tried, std::chrono::milliseconds(200));

  // Another thread writes while it compiles.
  std::atomic<bool> has_worked = false;
  std::atomic<bool> is_written = false;
  std::thread compiler([&] {
    file->begin({FuncIndex(1)});
    const std::unique_ptr<sys::Clock> clock = sys::this_threads_clock();
    const u64 end_ns = *clock->now_ns() + 30'000'000;
    while (*clock->now_ns() < end_ns) {
    }
    has_worked = true;
    while (!is_written) std::this_thread::yield();
  });
  while (!has_worked) std::this_thread::yield();
  cache->write();
  is_written = true;
  compiler.join();
  EXPECT_GE(find(module_, {FuncIndex(1)})->tried, std::chrono::milliseconds(29));
  // It has ended in the middle of it.
  cache->write();
}

TEST_F(DiskCacheTest, WhatIsTooLargeWasNotTriedInVain) {
  {
    const auto cache = open();
    const auto file = cache->open(module_, true);
    file->begin({FuncIndex(0)});
    ObjectCode large = code_of(*module_, 0, 1);
    large.object.resize(limits::cached_entry_bytes);
    file->store({FuncIndex(0)}, large);
  }
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, EveryByteIsGuarded) {
  store_both(module_);
  const std::string name = code_file();
  const std::vector<u8> good = read(name);
  for (usize i = 0; i < good.size(); ++i) {
    std::vector<u8> bad = good;
    bad[i] ^= u8(1 << (i % 8));
    replace(name, bad);
    for (u32 function = 0; function < 2; ++function) {
      const auto found = find(module_, {FuncIndex(function)});
      if (found) EXPECT_TRUE(equal(*found, code_of(*module_, function, u8(function)))) << "byte " << i;
    }
    const auto loop = find(module_, {FuncIndex(1), module_->bodies[1].offset + 1});
    if (loop) EXPECT_TRUE(equal(*loop, code_of(*module_, 1, 9))) << "byte " << i;
  }
}

TEST_F(DiskCacheTest, WhatWasValidatedIsKnown) {
  const auto is_known = [&](const auto& module) { return open()->open(module, true)->is_known_valid(); };
  EXPECT_FALSE(is_known(module_));
  store_both(module_);
  EXPECT_FALSE(is_known(module_));
  open()->open(module_, true)->note_valid();
  EXPECT_TRUE(is_known(module_));
  EXPECT_TRUE(find(module_, {FuncIndex(0)}));
  store_both(module_);
  EXPECT_TRUE(is_known(module_));
  EXPECT_FALSE(is_known(load(two_functions(1))));
  EXPECT_FALSE(open({1, 2, 4})->open(module_, true)->is_known_valid());

  const std::string name = code_file();
  const std::vector<u8> good = read(name);
  for (usize i = 0; i < 80; ++i) {
    if (i >= 12 && i < 16) continue;  // the number of entries
    std::vector<u8> bad = good;
    bad[i] ^= 1;
    replace(name, bad);
    EXPECT_FALSE(is_known(module_)) << "byte " << i;
  }
}

/// A module of many functions, and what processes call of it.
class CalledTest : public DiskCacheTest {
 protected:
  static constexpr u32 function_count = limits::called_functions_max + limits::called_functions_min;

  static std::shared_ptr<const wasm::Module> many_functions() {
    Parts parts;
    parts.types = {{0x60, 0, 0}};
    parts.functions.assign(function_count, {0});
    parts.bodies.assign(function_count, {0, 0x0b});
    return load(parts);
  }

  /// The functions from `last` down to `first`, in this order.
  static std::vector<FuncIndex> down(u32 last, u32 first) {
    std::vector<FuncIndex> functions;
    for (u32 i = last + 1; i-- > first;) functions.emplace_back(i);
    return functions;
  }

  /// As a process that calls functions.
  void call(const std::vector<FuncIndex>& functions) {
    const auto file = open()->open(many_, true);
    (void)file->called_earlier();
    for (const FuncIndex function : functions) file->note_called(function);
  }
  std::vector<FuncIndex> called() { return open()->open(many_, true)->called_earlier(); }

  std::shared_ptr<const wasm::Module> many_ = many_functions();
};

TEST_F(CalledTest, ItIsKnownInTheOrderOfCalls) {
  EXPECT_TRUE(called().empty());
  const auto first = down(299, 0);
  call(first);
  EXPECT_EQ(called(), first);
  // A few more are not worth a file of their own; they are written with other news.
  call({FuncIndex(1), FuncIndex(300)});
  EXPECT_EQ(called(), first);
  {
    const auto file = open()->open(many_, true);
    (void)file->called_earlier();
    for (const u32 i : {1, 300, 301, 300}) file->note_called(FuncIndex(i));
    file->note_valid();
  }
  auto all = first;
  all.emplace_back(300);
  all.emplace_back(301);
  EXPECT_EQ(called(), all);
  EXPECT_TRUE(open()->open(many_, true)->is_known_valid());
}

TEST_F(CalledTest, FewAreNotRemembered) {
  const auto file = open()->open(many_, true);
  file->note_called(FuncIndex(1));
  file->note_valid();
  file->write();
  EXPECT_TRUE(called().empty());
}

TEST_F(CalledTest, MoreThanTheLimitAreNotRemembered) {
  const auto first = down(limits::called_functions_max - 1, 0);
  call(first);
  EXPECT_EQ(called(), first);
  const std::string name = code_file();
  const auto cache = open();
  const auto file = cache->open(many_, true);
  (void)file->called_earlier();
  ASSERT_TRUE(directory_->remove_file(*sys::Name::make(name)).ok());
  for (const FuncIndex function : down(function_count - 1, limits::called_functions_max)) file->note_called(function);
  cache->write();
  EXPECT_TRUE(code_file().empty());
}

TEST_F(CalledTest, ItIsNoCode) {
  call(down(299, 0));
  EXPECT_FALSE(open()->open(many_, true)->find({FuncIndex(0)}));
}

TEST_F(CalledTest, EveryByteIsGuarded) {
  const auto functions = down(299, 0);
  call(functions);
  const std::string name = code_file();
  const std::vector<u8> good = read(name);
  for (usize i = 0; i < good.size(); ++i) {
    std::vector<u8> bad = good;
    bad[i] ^= u8(1 << (i % 8));
    replace(name, bad);
    const auto found = called();
    EXPECT_TRUE(found.empty() || found == functions) << "byte " << i;
  }
}

TEST_F(DiskCacheTest, FilesThatAreCutOff) {
  store_both(module_);
  const std::string name = code_file();
  const std::vector<u8> good = read(name);
  for (usize size = 0; size < good.size(); ++size) {
    replace(name, {good.begin(), good.begin() + i64(size)});
    const auto found = find(module_, {FuncIndex(0)});
    if (found) EXPECT_TRUE(equal(*found, code_of(*module_, 0, 0))) << size;
  }
}

TEST_F(DiskCacheTest, EntriesInEachOthersPlace) {
  store_both(module_);
  const std::string name = code_file();
  std::vector<u8> file = read(name);
  // Records of 40 bytes after a header of 80: offset at 16, MAC at 24. All entries have one size.
  u8* const first = file.data() + 80;
  std::swap_ranges(first + 16, first + 40, first + 40 + 16);
  replace(name, file);
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
  EXPECT_FALSE(find(module_, {FuncIndex(1)}));
}

TEST_F(DiskCacheTest, AnotherKeysCodeIsForeign) {
  store_both(module_);
  replace("key", std::vector<u8>(16, 7));
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
  // Even under the name that the other key gives it.
  const std::vector<u8> foreign = read(code_file());
  store_both(module_);
  for (const std::string& name : names()) {
    if (name.size() == 32) replace(name, foreign);
  }
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, WhatIsDamagedIsMadeAgain) {
  store_both(module_);
  const std::string name = code_file();
  std::vector<u8> file = read(name);
  file.back() ^= 1;
  file[80 + 16] ^= 1;  // where the first entry is
  replace(name, file);
  {
    const auto cache = open();
    EXPECT_FALSE(cache->open(module_, true)->find({FuncIndex(0)}));
    EXPECT_EQ(cache->use().refused, 1u);
  }
  store_both(module_);
  EXPECT_TRUE(find(module_, {FuncIndex(0)}));
  EXPECT_TRUE(find(module_, {FuncIndex(1)}));
}

TEST_F(DiskCacheTest, AKeyThatIsCutOffIsReplaced) {
  store_both(module_);
  replace("key", {1, 2, 3});
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
  store_both(module_);
  EXPECT_TRUE(find(module_, {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, OtherProcessorsModesFeatures) {
  store_both(module_);
  EXPECT_FALSE(open({1, 2, 4})->open(module_, true)->find({FuncIndex(0)}));
  EXPECT_FALSE(open()->open(module_, false)->find({FuncIndex(0)}));
  wasm::Features features;
  features.set(wasm::Feature::simd, false);
  EXPECT_FALSE(find(load(two_functions(), features), {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, BodiesThatChange) {
  store_both(module_);
  // The second body is another one, the first is not; what is between them and the start has moved.
  Parts changed = two_functions(3);
  changed.datas = {};
  const auto module = load(changed);
  const auto found = find(module, {FuncIndex(0)});
  ASSERT_TRUE(found);
  EXPECT_TRUE(equal(*found, code_of(*module, 0, 0)));
  EXPECT_FALSE(find(module, {FuncIndex(1)}));
}

TEST_F(DiskCacheTest, BodiesThatAreInlinedChange) {
  ObjectCode code = code_of(*module_, 0, 4);
  code.bodies.emplace_back(1);
  open()->open(module_, true)->store({FuncIndex(0)}, code);
  EXPECT_TRUE(find(module_, {FuncIndex(0)}));
  EXPECT_FALSE(find(load(two_functions(1)), {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, AnythingElseThatChanges) {
  store_both(module_);
  Parts exports = two_functions();
  exports.exports = {wasm::test::name("f") + Buffer{0, 0}};
  EXPECT_FALSE(find(load(exports), {FuncIndex(0)}));
  Parts memory = two_functions();
  memory.memories = {{0, 2}};
  EXPECT_FALSE(find(load(memory), {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, OffsetsFollowTheirBodies) {
  store_both(module_);
  Buffer bytes = two_functions().build();
  const Buffer custom = wasm::test::section(0, wasm::test::name("x") + Buffer(50, 0));
  bytes.insert(bytes.begin() + 8, custom.begin(), custom.end());
  const auto moved = *wasm::decode(bytes, std::make_shared<wasm::TypeRegistry>(), {});
  const auto found = find(moved, {FuncIndex(1)});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->locations.origins[0].offset, moved->bodies[1].offset + 1);
  EXPECT_NE(moved->bodies[1].offset, module_->bodies[1].offset);
}

TEST_F(DiskCacheTest, TwoProcessesAtOnce) {
  const auto one = open();
  const auto other = open();
  const auto file_of_one = one->open(module_, true);
  const auto file_of_other = other->open(module_, true);
  EXPECT_FALSE(file_of_one->find({FuncIndex(0)}));
  EXPECT_FALSE(file_of_other->find({FuncIndex(0)}));
  file_of_one->store({FuncIndex(0)}, code_of(*module_, 0, 1));
  file_of_other->store({FuncIndex(1)}, code_of(*module_, 1, 2));
  one->write();
  other->write();
  EXPECT_TRUE(find(module_, {FuncIndex(0)}));
  EXPECT_TRUE(find(module_, {FuncIndex(1)}));
}

TEST_F(DiskCacheTest, AnAttemptYieldsToWhatAnotherProcessMade) {
  const CodeUnit loop{FuncIndex(1), module_->bodies[1].offset + 1};
  const auto attempt = [&](const CodeUnit& unit, std::chrono::milliseconds tried) {
    ObjectCode nothing;
    nothing.bodies = {unit.function};
    nothing.tried = tried;
    const auto cache = open();
    const auto file = cache->open(module_, true);
    EXPECT_FALSE(file->find(unit) && file->find(unit)->object.empty());
    file->store(unit, nothing);
    return std::pair(cache, file);
  };
  using std::chrono::milliseconds;
  const auto earlier = attempt({FuncIndex(0)}, milliseconds(7));
  const auto earlier_loop = attempt(loop, ObjectCode::in_vain);
  const auto shorter = attempt({FuncIndex(1)}, milliseconds(5));
  const auto longer = attempt({FuncIndex(1)}, milliseconds(9));
  const auto shortest = attempt({FuncIndex(1)}, milliseconds(3));
  {
    const auto file = open()->open(module_, true);
    file->store({FuncIndex(0)}, code_of(*module_, 0, 1));
    file->store(loop, code_of(*module_, 1, 2));
  }
  for (const auto* one : {&earlier, &earlier_loop, &shorter, &longer, &shortest}) one->first->write();
  EXPECT_EQ(find(module_, {FuncIndex(0)})->object, code_of(*module_, 0, 1).object);
  EXPECT_EQ(find(module_, loop)->object, code_of(*module_, 1, 2).object);
  EXPECT_EQ(find(module_, {FuncIndex(1)})->tried, milliseconds(9));
}

TEST_F(DiskCacheTest, TheOldestFilesGo) {
  store_both(module_);
  const std::string oldest = code_file();
  const auto cache = open();
  cache->limit_to(read(oldest).size() + 100);
  Parts other = two_functions();
  other.memories = {};
  const auto module = load(other);
  cache->open(module, true)->store({FuncIndex(0)}, code_of(*module, 0, 1));
  EXPECT_TRUE(find(module, {FuncIndex(0)}));
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
  EXPECT_EQ(cache->stats().files, 1u);
}

TEST_F(DiskCacheTest, ThereAreNotTooManyFiles) {
  store_both(module_);
  const std::string oldest = code_file();
  for (usize i = 0; i < limits::code_cache_files; ++i) {
    const std::string number = std::to_string(i);
    replace(std::string(32 - number.size(), '0') + number, {});
  }
  const auto cache = open();
  Parts other = two_functions();
  other.memories = {};
  const auto module = load(other);
  cache->open(module, true)->store({FuncIndex(0)}, code_of(*module, 0, 1));
  EXPECT_EQ(cache->use().stored, 1u);
  EXPECT_EQ(names().size(), limits::code_cache_files);
  EXPECT_EQ(std::ranges::count(names(), oldest), 0);
  EXPECT_TRUE(find(module, {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, WhatKilledProcessesLeftGoes) {
  replace("tmp-old", {1});
  replace("tmp-new", {1});
  auto opened = directory_->open("tmp-old", {.write = true});
  const u64 now_ns = *sys::host_clock(sys::HostClock::realtime).now_ns();
  const sys::TimeUpdate earlier{.kind = sys::TimeUpdate::Kind::set,
                                .time = sys::Timestamp::from_ns(now_ns - 7200 * u64{1'000'000'000})};
  ASSERT_TRUE(opened->node->set_times(earlier, earlier).ok());
  store_both(module_);
  EXPECT_EQ(std::ranges::count(names(), "tmp-old"), 0);
  EXPECT_EQ(std::ranges::count(names(), "tmp-new"), 1);
  EXPECT_TRUE(find(module_, {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, WhatAFileSaysOfItselfIsBounded) {
  store_both(module_);
  std::vector<u8> file = read(code_file());
  file[15] = 0x7f;  // the number of entries
  replace(code_file(), file);
  EXPECT_EQ(open()->stats().functions, 0u);
}

TEST_F(DiskCacheTest, AFullDisk) {
  root_ = sys::make_memory_file_system(
      {.limit_bytes = 8192, .device = 1, .clock = &sys::host_clock(sys::HostClock::realtime)});
  ASSERT_TRUE(root_->create_directory(*sys::Name::make("cache")).ok());
  directory_ = open_directory();
  ObjectCode code = code_of(*module_, 0, 1);
  code.object.assign(100'000, 3);
  const auto cache = open();
  cache->open(module_, true)->store({FuncIndex(0)}, code);
  EXPECT_EQ(cache->use().stored, 0u);
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
  EXPECT_EQ(names(), std::vector<std::string>{"key"});
}

TEST_F(DiskCacheTest, LinksAreNotFollowed) {
  store_both(module_);
  const std::string name = code_file();
  const auto from = *sys::Name::make(name);
  ASSERT_TRUE(directory_->rename(from, *directory_, *sys::Name::make("elsewhere")).ok());
  ASSERT_TRUE(directory_->create_symlink(from, "elsewhere").ok());
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
  store_both(module_);
  EXPECT_TRUE(find(module_, {FuncIndex(0)}));
}

TEST_F(DiskCacheTest, Clean) {
  store_both(module_);
  replace("README", {1});
  open()->clean();
  EXPECT_EQ(names(), std::vector<std::string>{"README"});
  EXPECT_FALSE(find(module_, {FuncIndex(0)}));
}

}  // namespace
}  // namespace wisp::runtime
