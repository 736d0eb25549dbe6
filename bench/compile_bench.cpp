// compile_bench: the names of the compilers, a line each.
// compile_bench FILE COMPILER: decodes a module, and validates and compiles all of its functions on one thread (the
// optimizing compiler: one in 64); prints how much code that was, its processor time, and how far it raised the peak of
// the process's memory.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "baseline/module_code.hpp"
#include "interp/module_code.hpp"
#include "runtime/optimizer.hpp"
#include "sys/library.hpp"
#include "wasm/decoder.hpp"
#include "wasm/validator.hpp"

namespace {

using namespace wisp;
using ModulePtr = std::shared_ptr<const wasm::Module>;

template <class Each>
void for_each_function(const wasm::Module& module, Each each) {
  for (u32 i = 0; i < module.bodies.size(); ++i) each(FuncIndex(module.imported_functions + i));
}

/// How much WebAssembly code was compiled, and what it became, which lives on until the time has been taken.
struct Made {
  u64 code_bytes;
  std::shared_ptr<const void> code;
};

Made validate(const ModulePtr& module) {
  WISP_CHECK(wasm::validate(*module).ok());
  return {module->code_section_size_bytes, nullptr};
}

Made interpreter(const ModulePtr& module) {
  auto code = std::make_shared<interp::ModuleCode>(module, false);
  for_each_function(*module, [&](FuncIndex function) { WISP_CHECK(code->lower(function) != nullptr); });
  return {module->code_section_size_bytes, std::move(code)};
}

Made baseline(const ModulePtr& module) {
  auto code = std::make_shared<baseline::ModuleCode>(module, baseline::ModuleCode::Settings{.guard_pages = true});
  for_each_function(*module, [&](FuncIndex function) {
    const auto* cell = static_cast<const runtime::NativeCell*>(code->entry(function));
    code->compile(const_cast<runtime::NativeCell&>(*cell));
  });
  return {module->code_section_size_bytes, std::move(code)};
}

Made optimizing(const ModulePtr& module) {
  const auto make = reinterpret_cast<runtime::MakeOptimizingCompiler>(
      sys::library_symbol(runtime::optimizing_compiler_library, runtime::make_optimizing_compiler_symbol));
  WISP_CHECK(make != nullptr);
  const std::unique_ptr<runtime::OptimizingCompiler> compiler(make());
  const runtime::StructLayouts layouts(*module);
  WISP_CHECK(wasm::validate(*module).ok());
  auto objects = std::make_shared<std::vector<runtime::ObjectCode>>();
  u64 code_bytes = 0;
  for (u32 i = 0; i < module->bodies.size(); i += 64) {
    const FuncIndex function(module->imported_functions + i);
    auto object = compiler->compile({.module = *module, .layouts = layouts, .function = function, .is_guarded = true});
    if (!object.ok()) continue;
    objects->push_back(std::move(*object));
    code_bytes += module->bodies[i].code.size();
  }
  return {code_bytes, std::move(objects)};
}

struct Compiler {
  std::string_view name;
  Made (*run)(const ModulePtr& module);
};
constexpr Compiler compilers[] = {
    {"validate", validate}, {"interpreter", interpreter}, {"baseline", baseline}, {"optimizing", optimizing}};

i64 processor_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return i64(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// Not what getrusage says: that begins with the peak of the process that started this one.
i64 peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    i64 kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return 0;
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
  const usize module_bytes = bytes.size();
  const auto module = wasm::decode(std::move(bytes), std::make_shared<wasm::TypeRegistry>(), {});
  WISP_CHECK(module.ok());
  const Made made = compiler->run(*module);
  const i64 elapsed_ns = processor_ns() - start;
  std::printf("code_bytes=%llu module_bytes=%zu cpu_ns=%lld peak_bytes=%lld\n",
              static_cast<unsigned long long>(made.code_bytes), module_bytes, static_cast<long long>(elapsed_ns),
              static_cast<long long>(peak_bytes() - peak_before));
  return 0;
}
