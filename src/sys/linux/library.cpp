#include "sys/library.hpp"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include "sys/limits.hpp"

namespace wisp::sys {
namespace {

/// The file that this code is in; empty if it cannot be found out.
std::string own_file() {
  Dl_info self;
  link_map* map = nullptr;
  const int found =
      dladdr1(reinterpret_cast<void*>(&library_symbol), &self, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP);
  if (found == 0 || map == nullptr) return {};
  // The program itself has no name there; it goes by what it was called as, which may be looked up in PATH.
  if (map->l_name[0] != '\0') return map->l_name;
  char path[max_path_bytes];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, usize(size)) : std::string();
}

}  // namespace

void* library_symbol(const std::string& library, const char* symbol) {
  void* handle = nullptr;
  if (library.find('/') == std::string::npos) {
    const std::string here = own_file();
    const auto slash = here.rfind('/');
    if (slash != std::string::npos) handle = dlopen((here.substr(0, slash + 1) + library).c_str(), RTLD_NOW);
  }
  if (handle == nullptr) handle = dlopen(library.c_str(), RTLD_NOW);
  return handle == nullptr ? nullptr : dlsym(handle, symbol);
}

}  // namespace wisp::sys
