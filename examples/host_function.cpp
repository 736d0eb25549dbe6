// A guest calls functions of its embedder, and the embedder calls the guest.
#include <cstdio>
#include <string>
#include <vector>

#include "wisp/wisp.hpp"

namespace {

// `greet` hands the host a text in its memory; `sum` asks for numbers until the host has no more.
constexpr const char* program = R"((module
  (import "host" "print" (func $print (param i32 i32)))
  (import "host" "next" (func $next (result i32 i64)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello from the guest")
  (func (export "greet") (call $print (i32.const 16) (i32.const 20)))
  (func (export "sum") (result i64)
    (local $total i64)
    (local $value i64)
    (loop $again
      (call $next)
      (local.set $value)
      (if
        (then
          (local.set $total (i64.add (local.get $total) (local.get $value)))
          (br $again))))
    (local.get $total))))";

int fail(const std::string& message) {
  std::fprintf(stderr, "host_function: %s\n", message.c_str());
  return 1;
}

wisp::Result<void> define_host(wisp::Linker& linker, std::vector<std::int64_t>& numbers) {
  // A result that is an Error, or a Trap, ends the guest.
  auto printed = linker.define(
      "host", "print", [](wisp::Caller& caller, std::uint32_t address, std::uint32_t length) -> wisp::Outcome<void> {
        const auto text = caller.memory().text(address, length);
        if (!text) return caller.trap("print: the text is not in memory");
        std::printf("%s\n", text->c_str());
        return {};
      });
  if (!printed) return printed;
  // Several results are a tuple.
  return linker.define("host", "next", [&numbers]() -> std::tuple<std::int32_t, std::int64_t> {
    if (numbers.empty()) return {0, 0};
    const std::int64_t value = numbers.back();
    numbers.pop_back();
    return {1, value};
  });
}

}  // namespace

int main() {
  const wisp::Engine engine;
  const auto module = wisp::Module::from_text(engine, program);
  if (!module) return fail(module.error().message);
  auto store = wisp::Store::create(engine);
  if (!store) return fail(store.error().message);

  std::vector<std::int64_t> numbers = {1, 2, 39};
  wisp::Linker linker(engine);
  if (const auto defined = define_host(linker, numbers); !defined) return fail(defined.error().message);
  const auto instance = linker.instantiate(*store, *module);
  if (!instance) return fail(instance.message());

  if (const auto greeted = instance->func("greet")->call(); !greeted) return fail(greeted.message());
  const auto sum = instance->func("sum")->typed<std::int64_t()>();
  if (!sum) return fail(sum.error().message);
  const auto total = (*sum)();
  if (!total) return fail(total.message());
  std::printf("the sum is %lld\n", static_cast<long long>(*total));
  return 0;
}
