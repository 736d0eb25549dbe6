#include "cli/wast_spectest.hpp"

#include <cstdint>

#include "base/result.hpp"

namespace wisp::cli {
namespace {

constexpr const char* module_name = "spectest";

Result<void> define_functions(Linker& linker) {
  using i32 = std::int32_t;
  using i64 = std::int64_t;
  // What scripts print is of no interest: their assertions are.
  WISP_TRY(linker.define(module_name, "print", []() {}));
  WISP_TRY(linker.define(module_name, "print_i32", [](i32) {}));
  WISP_TRY(linker.define(module_name, "print_i64", [](i64) {}));
  WISP_TRY(linker.define(module_name, "print_f32", [](float) {}));
  WISP_TRY(linker.define(module_name, "print_f64", [](double) {}));
  WISP_TRY(linker.define(module_name, "print_i32_f32", [](i32, float) {}));
  WISP_TRY(linker.define(module_name, "print_f64_f64", [](double, double) {}));
  return {};
}

Result<void> define_globals(Linker& linker, Store& store) {
  const auto define = [&](const char* name, ValType type, const Value& value) -> Result<void> {
    WISP_TRY_ASSIGN(const Global global, Global::create(store, {type, false}, value));
    return linker.define(module_name, name, Extern(global));
  };
  WISP_TRY(define("global_i32", ValType::i32(), std::int32_t{666}));
  WISP_TRY(define("global_i64", ValType::i64(), std::int64_t{666}));
  WISP_TRY(define("global_f32", ValType::f32(), 666.6F));
  WISP_TRY(define("global_f64", ValType::f64(), 666.6));
  return {};
}

Result<void> define_storage(Linker& linker, Store& store) {
  const auto table = [&](const char* name, bool is_64) -> Result<void> {
    const TableType type{ValType::funcref(), {10, 20, is_64}};
    WISP_TRY_ASSIGN(const Table made, Table::create(store, type, Value::null(HeapType::func)));
    return linker.define(module_name, name, Extern(made));
  };
  const auto memory = [&](const char* name, bool shared) -> Result<void> {
    WISP_TRY_ASSIGN(const Memory made, Memory::create(store, {{1, 2, false}, shared, 16}));
    return linker.define(module_name, name, Extern(made));
  };
  WISP_TRY(table("table", false));
  WISP_TRY(table("table64", true));
  WISP_TRY(memory("memory", false));
  WISP_TRY(memory("shared_memory", true));
  return {};
}

}  // namespace

Result<void> define_spectest(Linker& linker, Store& store) {
  WISP_TRY(define_functions(linker));
  WISP_TRY(define_globals(linker, store));
  WISP_TRY(define_storage(linker, store));
  return {};
}

}  // namespace wisp::cli
