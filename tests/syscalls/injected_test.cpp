#include <cerrno>

#include "sys/host.hpp"
#include "tracing.hpp"
#include "wasi/core/test_world.hpp"

/// A kernel that does not answer `openat2`: nothing else may be asked about a guest's path in its place.
namespace wisp {
namespace {

class Injected : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_inject) GTEST_SKIP() << "this test cannot change system calls on this architecture";
    tree.build(core::Storage::linux_disk, 0);
  }

  /// What opening a file says, and how often `openat2` is called for it, when its first `failures` calls fail.
  std::string open_with(int error, int failures, const char* expected) {
    SCOPED_TRACE(std::string("it should say ") + expected);
    const auto body = [&] {
      return tree.open_result(*tree.box, "dir/nested", {.rights = core::reading()}) == expected;
    };
    int left = failures;
    const auto inject = [&](const Call& call) {
      if (call.number != SYS_openat2 || left == 0) return 0;
      --left;
      return error;
    };
    const auto calls = trace(body, inject);
    if (!calls) return "cannot trace";
    std::string others;
    int asked = 0;
    for (const Call& call : *calls) {
      asked += call.number == SYS_openat2;
      if (call.number == SYS_openat2 || std::ranges::count(harmless_calls(), call.number) != 0) continue;
      const bool names_nothing = path_calls().contains(call.number) && call.path.empty();
      if (!names_nothing) others += " and call " + std::to_string(call.number) + " with " + call.path;
    }
    return std::to_string(asked) + others;
  }

  core::Tree tree;
};

/// PATH-17: a rename anywhere on the machine can disturb a resolution.
TEST_F(Injected, DisturbedResolutionIsTriedAgainButNotForEver) {
  const std::string undisturbed = open_with(EAGAIN, 0, "ok");
  if (undisturbed == "cannot trace") GTEST_SKIP() << "a child cannot be traced here";
  const int calls = std::stoi(undisturbed);
  for (const int failures : {1, 2, sys::max_resolve_attempts - 1}) {
    EXPECT_EQ(open_with(EAGAIN, failures, "ok"), std::to_string(calls + failures)) << failures;
  }
  for (const int failures : {sys::max_resolve_attempts, 1'000'000}) {
    EXPECT_EQ(open_with(EAGAIN, failures, "would_block"), std::to_string(sys::max_resolve_attempts)) << failures;
  }
  EXPECT_EQ(open_with(EINTR, 3, "ok"), std::to_string(calls + 3));
}

/// PATH-18: there is no walk in user space for kernels and filters that do not let the call through.
TEST_F(Injected, NothingIsAskedInThePlaceOfOpenat2) {
  if (open_with(0, 0, "ok") == "cannot trace") GTEST_SKIP() << "a child cannot be traced here";
  EXPECT_EQ(open_with(ENOSYS, 1'000, "nosys"), "1");
  EXPECT_EQ(open_with(EPERM, 1'000, "perm"), "1");
  EXPECT_EQ(open_with(E2BIG, 1'000, "toobig"), "1");
}

/// What an opened file is must be known before anything is done with it.
TEST_F(Injected, WhatWasOpenedIsAskedInAnotherWayIfTheFirstIsRefused) {
  const auto types_are_right = [&] {
    auto file = tree.box->open("file", {.rights = core::reading()});
    auto dir = tree.box->open("dir", {.rights = core::browsing()});
    return file.ok() && (*file)->type() == core::FileType::regular_file && dir.ok() &&
           (*dir)->type() == core::FileType::directory;
  };
  if (!trace(types_are_right)) GTEST_SKIP() << "a child cannot be traced here";
  for (const int error : {ENOSYS, EPERM, EINVAL, EXDEV, ETXTBSY}) {
    SCOPED_TRACE(error);
    (void)trace(types_are_right, [&](const Call& call) { return call.number == SYS_copy_file_range ? error : 0; });
  }
}

/// The hint of the check at start when `openat2` fails; empty if the check is content.
bool check_says(std::string_view hint) {
  const Result<void> checked = sys::check_host();
  return checked.ok() ? hint.empty() : checked.error().hint == hint;
}

TEST_F(Injected, HostsWithoutOpenat2AreRefusedAtStart) {
  const auto failing = [](int error) {
    return [error](const Call& call) { return call.number == SYS_openat2 ? error : 0; };
  };
  constexpr const char* newer = "Linux 5.6 or newer is needed";
  constexpr const char* filter = "Linux 5.6 or newer is needed, and a system-call filter that lets openat2 through";
  if (!trace([] { return check_says(""); })) GTEST_SKIP() << "a child cannot be traced here";
  (void)trace([&] { return check_says(newer); }, failing(ENOSYS));
  (void)trace([&] { return check_says(filter); }, failing(EPERM));
  (void)trace([&] { return check_says(filter); }, failing(E2BIG));
  // Without a working directory there is nothing to ask about, but the call is there.
  (void)trace([] { return check_says(""); }, failing(ENOENT));
}

}  // namespace
}  // namespace wisp
