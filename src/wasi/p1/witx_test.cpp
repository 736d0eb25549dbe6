#include <set>

#include <gmock/gmock.h>

#include "wasi/p1/p1.hpp"
#include "wasi/p1/witx_reader.hpp"

namespace wisp::wasi::p1 {
namespace {

/// A fact of one of our types, in the words of witx::Type.
template <class T>
witx::Type describe_type() {
  witx::Type result;
  result.size = abi::Layout<T>::size;
  result.alignment = abi::Layout<T>::alignment;
  if constexpr (abi::NamedEnum<T>) {
    result.names.assign(abi::EnumTable<T>::names.begin(), abi::EnumTable<T>::names.end());
  }
  if constexpr (abi::Record<T>) {
    usize i = 0;
    std::apply(
        [&](auto... field) { (result.fields.push_back({std::string(field.name), abi::Layout<T>::offsets[i++]}), ...); },
        T::fields);
  }
  if constexpr (abi::TaggedUnion<T>) {
    result.payload_offset = abi::Layout<T>::payload_offset;
    result.payload_count = abi::Layout<T>::count;
  }
  return result;
}

template <class Bit>
witx::Type describe_flags() {
  witx::Type result = describe_type<abi::Flags<Bit>>();
  result.names.assign(abi::EnumTable<Bit>::names.begin(), abi::EnumTable<Bit>::names.end());
  return result;
}

using Ours = std::map<std::string, witx::Type>;

Ours shared_types() {
  return {
      {"size", describe_type<Size>()},
      {"filesize", describe_type<Filesize>()},
      {"timestamp", describe_type<Timestamp>()},
      {"clockid", describe_type<Clockid>()},
      {"errno", describe_type<Errno>()},
      {"rights", describe_flags<RightBit>()},
      {"fd", describe_type<Fd>()},
      {"iovec", describe_type<Iovec>()},
      {"ciovec", describe_type<Iovec>()},
      {"filedelta", describe_type<Filedelta>()},
      {"dircookie", describe_type<Dircookie>()},
      {"dirnamlen", describe_type<decltype(Dirent::d_namlen)>()},
      {"inode", describe_type<decltype(Dirent::d_ino)>()},
      {"filetype", describe_type<Filetype>()},
      {"dirent", describe_type<Dirent>()},
      {"advice", describe_type<Advice>()},
      {"fdflags", describe_flags<Fdflag>()},
      {"fdstat", describe_type<Fdstat>()},
      {"device", describe_type<decltype(Filestat::dev)>()},
      {"fstflags", describe_flags<Fstflag>()},
      {"lookupflags", describe_flags<Lookupflag>()},
      {"oflags", describe_flags<Oflag>()},
      {"userdata", describe_type<Userdata>()},
      {"eventtype", describe_type<Eventtype>()},
      {"eventrwflags", describe_flags<Eventrwflag>()},
      {"event_fd_readwrite", describe_type<EventFdReadwrite>()},
      {"event", describe_type<Event>()},
      {"subclockflags", describe_flags<Subclockflag>()},
      {"subscription_fd_readwrite", describe_type<SubscriptionFdReadwrite>()},
      {"exitcode", describe_type<u32>()},
      {"signal", describe_type<Signal>()},
      {"riflags", describe_flags<Riflag>()},
      {"roflags", describe_flags<Roflag>()},
      {"siflags", describe_type<Siflags>()},
      {"sdflags", describe_flags<Sdflag>()},
      {"preopentype", describe_type<Preopentype>()},
      {"prestat_dir", describe_type<PrestatDir>()},
      {"prestat", describe_type<Prestat>()},
  };
}

/// The types that each version has in its own shape.
template <class Version>
Ours types_of_version() {
  using Subscription = typename Version::Subscription;
  using Union = decltype(Subscription::u);
  Ours result = shared_types();
  result["whence"] = describe_type<typename Version::Whence>();
  result["filestat"] = describe_type<typename Version::Filestat>();
  result["linkcount"] = describe_type<decltype(Version::Filestat::nlink)>();
  result["subscription_clock"] = describe_type<decltype(Union::clock)>();
  result["subscription_u"] = describe_type<Union>();
  result["subscription"] = describe_type<Subscription>();
  return result;
}

/// The official definition of one version; the test is left out, and says so, where it is not there.
struct WitxTest : testing::Test {
  witx::Interface interface;

  bool read(const std::string& version, const std::string& module) {
    const std::string folder = std::string(WISP_INTERFACES_DIR) + "/preview1/" + version + "/witx/";
    return interface.read_types(folder + "typenames.witx") && interface.read_functions(folder + module + ".witx");
  }

  void expect_types(const Ours& ours) const {
    std::set<std::string> checked;
    for (const auto& [name, theirs] : interface.types()) {
      SCOPED_TRACE(name);
      // They are parameters, and compared with the functions.
      if (name == "iovec_array" || name == "ciovec_array") continue;
      const auto found = ours.find(name);
      ASSERT_NE(found, ours.end());
      EXPECT_EQ(found->second.size, theirs.size);
      EXPECT_EQ(found->second.alignment, theirs.alignment);
      EXPECT_EQ(found->second.fields, theirs.fields);
      EXPECT_EQ(found->second.payload_offset, theirs.payload_offset);
      EXPECT_EQ(found->second.payload_count, theirs.payload_count);
      if (name == "rights" && theirs.names.size() == 29) {
        // wasi_unstable lacks the last one, sock_accept; both versions share the descriptors.
        EXPECT_EQ(std::vector(found->second.names.begin(), found->second.names.end() - 1), theirs.names);
      } else {
        EXPECT_EQ(found->second.names, theirs.names);
      }
    }
    EXPECT_EQ(interface.types().size(), ours.size() + 2);
  }

  void expect_functions(std::string_view module, usize count) const {
    std::vector<witx::Function> ours;
    for (const ImportedFunction& function : imported_functions()) {
      if (function.module != module) continue;
      ours.push_back({std::string(function.name), std::string(function.signature.params),
                      std::string(function.signature.results)});
    }
    ASSERT_EQ(ours.size(), interface.functions().size());
    EXPECT_EQ(ours.size(), count);
    for (usize i = 0; i < ours.size(); ++i) {
      EXPECT_EQ(ours[i].name, interface.functions()[i].name);
      EXPECT_EQ(ours[i].params, interface.functions()[i].params) << ours[i].name;
      EXPECT_EQ(ours[i].results, interface.functions()[i].results) << ours[i].name;
    }
  }
};

TEST_F(WitxTest, Preview1) {
  if (!read("preview1", "wasi_snapshot_preview1")) GTEST_SKIP() << "no witx files in " << WISP_INTERFACES_DIR;
  expect_types(types_of_version<Preview1>());
  expect_functions("wasi_snapshot_preview1", 46);
}

TEST_F(WitxTest, Unstable) {
  if (!read("preview0", "wasi_unstable")) GTEST_SKIP() << "no witx files in " << WISP_INTERFACES_DIR;
  expect_types(types_of_version<Unstable>());
  expect_functions("wasi_unstable", 45);
}

/// The numbers that reference documents state outright, for a checkout without the files.
TEST(Layouts, HaveTheKnownSizes) {
  EXPECT_EQ(abi::Layout<Filestat>::size, 64u);
  EXPECT_EQ(abi::Layout<unstable::Filestat>::size, 56u);
  EXPECT_EQ(abi::Layout<Subscription>::size, 48u);
  EXPECT_EQ(abi::Layout<Unstable::Subscription>::size, 56u);
  EXPECT_EQ(abi::Layout<Event>::size, 32u);
  EXPECT_EQ(static_cast<u32>(Errno::notcapable), 76u);
  EXPECT_EQ(imported_functions().size(), 91u);
}

}  // namespace
}  // namespace wisp::wasi::p1
