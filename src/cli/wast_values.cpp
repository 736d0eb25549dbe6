#include "cli/wast_values.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "wisp/linker.hpp"

namespace wisp::cli {
namespace {

using text::LanePattern;
using text::ResultPattern;
using text::ScriptValue;
using text::Shape;
using wasm::HeapKind;

HeapType heap_type(HeapKind kind) {
  switch (kind) {
    case HeapKind::none:
    case HeapKind::bottom:
      return HeapType::none;
    case HeapKind::extern_:
      return HeapType::extern_;
    case HeapKind::any:
      return HeapType::any;
    case HeapKind::eq:
      return HeapType::eq;
    case HeapKind::i31:
      return HeapType::i31;
    case HeapKind::struct_:
      return HeapType::struct_;
    case HeapKind::array:
      return HeapType::array;
    case HeapKind::exn:
      return HeapType::exn;
    case HeapKind::func:
      return HeapType::func;
    case HeapKind::noextern:
      return HeapType::noextern;
    case HeapKind::nofunc:
      return HeapType::nofunc;
    case HeapKind::noexn:
      return HeapType::noexn;
  }
  return HeapType::any;
}

V128 vector_of(u64 low, u64 high) {
  V128 out;
  for (usize i = 0; i < 8; ++i) {
    out.bytes[i] = u8(low >> (8 * i));
    out.bytes[i + 8] = u8(high >> (8 * i));
  }
  return out;
}

usize lane_bytes(Shape shape) {
  switch (shape) {
    case Shape::i8x16:
      return 1;
    case Shape::i16x8:
      return 2;
    case Shape::i32x4:
    case Shape::f32x4:
      return 4;
    case Shape::i64x2:
    case Shape::f64x2:
      return 8;
  }
  return 1;
}

/// The bits of one lane, low byte first.
u64 lane_bits(const V128& vector, usize width, usize index) {
  u64 bits = 0;
  for (usize i = 0; i < width; ++i) bits |= u64{vector.bytes[index * width + i]} << (8 * i);
  return bits;
}

/// The bits of a float that is a quiet NaN with an empty payload.
constexpr u64 canonical_nan(usize bytes) {
  return bytes == 4 ? 0x7fc0'0000 : 0x7ff8'0000'0000'0000;
}

constexpr u64 without_sign(u64 bits, usize bytes) {
  return bytes == 4 ? bits & 0x7fff'ffff : bits & ~(u64{1} << 63);
}

bool lane_matches(const LanePattern& pattern, u64 bits, usize bytes) {
  switch (pattern.kind) {
    case LanePattern::Kind::bits:
      return bits == pattern.bits;
    case LanePattern::Kind::nan_canonical:
      return without_sign(bits, bytes) == canonical_nan(bytes);
    case LanePattern::Kind::nan_arithmetic:
      return (bits & canonical_nan(bytes)) == canonical_nan(bytes);
  }
  return false;
}

bool number_matches(const ResultPattern& pattern, ValType type, u64 bits, usize bytes, ValType wanted) {
  return type == wanted && pattern.lanes.size() == 1 && lane_matches(pattern.lanes[0], bits, bytes);
}

bool vector_matches(const Value& value, const ResultPattern& pattern) {
  if (value.type() != ValType::v128()) return false;
  const usize width = lane_bytes(pattern.shape);
  const V128 vector = value.v128();
  for (usize i = 0; i < pattern.lanes.size(); ++i) {
    if (!lane_matches(pattern.lanes[i], lane_bits(vector, width, i), width)) return false;
  }
  return pattern.lanes.size() * width == vector.bytes.size();
}

u64 bits_of(const Value& value) {
  switch (value.type().kind()) {
    case ValType::Kind::i32:
      return std::bit_cast<u32>(value.i32());
    case ValType::Kind::i64:
      return std::bit_cast<u64>(value.i64());
    case ValType::Kind::f32:
      return std::bit_cast<u32>(value.f32());
    case ValType::Kind::f64:
      return std::bit_cast<u64>(value.f64());
    case ValType::Kind::v128:
    case ValType::Kind::ref:
      break;
  }
  return 0;
}

std::string describe_lane(const LanePattern& lane, bool is_float, usize bytes) {
  if (lane.kind == LanePattern::Kind::nan_canonical) return "nan:canonical";
  if (lane.kind == LanePattern::Kind::nan_arithmetic) return "nan:arithmetic";
  if (!is_float) return fmt::format("0x{:x}", lane.bits);
  const double number = bytes == 4 ? std::bit_cast<float>(u32(lane.bits)) : std::bit_cast<double>(lane.bits);
  return fmt::format("{} (0x{:x})", number, lane.bits);
}

std::string describe_vector(const ResultPattern& pattern) {
  constexpr std::string_view names[] = {"i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2"};
  const bool is_float = pattern.shape == Shape::f32x4 || pattern.shape == Shape::f64x2;
  std::string out = fmt::format("(v128 {}", names[usize(pattern.shape)]);
  for (const LanePattern& lane : pattern.lanes) {
    out += " " + describe_lane(lane, is_float, lane_bytes(pattern.shape));
  }
  return out + ")";
}

}  // namespace

Result<Value> ScriptValues::make(const ScriptValue& value) {
  switch (value.kind) {
    case ScriptValue::Kind::i32:
      return Value(u32(value.low));
    case ScriptValue::Kind::i64:
      return Value(std::uint64_t{value.low});
    case ScriptValue::Kind::f32:
      return Value(std::bit_cast<float>(u32(value.low)));
    case ScriptValue::Kind::f64:
      return Value(std::bit_cast<double>(value.low));
    case ScriptValue::Kind::v128:
      return Value(vector_of(value.low, value.high));
    case ScriptValue::Kind::ref_null:
      return Value::null(heap_type(value.heap));
    case ScriptValue::Kind::ref_extern:
      return store_.host_ref(value.low);
    case ScriptValue::Kind::ref_host:
      return host_any(value.low);
  }
  return Error{ErrorCode::argument, 0, "no such kind of value", {}};
}

Result<Value> ScriptValues::host_any(u64 number) {
  if (!internalize_) {
    constexpr std::string_view source =
        R"((module (func (export "f") (param externref) (result anyref) (any.convert_extern (local.get 0)))))";
    auto module = Module::from_text(store_.engine(), source);
    if (!module) return std::move(module).error();
    auto instance = Linker(store_.engine()).instantiate(store_, *module);
    if (!instance) return Error{ErrorCode::argument, 0, instance.message(), {}};
    internalize_ = instance->func("f");
  }
  Result<Value> host = store_.host_ref(number);
  if (!host) return host;
  auto results = internalize_->call({*host});
  if (!results) return Error{ErrorCode::argument, 0, results.message(), {}};
  return results->at(0);
}

bool matches(const Value& value, const ResultPattern& pattern) {
  switch (pattern.kind) {
    case ResultPattern::Kind::i32:
      return number_matches(pattern, value.type(), bits_of(value), 4, ValType::i32());
    case ResultPattern::Kind::i64:
      return number_matches(pattern, value.type(), bits_of(value), 8, ValType::i64());
    case ResultPattern::Kind::f32:
      return number_matches(pattern, value.type(), bits_of(value), 4, ValType::f32());
    case ResultPattern::Kind::f64:
      return number_matches(pattern, value.type(), bits_of(value), 8, ValType::f64());
    case ResultPattern::Kind::v128:
      return vector_matches(value, pattern);
    case ResultPattern::Kind::ref_null:
      return value.type().is_ref() && value.is_null();
    case ResultPattern::Kind::ref:
      return value.type().is_ref() && value.is(heap_type(pattern.heap));
    case ResultPattern::Kind::ref_extern:
      return value.type().is_ref() && value.is(HeapType::extern_) && value.host_value() == pattern.number;
    case ResultPattern::Kind::ref_host:
      return value.type().is_ref() && value.is(HeapType::any) && value.host_value() == pattern.number;
    case ResultPattern::Kind::either:
      for (const ResultPattern& alternative : pattern.alternatives) {
        if (matches(value, alternative)) return true;
      }
      return false;
  }
  return false;
}

std::string describe(const ResultPattern& pattern) {
  switch (pattern.kind) {
    case ResultPattern::Kind::i32:
      return "i32 " + describe_lane(pattern.lanes.at(0), false, 4);
    case ResultPattern::Kind::i64:
      return "i64 " + describe_lane(pattern.lanes.at(0), false, 8);
    case ResultPattern::Kind::f32:
      return "f32 " + describe_lane(pattern.lanes.at(0), true, 4);
    case ResultPattern::Kind::f64:
      return "f64 " + describe_lane(pattern.lanes.at(0), true, 8);
    case ResultPattern::Kind::v128:
      return describe_vector(pattern);
    case ResultPattern::Kind::ref_null:
      return "a null reference";
    case ResultPattern::Kind::ref:
      return "a reference to " + ValType::ref(heap_type(pattern.heap), false).to_string();
    case ResultPattern::Kind::ref_extern:
      return fmt::format("(ref.extern {})", pattern.number);
    case ResultPattern::Kind::ref_host:
      return fmt::format("(ref.host {})", pattern.number);
    case ResultPattern::Kind::either:
      break;
  }
  std::string out = "one of";
  for (const ResultPattern& alternative : pattern.alternatives) out += " " + describe(alternative);
  return out;
}

std::string describe(const std::vector<ResultPattern>& patterns) {
  if (patterns.empty()) return "nothing";
  std::string out;
  for (const ResultPattern& pattern : patterns) out += (out.empty() ? "" : ", ") + describe(pattern);
  return out;
}

std::string describe(const std::vector<Value>& values) {
  if (values.empty()) return "nothing";
  std::string out;
  for (const Value& value : values) {
    out += out.empty() ? "" : ", ";
    out += value.to_string();
    if (const u64 bits = bits_of(value); bits != 0) out += fmt::format(" (0x{:x})", bits);
  }
  return out;
}

}  // namespace wisp::cli
