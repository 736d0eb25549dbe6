#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>
#include <tuple>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/host.hpp"
#include "sys/poll.hpp"
#include "sys/random.hpp"

namespace wisp::sys {
namespace {

/// Puts a descriptor in the place of a standard one for as long as the object lives.
class Redirected {
 public:
  Redirected(int which, int by) : which_(which), saved_(dup(which)) { dup2(by, which); }
  ~Redirected() {
    dup2(saved_, which_);
    close(saved_);
  }

 private:
  int which_;
  int saved_;
};

Outcome<usize> write_text(Node& node, std::string_view text) {
  const ConstIoBuffer buffers[] = {{reinterpret_cast<const u8*>(text.data()), text.size()}};
  return node.write(buffers);
}

std::string read_text(Node& node, usize most = 100) {
  std::string text(most, '?');
  const IoBuffer buffers[] = {{reinterpret_cast<u8*>(text.data()), text.size()}};
  auto count = node.read(buffers);
  return count.ok() ? text.substr(0, *count) : "errno " + std::to_string(int(count.error()));
}

bool is_ready(Node& node, Interest interest) {
  PollItem item{node.wait_handle(), interest};
  auto result = poll({&item, 1}, 0, nullptr);
  return result.ok() && *result == PollResult::ready && item.ready;
}

class Streams : public testing::Test {
 protected:
  static void SetUpTestSuite() { ignore_broken_pipes(); }
};

const std::string again = "errno " + std::to_string(int(Errno::again));

// A pipe that others share must neither block us nor become non-blocking for them.
TEST_F(Streams, PipeAsStandardInput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Redirected redirected(0, ends[0]);
  auto input = standard_stream(0);
  EXPECT_EQ(input->stat()->type, FileType::fifo);
  EXPECT_EQ(read_text(*input), again);
  EXPECT_FALSE(is_ready(*input, Interest::read));
  EXPECT_EQ(write(ends[1], "hello", 5), 5);
  EXPECT_TRUE(is_ready(*input, Interest::read));
  EXPECT_EQ(*input->available(), 5u);
  EXPECT_EQ(read_text(*input, 3), "hel");
  EXPECT_EQ(read_text(*input), "lo");
  EXPECT_EQ(read_text(*input), again);
  EXPECT_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
  close(ends[1]);
  PollItem item{input->wait_handle(), Interest::read};
  ASSERT_TRUE(poll({&item, 1}, 0, nullptr).ok());
  EXPECT_TRUE(item.ready && item.hangup);
  EXPECT_EQ(read_text(*input), "");
  EXPECT_EQ(input->seek(0, Whence::start).error(), Errno::spipe);
  close(ends[0]);
}

TEST_F(Streams, PipeAsStandardOutput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Redirected redirected(1, ends[1]);
  auto output = standard_stream(1);
  const std::string block(10'000, 'x');
  usize written = 0;
  while (true) {
    auto count = write_text(*output, block);
    if (!count.ok()) {
      EXPECT_EQ(count.error(), Errno::again);
      break;
    }
    written += *count;
    ASSERT_LT(written, usize{10} << 20);
  }
  EXPECT_GE(written, 4096u);
  EXPECT_FALSE(is_ready(*output, Interest::write));
  std::string drained(written, ' ');
  EXPECT_EQ(read(ends[0], drained.data(), written), ssize_t(written));
  EXPECT_TRUE(is_ready(*output, Interest::write));
  close(ends[0]);
  EXPECT_EQ(write_text(*output, "x").error(), Errno::pipe);
  close(ends[1]);
}

// Terminals know no RWF_NOWAIT.
TEST_F(Streams, Terminal) {
  int outer = -1;
  int inner = -1;
  ASSERT_EQ(openpty(&outer, &inner, nullptr, nullptr, nullptr), 0);
  {
    const Redirected in(0, inner);
    auto input = standard_stream(0);
    EXPECT_EQ(input->stat()->type, FileType::character_device);
    EXPECT_EQ(read_text(*input), again);
    EXPECT_EQ(write(outer, "line\n", 5), 5);
    EXPECT_EQ(read_text(*input), "line\n");
    EXPECT_EQ(read_text(*input), again);
    EXPECT_EQ(*write_text(*input, "out"), 3u);
    const std::string large(100'000, 'x');
    EXPECT_LE(*write_text(*input, large), 4096u);
  }
  close(inner);
  close(outer);
}

TEST_F(Streams, AStreamThatIsNotThere) {
  const int saved = dup(0);
  close(0);
  auto input = standard_stream(0);
  dup2(saved, 0);
  close(saved);
  EXPECT_EQ(read_text(*input), "");
  EXPECT_EQ(*write_text(*input, "x"), 1u);
  EXPECT_EQ(input->stat()->type, FileType::character_device);
}

class HostFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "wisp_sys_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path = pattern;
    auto opened = open_host_directory(path);
    ASSERT_TRUE(opened.ok());
    directory = std::move(*opened);
  }
  void TearDown() override { std::filesystem::remove_all(path); }

  std::string path;
  std::unique_ptr<Directory> directory;
};

// PATH-24: nothing blocks, and a FIFO is a stream.
TEST_F(HostFiles, Fifo) {
  ASSERT_EQ(mkfifo((path + "/fifo").c_str(), 0600), 0);
  OpenMode mode;
  mode.write = true;
  EXPECT_EQ(directory->open("fifo", mode).error(), Errno::nxio);
  mode.read = true;
  mode.write = false;
  auto reader = directory->open("fifo", mode);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->type, FileType::fifo);
  EXPECT_EQ(read_text(*reader->node), "");
  mode.write = true;
  mode.read = false;
  auto writer = directory->open("fifo", mode);
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(read_text(*reader->node), again);
  EXPECT_EQ(*write_text(*writer->node, "text"), 4u);
  EXPECT_TRUE(is_ready(*reader->node, Interest::read));
  EXPECT_EQ(read_text(*reader->node), "text");
  const std::string block(1 << 20, 'x');
  EXPECT_LT(*write_text(*writer->node, block), block.size());
  EXPECT_EQ(write_text(*writer->node, block).error(), Errno::again);
}

TEST_F(HostFiles, SocketFilesAndDevicesAreNamedWhatTheyAre) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un {
    sa_family_t family = AF_UNIX;
    char path[108] = {};
  } address;
  (path + "/socket").copy(address.path, sizeof address.path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  OpenMode mode;
  mode.read = true;
  EXPECT_EQ(directory->open("socket", mode).error(), Errno::nxio);
  EXPECT_EQ(directory->stat_entry(*Name::make("socket"))->type, FileType::stream_socket);
  close(fd);

  auto dev = open_host_directory("/dev");
  ASSERT_TRUE(dev.ok());
  auto opened = (*dev)->open("null", mode);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->type, FileType::character_device);
}

/// What opening finds out is what `stat` says, whatever the file is open for.
void expect_type(Directory& directory, std::string_view path, FileType type) {
  for (const bool follow : {false, true}) {
    for (const auto& [read, write, append] : {std::tuple{true, false, false}, std::tuple{false, true, false},
                                              std::tuple{true, true, false}, std::tuple{true, true, true}}) {
      if (type == FileType::directory && write) continue;
      if (type == FileType::fifo && !read) continue;  // nobody reads
      auto opened = directory.open(path, {.read = read, .write = write, .follow = follow, .flags = {.append = append}});
      ASSERT_TRUE(opened.ok()) << path;
      EXPECT_EQ(opened->type, type) << path << ' ' << read << write << append;
      EXPECT_EQ(opened->node->stat()->type, type) << path;
      EXPECT_EQ(opened->node->as_directory() != nullptr, type == FileType::directory) << path;
    }
  }
}

TEST_F(HostFiles, OpeningTellsTheTypes) {
  ASSERT_EQ(mkdir((path + "/directory").c_str(), 0700), 0);
  ASSERT_EQ(mkfifo((path + "/fifo").c_str(), 0600), 0);
  ASSERT_TRUE(directory->open("file", {.write = true, .create = true}).ok());
  ASSERT_EQ(chmod((path + "/file").c_str(), 0600), 0);
  expect_type(*directory, "file", FileType::regular_file);
  expect_type(*directory, "directory", FileType::directory);
  expect_type(*directory, "fifo", FileType::fifo);
  auto dev = open_host_directory("/dev");
  ASSERT_TRUE(dev.ok());
  for (const char* device : {"null", "zero", "full"}) expect_type(**dev, device, FileType::character_device);
  auto proc = open_host_directory("/proc");
  ASSERT_TRUE(proc.ok());
  auto status = (*proc)->open(std::to_string(getpid()) + "/status", {.read = true});
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->type, FileType::regular_file);
}

// PATH-19.
TEST_F(HostFiles, MagicLinksAreNotFollowed) {
  auto proc = open_host_directory("/proc");
  ASSERT_TRUE(proc.ok());
  OpenMode mode;
  mode.read = mode.follow = true;
  const std::string self = std::to_string(getpid());
  for (const char* link : {"/exe", "/cwd", "/root", "/fd/0", "/cwd/x", "/root/etc/passwd"}) {
    auto opened = (*proc)->open(self + link, mode);
    ASSERT_FALSE(opened.ok()) << link;
    EXPECT_TRUE(opened.error() == Errno::loop || opened.error() == Errno::xdev) << link;
  }
}

TEST(Names, AreSingleComponents) {
  for (const std::string_view text :
       {std::string_view(""), std::string_view("."), std::string_view(".."), std::string_view("a/b"),
        std::string_view("/"), std::string_view("a/"), std::string_view("a\0b", 3)}) {
    EXPECT_FALSE(Name::make(text).has_value()) << text;
  }
  EXPECT_FALSE(Name::make(std::string(256, 'x')).has_value());
  const std::string longest(255, 'x');
  for (const std::string_view text : {std::string_view("..."), std::string_view("a b"), std::string_view(longest)}) {
    EXPECT_EQ(Name::make(text)->text(), text);
  }
}

TEST(Sockets, AcceptReceiveSendShutDown) {
  ignore_broken_pipes();
  auto listener = listen_tcp("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ((*listener)->accept().error(), Errno::again);
  EXPECT_EQ(read_text(**listener), "errno " + std::to_string(int(Errno::notconn)));
  const std::string address = *local_address(**listener);
  const u16 port = u16(std::stoi(address.substr(address.rfind(':') + 1)));

  const int client = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  EXPECT_TRUE(is_ready(**listener, Interest::read));
  auto accepted = (*listener)->accept();
  ASSERT_TRUE(accepted.ok());
  Node& connection = **accepted;
  EXPECT_EQ(connection.stat()->type, FileType::stream_socket);

  EXPECT_EQ(read_text(connection), again);
  EXPECT_EQ(send(client, "hello", 5, 0), 5);
  std::string text(3, '?');
  const IoBuffer buffers[] = {{reinterpret_cast<u8*>(text.data()), 3}};
  EXPECT_EQ(connection.receive(buffers, true, false)->size_bytes, 3u);
  EXPECT_EQ(connection.receive(buffers, false, false)->size_bytes, 3u);
  EXPECT_EQ(text, "hel");
  EXPECT_EQ(*connection.available(), 2u);
  EXPECT_EQ(read_text(connection), "lo");
  EXPECT_EQ(*write_text(connection, "reply"), 5u);
  char reply[8];
  EXPECT_EQ(recv(client, reply, sizeof reply, 0), 5);
  EXPECT_TRUE(connection.shut_down(ShutdownSide::write).ok());
  EXPECT_EQ(write_text(connection, "x").error(), Errno::pipe);
  EXPECT_EQ(recv(client, reply, sizeof reply, 0), 0);
  close(client);
  EXPECT_EQ(read_text(connection), "");
}

TEST(Sockets, AddressesToListenOn) {
  for (const char* bad : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "example.com:80", ":80",
                          "[::1:80", "::1:80", "1.2.3:80", "127.0.0.1:80 "}) {
    auto listener = listen_tcp(bad);
    ASSERT_FALSE(listener.ok()) << bad;
    EXPECT_EQ(listener.error().code, ErrorCode::argument) << bad;
  }
  auto localhost = listen_tcp("localhost:0");
  ASSERT_TRUE(localhost.ok());
  auto taken = listen_tcp(*local_address(**localhost));
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::io);
}

TEST(Host, FilesMayNotGrowBeyondWhatTheProcessMayWrite) {
  ignore_broken_pipes();
  std::string pattern = (std::filesystem::temp_directory_path() / "wisp_sys_XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  auto directory = open_host_directory(pattern);
  OpenMode mode;
  mode.write = mode.create = true;
  auto opened = (*directory)->open("file", mode);
  ASSERT_TRUE(opened.ok());
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_EQ(*write_text(*opened->node, std::string(1500, 'x')), 1000u);
  EXPECT_EQ(write_text(*opened->node, "x").error(), Errno::fbig);
  setrlimit(RLIMIT_FSIZE, &before);
  std::filesystem::remove_all(pattern);
}

TEST(Host, Check) {
  EXPECT_TRUE(check_host().ok());
}

TEST(Random, FillsEverything) {
  std::string bytes(1 << 20, '\0');
  ASSERT_TRUE(host_random().fill({reinterpret_cast<u8*>(bytes.data()), bytes.size()}).ok());
  usize zeros = 0;
  for (const char byte : bytes) zeros += byte == 0;
  EXPECT_LT(zeros, 8'000u);
  EXPECT_TRUE(host_random().fill({}).ok());
}

TEST(Poll, ManyAndBroken) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::vector<PollItem> items(500, PollItem{{ends[0]}, Interest::read});
  const u64 now = host_clock(HostClock::monotonic).now()->to_ns();
  EXPECT_EQ(*poll(items, now + 1'000'000, nullptr), PollResult::timed_out);
  items[400] = {{ends[1]}, Interest::write};
  EXPECT_EQ(*poll(items, std::nullopt, nullptr), PollResult::ready);
  EXPECT_TRUE(items[400].ready);
  EXPECT_FALSE(items[399].ready);
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(*poll(items, std::nullopt, nullptr), PollResult::ready);
  EXPECT_TRUE(items[0].failed);
}

/// A short while, of another length each time.
void dawdle(std::minstd_rand& random) {
  for (volatile u32 left = random() % 300; left != 0; left = left - 1) {
  }
}

TEST(Interrupt, ThatIsRaisedAndClearedAtTheSameTimeIsOneOfTheTwo) {
  auto interrupt = Interrupt::create();
  ASSERT_TRUE(interrupt.ok());
  constexpr int rounds = 50'000;
  std::atomic<int> begun = 0;
  std::atomic<int> done = 0;
  std::thread other([&] {
    std::minstd_rand random(1);
    for (int i = 1; i <= rounds; ++i) {
      while (begun < i) yield_thread();
      dawdle(random);
      interrupt->raise();
      done = i;
    }
  });
  std::minstd_rand random(2);
  int mixed = 0;
  for (int i = 1; i <= rounds; ++i) {
    begun = i;
    dawdle(random);
    interrupt->clear();
    while (done < i) yield_thread();
    PollItem item{interrupt->handle(), Interest::read};
    mixed += (*poll({&item, 1}, 0, nullptr) == PollResult::ready) != interrupt->raised() ? 1 : 0;
    interrupt->clear();
  }
  other.join();
  EXPECT_EQ(mixed, 0);
}

}  // namespace
}  // namespace wisp::sys
