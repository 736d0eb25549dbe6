#include <bit>
#include <cinttypes>
#include <cstdio>

#include "api/access.hpp"
#include "runtime/calls.hpp"

namespace wisp {

namespace {

constexpr bool is_func_hierarchy(wasm::ValType type) {
  return wasm::top_of(type.heap()) == wasm::HeapKind::func;
}

std::string text(const char* format, auto... values) {
  char buffer[128];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

}  // namespace

Value::Value(std::int32_t value) : Value(ValType::i32(), std::bit_cast<u32>(value)) {}
Value::Value(std::uint32_t value) : Value(ValType::i32(), value) {}
Value::Value(std::int64_t value) : Value(ValType::i64(), std::bit_cast<u64>(value)) {}
Value::Value(std::uint64_t value) : Value(ValType::i64(), value) {}
Value::Value(float value) : Value(ValType::f32(), std::bit_cast<u32>(value)) {}
Value::Value(double value) : Value(ValType::f64(), std::bit_cast<u64>(value)) {}
Value::Value(const V128& value) : Value(ValType::v128(), 0) {
  std::memcpy(slots_.data(), value.bytes.data(), sizeof slots_);
}
Value::Value(const Func& function)
    : Value(Access::lift(wasm::ValType::ref(false, wasm::HeapType(Access::function(function).type))),
            reinterpret_cast<u64>(&Access::function(function))) {
  root_ = std::make_shared<RefRoot>(Access::store_of(function).shared_from_this(), std::nullopt);
}

Value Value::null(HeapType heap) {
  return {ValType::ref(heap), runtime::null_ref};
}
Value Value::i31(std::int32_t value) {
  return {ValType::ref(HeapType::i31, false), runtime::i31_ref(u32(value))};
}

std::int32_t Value::i32() const {
  WISP_CHECK(type_.kind() == ValType::Kind::i32);
  return std::int32_t(slots_[0]);
}
std::int64_t Value::i64() const {
  WISP_CHECK(type_.kind() == ValType::Kind::i64);
  return std::int64_t(slots_[0]);
}
float Value::f32() const {
  WISP_CHECK(type_.kind() == ValType::Kind::f32);
  return std::bit_cast<float>(u32(slots_[0]));
}
double Value::f64() const {
  WISP_CHECK(type_.kind() == ValType::Kind::f64);
  return std::bit_cast<double>(slots_[0]);
}
V128 Value::v128() const {
  WISP_CHECK(type_.kind() == ValType::Kind::v128);
  V128 value;
  std::memcpy(value.bytes.data(), slots_.data(), sizeof slots_);
  return value;
}

bool Value::is_null() const {
  return type_.is_ref() && slots_[0] == runtime::null_ref;
}

bool Value::is(HeapType heap) const {
  if (!type_.is_ref() || is_null()) return false;
  const wasm::HeapType wanted = Access::lower(heap);
  return wasm::top_of(wanted) == wasm::top_of(Access::lower(type_).heap()) && runtime::ref_matches(slots_[0], wanted);
}

std::optional<std::uint64_t> Value::host_value() const {
  if (!type_.is_ref() || is_null() || is_func_hierarchy(Access::lower(type_)) || runtime::is_i31(slots_[0])) return {};
  const runtime::GcObject* object = runtime::object_of(slots_[0]);
  if (object->kind != runtime::GcObject::Kind::host) return {};
  return static_cast<const runtime::HostObject*>(object)->value;
}

std::optional<std::int32_t> Value::i31_value() const {
  if (!type_.is_ref() || is_func_hierarchy(Access::lower(type_)) || !runtime::is_i31(slots_[0])) return {};
  return runtime::i31_signed(slots_[0]);
}

std::optional<Func> Value::func() const {
  if (!type_.is_ref() || is_null() || !is_func_hierarchy(Access::lower(type_))) return {};
  return Access::lift(*root_->store, *reinterpret_cast<runtime::Function*>(slots_[0]));
}

std::string Value::to_string() const {
  switch (type_.kind()) {
    case ValType::Kind::i32:
      return text("i32:%" PRId32, i32());
    case ValType::Kind::i64:
      return text("i64:%" PRId64, i64());
    case ValType::Kind::f32:
      return text("f32:%.9g", double(f32()));
    case ValType::Kind::f64:
      return text("f64:%.17g", f64());
    case ValType::Kind::v128:
      return text("v128:0x%016" PRIx64 "%016" PRIx64, slots_[1], slots_[0]);
    case ValType::Kind::ref:
      break;
  }
  if (is_null()) return "(ref.null " + type_.to_string() + ")";
  if (const auto value = host_value()) return text("(ref.extern %" PRIu64 ")", *value);
  if (const auto value = i31_value()) return text("(ref.i31 %" PRId32 ")", *value);
  return "(" + type_.to_string() + ")";
}

Value Access::lift(StoreState& store, wasm::ValType type, const u64* slots) {
  Value value(lift(type), slots[0]);
  if (type.kind() == wasm::ValType::Kind::v128) value.slots_[1] = slots[1];
  if (type.kind() == wasm::ValType::Kind::i32 || type.kind() == wasm::ValType::Kind::f32)
    value.slots_[0] = u32(slots[0]);
  if (!type.is_ref() || slots[0] == runtime::null_ref) return value;
  std::optional<u32> number;
  if (!is_func_hierarchy(type)) {
    if (runtime::is_i31(slots[0])) return value;
    number = store.store->add_root(slots[0]);
  }
  value.root_ = std::make_shared<RefRoot>(store.shared_from_this(), number);
  return value;
}

Result<void> Access::lower(const StoreState& store, const Value& value, wasm::ValType type, u64* slots) {
  const wasm::ValType own = lower(value.type_);
  const auto mismatch = [&] {
    return Error{ErrorCode::argument, 0,
                 "the value is a " + value.type_.to_string() + ", not a " + lift(type).to_string(), ""};
  };
  if (own.kind() != type.kind()) return mismatch();
  if (type.is_ref()) {
    if (wasm::top_of(own.heap()) != wasm::top_of(type.heap())) return mismatch();
    if (!runtime::ref_matches(value.slots_[0], type)) return mismatch();
    if (value.root_ != nullptr && value.root_->store.get() != &store) {
      return Error{ErrorCode::argument, 0, "the value refers to something in another store", ""};
    }
  }
  slots[0] = value.slots_[0];
  if (type.slots() == 2) slots[1] = value.slots_[1];
  return {};
}

std::vector<Value> Access::lift(StoreState& store, std::span<const wasm::ValType> types, const u64* slots) {
  std::vector<Value> values;
  values.reserve(types.size());
  for (const wasm::ValType type : types) {
    values.push_back(lift(store, type, slots));
    slots += type.slots();
  }
  return values;
}

Result<void> Access::lower(const StoreState& store, std::span<const Value> values, std::span<const wasm::ValType> types,
                           u64* slots) {
  if (values.size() != types.size()) {
    return Error{ErrorCode::argument, 0,
                 std::to_string(values.size()) + " values given, " + std::to_string(types.size()) + " wanted", ""};
  }
  for (usize i = 0; i < types.size(); ++i) {
    WISP_TRY(lower(store, values[i], types[i], slots));
    slots += types[i].slots();
  }
  return {};
}

}  // namespace wisp
