#include "sys/library.hpp"

#include <dlfcn.h>

namespace wisp::sys {

void* library_symbol(const std::string& library, const char* symbol) {
  void* handle = nullptr;
  Dl_info self;
  if (library.find('/') == std::string::npos && dladdr(reinterpret_cast<void*>(&library_symbol), &self) != 0 &&
      self.dli_fname != nullptr) {
    const std::string here = self.dli_fname;
    const auto slash = here.rfind('/');
    if (slash != std::string::npos) handle = dlopen((here.substr(0, slash + 1) + library).c_str(), RTLD_NOW);
  }
  if (handle == nullptr) handle = dlopen(library.c_str(), RTLD_NOW);
  return handle == nullptr ? nullptr : dlsym(handle, symbol);
}

}  // namespace wisp::sys
