// compile_bench: the names of the compilers, a line each.
// compile_bench FILE COMPILER: decodes a module, and validates and compiles all of its functions on one thread; prints
// the processor time of that, and how far it raised the peak of the process's memory.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "baseline/module_code.hpp"
#include "interp/module_code.hpp"
#include "wasm/decoder.hpp"
#include "wasm/validator.hpp"

namespace {

using namespace wisp;
using ModulePtr = std::shared_ptr<const wasm::Module>;

template <class Each>
void for_each_function(const wasm::Module& module, Each each) {
  for (u32 i = 0; i < module.bodies.size(); ++i) each(FuncIndex(module.imported_functions + i));
}

void validate(const ModulePtr& module) {
  WISP_CHECK(wasm::validate(*module).ok());
}

void interpreter(const ModulePtr& module) {
  interp::ModuleCode code(module, false);
  for_each_function(*module, [&](FuncIndex function) { WISP_CHECK(code.lower(function) != nullptr); });
}

void baseline(const ModulePtr& module) {
  baseline::ModuleCode code(module, {.guard_pages = true});
  for_each_function(*module, [&](FuncIndex function) {
    const auto* cell = static_cast<const runtime::NativeCell*>(code.entry(function));
    code.compile(const_cast<runtime::NativeCell&>(*cell));
  });
}

struct Compiler {
  std::string_view name;
  void (*run)(const ModulePtr& module);
};
constexpr Compiler compilers[] = {{"validate", validate}, {"interpreter", interpreter}, {"baseline", baseline}};

i64 processor_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return i64(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

i64 peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return i64(usage.ru_maxrss) * 1024;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    for (const Compiler& compiler : compilers) std::puts(compiler.name.data());
    return 0;
  }
  const auto* compiler = argc == 3 ? std::ranges::find(compilers, std::string_view(argv[2]), &Compiler::name) : nullptr;
  if (compiler == nullptr || compiler == std::end(compilers)) return 64;
  const i64 peak_before = peak_bytes();
  std::ifstream file(argv[1], std::ios::binary | std::ios::ate);
  std::vector<u8> bytes(usize(file.tellg()));
  file.seekg(0).read(reinterpret_cast<char*>(bytes.data()), std::streamsize(bytes.size()));
  WISP_CHECK(file.good());
  const i64 start = processor_ns();
  const auto module = wasm::decode(bytes, std::make_shared<wasm::TypeRegistry>(), {});
  WISP_CHECK(module.ok());
  compiler->run(*module);
  const i64 elapsed_ns = processor_ns() - start;
  std::printf("code_bytes=%llu module_bytes=%zu cpu_ns=%lld peak_bytes=%lld\n",
              static_cast<unsigned long long>((*module)->code_section_size_bytes), bytes.size(),
              static_cast<long long>(elapsed_ns), static_cast<long long>(peak_bytes() - peak_before));
  return 0;
}
