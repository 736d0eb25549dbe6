#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "wasi/core/test_world.hpp"

namespace wisp::core {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class Race : public testing::Test {
 protected:
  void SetUp() override { tree.build(Storage::linux_disk, 0); }
  fs::path host(const std::string& path) const { return fs::path(tree.directory_->path()) / path; }
  bool time_is_up() const { return Clock::now() - start > std::chrono::milliseconds(400); }

  Tree tree;
  Clock::time_point start = Clock::now();
};

// PATH-14, PATH-16: what was a directory is a link out of the box in the next moment, and back.
TEST_F(Race, DirectoryAndLinkChangePlaces) {
  fs::create_directory(host("box/x"));
  std::ofstream(host("box/x/secret")) << "mine";
  std::ofstream(host("outside/secret")) << "outside";
  fs::create_directory_symlink("../outside", host("box/link"));
  const auto before = tree.outside();

  std::atomic<bool> stop = false;
  std::thread renamer([&] {
    std::error_code ignored;
    while (!stop) {
      fs::rename(host("box/x"), host("box/kept"), ignored);
      fs::rename(host("box/link"), host("box/x"), ignored);
      fs::rename(host("box/x"), host("box/link"), ignored);
      fs::rename(host("box/kept"), host("box/x"), ignored);
    }
  });
  int opened = 0;
  int refused = 0;
  int escaped = 0;
  const TimeUpdate now{TimeUpdate::Kind::now, {}};
  for (int i = 0; !time_is_up(); ++i) {
    auto file = tree.box->open("x/secret", {.follow = true, .rights = reading()});
    refused += !file.ok();
    if (file.ok()) {
      ++opened;
      escaped += read_text(**file) != "mine";
    }
    (void)tree.box->open("x/new", {.follow = true, .create = true, .rights = writing()});
    (void)tree.box->create_directory("x/d");
    (void)tree.box->create_symlink("t", "x/s");
    (void)tree.box->link("file", *tree.box, "x/l");
    (void)tree.box->rename("x/new", *tree.box, "x/newer");
    (void)tree.box->set_times_path("x/secret", i % 2 == 0, now, now);
    for (const char* path : {"x/l", "x/s", "x/newer", "x/file"}) (void)tree.box->remove_file(path);
    (void)tree.box->remove_directory("x/d");
  }
  stop = true;
  renamer.join();
  EXPECT_EQ(escaped, 0);
  EXPECT_GT(opened, 0);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(tree.outside(), before);
}

// PATH-15: a directory is moved out of the box and back while the guest climbs out of it.
TEST_F(Race, DirectoryMovesOutAndBack) {
  fs::create_directories(host("box/sub/deep"));
  std::ofstream(host("box/mark")) << "mine";
  std::ofstream(host("mark")) << "outside";
  std::atomic<bool> stop = false;
  std::thread renamer([&] {
    std::error_code ignored;
    while (!stop) {
      fs::rename(host("box/sub"), host("outside/sub"), ignored);
      fs::rename(host("outside/sub"), host("box/sub"), ignored);
    }
  });
  int opened = 0;
  int escaped = 0;
  while (!time_is_up()) {
    auto file = tree.box->open("sub/deep/../../mark", {.rights = reading()});
    if (!file.ok()) continue;
    ++opened;
    escaped += read_text(**file) != "mine";
  }
  stop = true;
  renamer.join();
  EXPECT_EQ(escaped, 0);
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace wisp::core
