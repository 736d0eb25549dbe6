// Runs a WASI program in its sandbox: embed PROGRAM [ARGS...]
#include <cstdio>

#include "wisp/wisp.hpp"

namespace {

int fail(const std::string& message) {
  std::fprintf(stderr, "embed: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return fail("usage: embed PROGRAM [ARGS...]");
  const wisp::Engine engine;
  const auto module = wisp::Module::from_file(engine, argv[1]);
  if (!module) return fail(module.error().message);

  auto store = wisp::Store::create(engine);
  if (!store) return fail(store.error().message);
  wisp::WasiConfig config;
  config.inherit_stdio().args({argv + 1, argv + argc});
  const auto wasi = wisp::Wasi::create(*store, config);
  if (!wasi) return fail(wasi.error().message);
  wisp::Linker linker(engine);
  if (const auto defined = wasi->define_in(linker); !defined) return fail(defined.error().message);

  const auto code = wisp::run_command(linker, *store, *module);
  return code ? static_cast<int>(*code) : fail(code.message());
}
