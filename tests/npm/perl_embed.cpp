#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "wisp/wisp.hpp"

// A C++ program that embeds Perl: a WASI reactor with one import that is not WASI. perl_embed ZEROPERL.WASM

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "perl_embed: %s\n", what.c_str());
  std::exit(1);
}

template <class R>
auto must(R result, const char* what) {
  if (!result.ok()) {
    if constexpr (requires { result.message(); }) {
      fail(std::string(what) + ": " + result.message());
    } else {
      fail(std::string(what) + ": " + result.error().message);
    }
  }
  return std::move(result).value();
}

/// The interpreter's C interface, as its JavaScript package uses it.
class Perl {
 public:
  explicit Perl(wisp::Instance instance) : instance_(std::move(instance)) {
    if (call("zeroperl_init") != 0) fail("zeroperl_init failed");
  }

  void eval(const std::string& code) {
    constexpr std::int32_t scalar_context = 1;
    const std::int32_t text = put(code);
    if (call("zeroperl_eval", {text, scalar_context, 0, 0}) != 0) fail("eval: " + get(call("zeroperl_last_error")));
    call("free", {text});
    call("zeroperl_flush");
  }

  std::string variable(const std::string& name) {
    const std::int32_t text = put(name);
    const std::int32_t length_at = call("malloc", {4});
    const std::int32_t at = call("zeroperl_to_string", {call("zeroperl_get_var", {text}), length_at});
    const auto memory = instance_.memory("memory")->bytes();
    return *memory.text(std::uint32_t(at), *memory.load<std::uint32_t>(std::uint32_t(length_at)));
  }

  void define(std::int32_t id, const std::string& name) { call("zeroperl_register_function", {id, put(name)}); }

 private:
  std::int32_t call(const char* name, const std::vector<wisp::Value>& arguments = {}) {
    auto results = must(instance_.func(name)->call(arguments), name);
    return results.empty() ? 0 : results[0].i32();
  }

  std::int32_t put(const std::string& text) {
    const std::int32_t at = call("malloc", {std::int32_t(text.size() + 1)});
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.c_str());
    if (!instance_.memory("memory")->bytes().write(std::uint32_t(at), {bytes, text.size() + 1})) fail("put");
    return at;
  }

  std::string get(std::int32_t at) { return *instance_.memory("memory")->bytes().c_string(std::uint32_t(at)); }

  wisp::Instance instance_;
};

/// What Perl code calls as `add`: two scalars in, their sum out.
std::int32_t add(wisp::Caller& caller, std::int32_t argc, std::int32_t argv) {
  const auto function = [&](const char* name) { return std::get<wisp::Func>(*caller.get(name)); };
  const auto integer = [&](std::int32_t index) {
    const auto value = caller.memory().load<std::int32_t>(std::uint32_t(argv + 4 * index));
    const std::int32_t out = must(function("malloc").call({4}), "malloc")[0].i32();
    (void)must(function("zeroperl_to_int").call({*value, out}), "zeroperl_to_int");
    return *caller.memory().load<std::int32_t>(std::uint32_t(out));
  };
  if (argc != 2) return 0;
  const std::int32_t a = integer(0), b = integer(1);
  std::printf("host was asked: add(%d, %d)\n", a, b);
  std::fflush(stdout);
  return must(function("zeroperl_new_int").call({a + b}), "zeroperl_new_int")[0].i32();
}

/// The world that this Perl expects: a root directory with /dev/null in it.
class Root {
 public:
  Root() {
    std::string name = (std::filesystem::temp_directory_path() / "perl-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) fail("mkdtemp");
    path_ = name;
    std::filesystem::create_directory(path_ / "dev");
    std::ofstream(path_ / "dev/null").flush();
  }
  ~Root() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const Root root;
  const wisp::Engine engine;
  auto store = must(wisp::Store::create(engine), "store");
  const auto module = must(wisp::Module::from_file(engine, argv[1]), "module");
  wisp::Linker linker(engine);
  wisp::WasiConfig config;
  config.inherit_stdio().dir(root.path(), "/");
  const auto wasi = must(wisp::Wasi::create(store, config), "wasi");
  if (!wasi.define_in(linker)) fail("wasi");
  if (!linker.define("env", "call_host_function",
                     [](wisp::Caller& caller, std::int32_t, std::int32_t count, std::int32_t arguments) {
                       return add(caller, count, arguments);
                     })) {
    fail("env.call_host_function");
  }
  Perl perl(must(wisp::instantiate_reactor(linker, store, module), "perl"));
  perl.eval("$| = 1; print \"hello from Perl\\n\"; our $product = 6 * 7;");
  std::printf("6 x 7 = %s\n", perl.variable("product").c_str());
  std::fflush(stdout);
  perl.define(1, "add");
  perl.eval("our $sum = add(19, 23);");
  if (perl.variable("sum") != "42") fail("sum is " + perl.variable("sum"));
}
