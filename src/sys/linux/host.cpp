#include "sys/host.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/linux/calls.hpp"
#include "sys/memory/streams.hpp"

namespace wisp::sys {

using namespace linux_host;

Result<void> check_host() {
  open_how how = {};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const Fd probe(int(syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how)));
  // Without a working directory there is nothing to ask about, but the call is there.
  if (probe || errno == ENOENT || errno == EACCES) return {};
  Error error;
  error.code = ErrorCode::io;
  error.message = "this kernel does not offer openat2, without which files cannot be confined safely";
  error.hint = errno == ENOSYS ? "Linux 5.6 or newer is needed"
                               : "Linux 5.6 or newer is needed, and a system-call filter that lets openat2 through";
  return error;
}

void open_standard_streams() {
  for (int which = 0; which <= 2; ++which) {
    // The lowest free number is this one, as those below it are open by now.
    if (fcntl(which, F_GETFD) == -1 && errno == EBADF) (void)open("/dev/null", O_RDWR);
  }
}

void raise_descriptor_limit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void ignore_broken_pipes() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

bool is_terminal(int which) {
  return isatty(which) == 1;
}

Outcome<std::unique_ptr<Directory>> open_host_directory(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return last_error();
  return make_directory(std::move(fd));
}

namespace {

/// Makes a directory, and the one above it if that is missing too.
bool make_private_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return true;
  const auto slash = path.find_last_of('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0) return false;
  if (mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST) return false;
  return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST;
}

}  // namespace

Result<std::unique_ptr<Directory>> open_private_directory(const std::string& given) {
  std::string path = given;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const auto refused = [&](const std::string& why) { return Error{ErrorCode::io, 0, path + ": " + why, {}}; };
  Fd fd;
  for (int attempt = 0; attempt < 2 && !fd; ++attempt) {
    fd = Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const int error = errno;
    if (!fd && (error != ENOENT || attempt == 1 || !make_private_directory(path))) {
      if (error != ELOOP && error != ENOTDIR) return refused(std::strerror(errno));
      return refused("it is no directory, or a symbolic link");
    }
  }
  struct stat stat;
  if (fstat(fd.get(), &stat) != 0) return refused(std::strerror(errno));
  if (stat.st_uid != geteuid()) return refused("it belongs to another user");
  if ((stat.st_mode & 077) != 0) {
    Error error = refused("other users can read or change it");
    error.hint = "remove the directory: what others may have put there would be believed";
    return error;
  }
  return make_directory(std::move(fd));
}

namespace {

/// The directory, or the nearest one above it that is there.
Fd open_nearest(std::string path, bool& is_there) {
  for (is_there = true;; is_there = false) {
    Fd fd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (fd || errno != ENOENT || path == "." || path == "/") return fd;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const auto slash = path.find_last_of('/');
    path = slash == path.npos ? "." : path.substr(0, std::max<usize>(slash, 1));
  }
}

/// Whether the first is the second, or is in it.
bool is_within(const Fd& inner, const Fd& outer) {
  struct stat wanted, above;
  if (fstat(outer.get(), &wanted) != 0) return false;
  Fd at(openat(inner.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::optional<struct stat> last;
  while (at && fstat(at.get(), &above) == 0) {
    if (above.st_dev == wanted.st_dev && above.st_ino == wanted.st_ino) return true;
    // The root is above itself.
    if (last && above.st_dev == last->st_dev && above.st_ino == last->st_ino) return false;
    last = above;
    at = Fd(openat(at.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  // It cannot be told.
  return true;
}

}  // namespace

bool directories_overlap(const std::string& one, const std::string& other) {
  bool is_one_there = false;
  bool is_other_there = false;
  const Fd first = open_nearest(one, is_one_there);
  const Fd second = open_nearest(other, is_other_there);
  if (!first || !second) return false;
  return (is_other_there && is_within(first, second)) || (is_one_there && is_within(second, first));
}

u32 process_id() {
  return u32(getpid());
}

void leave_process(int code) {
  _exit(code);
}

namespace {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

/// Numeric addresses only: no name is looked up.
std::optional<SocketAddress> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string host(text.substr(0, colon));
  const std::string_view port_text = text.substr(colon + 1);
  u16 port = 0;
  const auto [end, error] = std::from_chars(port_text.begin(), port_text.end(), port);
  if (error != std::errc() || end != port_text.end()) return std::nullopt;

  SocketAddress address;
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof v6;
    if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6.sin6_addr) == 1) return address;
    return std::nullopt;
  }
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  address.size = sizeof v4;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) return address;
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Node> standard_stream(int which) {
  auto stat = stat_of(which);
  if (!stat.ok()) return make_null_stream();
  return make_node(Fd(which, false), stat->type, true);
}

Result<std::unique_ptr<Node>> listen_tcp(const std::string& address) {
  const auto parsed = parse_address(address);
  if (!parsed) {
    return Error{ErrorCode::argument, 0, "\"" + address + "\" is no address to listen on",
                 "write HOST:PORT with a numeric host, for example 127.0.0.1:8080 or [::1]:8080"};
  }
  const auto failed = [&](const char* what) {
    return Error{ErrorCode::io, 0, std::string("cannot ") + what + " " + address + ": " + std::strerror(errno), {}};
  };
  const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  Fd fd(socket(parsed->storage.ss_family, type, 0));
  if (!fd) return failed("open a socket for");
  // A server that is started again at once finds its port in use otherwise.
  const int yes = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&parsed->storage), parsed->size) != 0) return failed("bind");
  if (listen(fd.get(), listen_backlog) != 0) return failed("listen on");
  return make_listener(std::move(fd));
}

Outcome<std::string> local_address(Node& socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  if (getsockname(socket.wait_handle().value, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return last_error();
  char text[INET6_ADDRSTRLEN];
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (storage.ss_family != AF_INET6) return Errno::afnosupport;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
}

}  // namespace wisp::sys
