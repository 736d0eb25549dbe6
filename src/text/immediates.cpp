// The immediates of instructions: the half of CodeParser that does not know how instructions nest.
#include <algorithm>
#include <bit>

#include "base/leb128.hpp"
#include "text/code_parser.hpp"
#include "text/literals.hpp"

namespace wisp::text {

using wasm::Immediate;
using wasm::Op;

namespace {

void write_opcode(ByteBuffer& to, Op op) {
  const u32 code = info(op).code;
  if (code <= 0xff) {
    to.push_back(u8(code));
  } else {
    to.push_back(u8(code >> 16));
    write_uleb(to, code & 0xffff);
  }
}

void write_bits(ByteBuffer& to, u64 bits, int width) {
  for (int shift = 0; shift < width; shift += 8) to.push_back(u8(bits >> shift));
}

}  // namespace

void CodeParser::put(ByteBuffer& to, u64 value) {
  write_uleb(to, value);
}

void CodeParser::encode(Op op, ByteBuffer& to) {
  if (op == Op::select) return select(to);
  if (op == Op::ref_test || op == Op::ref_cast) return cast(op, to);
  write_opcode(to, op);
  immediates(op, to);
}

void CodeParser::immediates(Op op, ByteBuffer& to) {
  switch (info(op).immediate) {
    case Immediate::none:
    case Immediate::select_types:
      return;
    case Immediate::i32:
    case Immediate::i64:
    case Immediate::f32:
    case Immediate::f64:
    case Immediate::v128:
      return constant(op, to);
    case Immediate::block:
    case Immediate::try_table:
      block_type(to);
      if (info(op).immediate == Immediate::try_table) catch_clauses(to);
      return;
    case Immediate::label:
      return label(to);
    case Immediate::br_table:
      return br_table(to);
    case Immediate::br_on_cast:
      return br_on_cast(to);
    case Immediate::call_indirect:
      return call_indirect(to);
    case Immediate::func:
      return index(a_.funcs, to);
    case Immediate::local:
      return index(a_.locals, to);
    case Immediate::global:
      return index(a_.globals, to);
    case Immediate::tag:
      return index(a_.tags, to);
    case Immediate::table:
      return put(to, optional_index(a_, a_.tables));
    case Immediate::memory:
      return put(to, optional_index(a_, a_.memories));
    case Immediate::heap_type:
      return write_sleb(to, heap_type(a_));
    case Immediate::memarg:
      return memarg(op, to, false);
    case Immediate::memarg_lane:
      return memarg(op, to, true);
    case Immediate::lane:
      return lane(to);
    case Immediate::shuffle:
      return shuffle(to);
    case Immediate::memory_memory:
      return index_pair(a_.memories, to);
    case Immediate::table_table:
      return index_pair(a_.tables, to);
    case Immediate::data:
    case Immediate::elem:
    case Immediate::data_memory:
    case Immediate::elem_table:
      return segment_immediates(op, to);
    case Immediate::type:
    case Immediate::type_field:
    case Immediate::type_count:
    case Immediate::type_data:
    case Immediate::type_elem:
    case Immediate::type_type:
      return type_immediates(op, to);
    case Immediate::fence:
      return to.push_back(0);
  }
}

void CodeParser::constant(Op op, ByteBuffer& to) {
  const Immediate kind = info(op).immediate;
  if (kind == Immediate::v128) return v128(to);
  if (kind == Immediate::f32) return float_constant(32, to);
  if (kind == Immediate::f64) return float_constant(64, to);
  const int bits = kind == Immediate::i32 ? 32 : 64;
  const std::string_view text = in_.word();
  const Literal literal = parse_integer(text, bits);
  if (literal.status == LiteralStatus::not_a_number) return in_.unexpected("an integer");
  if (literal.status == LiteralStatus::out_of_range) {
    return in_.fail(in_.offset(),
                    "constant out of range: " + excerpt(text) + " has more than " + std::to_string(bits) + " bits");
  }
  write_sleb(to, bits == 32 ? i64(i32(u32(literal.bits))) : i64(literal.bits));
  in_.advance();
}

void CodeParser::float_constant(int bits, ByteBuffer& to) {
  const Literal literal = parse_float(in_.word(), bits);
  if (literal.status == LiteralStatus::not_a_number) return in_.unexpected("a number");
  if (literal.status == LiteralStatus::out_of_range) {
    return in_.fail(in_.offset(), "constant out of range: " + excerpt(in_.word()) + " is no f" + std::to_string(bits));
  }
  write_bits(to, literal.bits, bits);
  in_.advance();
}

void CodeParser::v128(ByteBuffer& to) {
  const std::string_view word = in_.word();
  const auto* shape = std::ranges::find(shape_names, word, &ShapeName::name);
  if (shape == std::end(shape_names)) return in_.unexpected("a vector shape");
  in_.advance();
  // The number of literals is looked at before their values, as the specification's tests want it.
  int count = 0;
  const u32 first = in_.index();
  const u32 offset = in_.offset();
  while (is_number(in_.word())) {
    in_.advance();
    ++count;
  }
  if (count < shape->lanes() && in_.at(TokenKind::atom) && !is_keyword(in_.word())) return in_.unexpected("a number");
  if (count != shape->lanes()) {
    in_.fail(offset, "wrong number of lane literals: " + std::string(word) + " has " + std::to_string(shape->lanes()) +
                         " lanes, not " + std::to_string(count));
  }
  if (in_.failed()) return;
  in_.jump(first);
  for (int i = 0; i < shape->lanes() && !in_.failed(); ++i) {
    if (shape->is_float) {
      float_constant(shape->lane_bits, to);
      continue;
    }
    const Literal literal = parse_integer(in_.word(), shape->lane_bits);
    if (literal.status == LiteralStatus::not_a_number) return in_.unexpected("an integer");
    if (literal.status == LiteralStatus::out_of_range) {
      return in_.fail(in_.offset(), "constant out of range: " + excerpt(in_.word()) + " has more than " +
                                        std::to_string(shape->lane_bits) + " bits");
    }
    write_bits(to, literal.bits, shape->lane_bits);
    in_.advance();
  }
}

void CodeParser::shuffle(ByteBuffer& to) {
  constexpr int lanes = 16;
  const u32 offset = in_.offset();
  int count = 0;
  for (; is_number(in_.word()); ++count) {
    const Literal literal = parse_unsigned(in_.word(), 8);
    if (literal.status != LiteralStatus::ok) {
      return in_.fail(in_.offset(), "i8 constant out of range: " + excerpt(in_.word()));
    }
    to.push_back(u8(literal.bits));
    in_.advance();
  }
  if (count != lanes) in_.fail(offset, "invalid lane length: 16 lane indices are needed, not " + std::to_string(count));
}

void CodeParser::lane(ByteBuffer& to) {
  to.push_back(u8(number(a_, 8, "a lane index")));
}

void CodeParser::memarg(Op op, ByteBuffer& to, bool with_lane) {
  u32 memory = 0;
  const std::string_view next = in_.next_word();
  // The lane index looks like a memory index: it is one only if something that must follow it does.
  const bool only_lane = with_lane && !in_.at(TokenKind::id) && !next.starts_with("offset=") &&
                         !next.starts_with("align=") && parse_unsigned(next, 8).status == LiteralStatus::not_a_number;
  if (in_.at_index() && !only_lane) memory = index_of(a_, a_.memories);
  const u64 offset = memarg_field("offset=", 0);
  const u32 align_offset = in_.offset();
  const u64 natural = u64{1} << (info(op).flags & wasm::OpFlags::align_mask);
  const u64 align = memarg_field("align=", natural);
  if (!std::has_single_bit(align) && !in_.failed()) {
    return in_.fail(align_offset, "alignment must be a power of two");
  }
  // Alignment is 2^n with n below 64: bit 6 says that a memory index follows.
  put(to, u64(std::countr_zero(align)) | (memory != 0 ? 0x40 : 0));
  if (memory != 0) put(to, memory);
  put(to, offset);
  if (with_lane) lane(to);
}

u64 CodeParser::memarg_field(std::string_view key, u64 otherwise) {
  const std::string_view text = in_.word();
  if (!text.starts_with(key)) return otherwise;
  const Literal literal = parse_unsigned(text.substr(key.size()), 64);
  if (literal.status == LiteralStatus::not_a_number) {
    in_.unexpected("a number");
  } else if (literal.status == LiteralStatus::out_of_range) {
    in_.fail(in_.offset(), "i64 constant out of range: " + excerpt(text));
  } else {
    in_.advance();
  }
  return literal.bits;
}

void CodeParser::index_pair(const IndexSpace& space, ByteBuffer& to) {
  if (!in_.at_index()) {
    put(to, 0);
    return put(to, 0);
  }
  index(space, to);
  index(space, to);
}

/// `segment`, or `space segment`, written as segment, space.
void CodeParser::segment_pair(const IndexSpace& segments, const IndexSpace& spaces, ByteBuffer& to) {
  const u32 first_token = in_.index();
  in_.advance();
  const bool two = in_.at_index();
  if (in_.failed()) return;
  in_.jump(first_token);
  const u32 space = two ? index_of(a_, spaces) : 0;
  index(segments, to);
  put(to, space);
}

void CodeParser::segment_immediates(Op op, ByteBuffer& to) {
  switch (info(op).immediate) {
    case Immediate::data:
      a_.uses_data_count = true;
      return index(a_.datas, to);
    case Immediate::elem:
      return index(a_.elems, to);
    case Immediate::data_memory:
      a_.uses_data_count = true;
      return segment_pair(a_.datas, a_.memories, to);
    default:
      return segment_pair(a_.elems, a_.tables, to);
  }
}

void CodeParser::type_immediates(Op op, ByteBuffer& to) {
  const u32 type = index_of(a_, a_.types);
  put(to, type);
  switch (info(op).immediate) {
    case Immediate::type_count:
      return put(to, number(a_, 32, "a number of elements"));
    case Immediate::type_data:
      a_.uses_data_count = true;
      return index(a_.datas, to);
    case Immediate::type_elem:
      return index(a_.elems, to);
    case Immediate::type_type:
      return index(a_.types, to);
    case Immediate::type_field:
      break;
    default:
      return;
  }
  if (!in_.at(TokenKind::id)) return put(to, number(a_, 32, "a field index"));
  const u32 offset = in_.offset();
  const std::string_view id = in_.take_id();
  if (type < a_.type_infos.size()) {
    const auto& fields = a_.type_infos[type].fields;
    const auto found = fields.find(id);
    if (found != fields.end()) return put(to, found->second);
  }
  if (!a_.lenient) in_.fail(offset, "unknown field $" + excerpt(id));
}

void CodeParser::select(ByteBuffer& to) {
  if (!in_.at_open("result")) return write_opcode(to, Op::select);
  ByteBuffer types;
  u32 count = 0;
  while (in_.take_open("result")) {
    for (; in_.more(); ++count) value_type(a_, types);
    in_.expect_close();
  }
  write_opcode(to, Op::select_typed);
  put(to, count);
  to.insert(to.end(), types.begin(), types.end());
}

void CodeParser::cast(Op op, ByteBuffer& to) {
  const RefType type = ref_type(a_);
  if (type.nullable) op = op == Op::ref_test ? Op::ref_test_null : Op::ref_cast_null;
  write_opcode(to, op);
  write_sleb(to, type.heap);
}

void CodeParser::block_type(ByteBuffer& to) {
  constexpr u8 empty = 0x40;
  const std::string_view id = in_.take_id();
  opened_label_ = {id, id};
  if (in_.has_annotations()) {
    std::string name;
    name_annotation(a_, name);
    if (!name.empty()) opened_label_.shown_name = a_.annotated_names.emplace_back(std::move(name));
  }
  if (!in_.at_open("type") && !in_.at_open("param") && !in_.at_open("result")) return to.push_back(empty);
  const TypeUse use = type_use(a_, ParamIds::refused);
  if (use.index || use.param_count != 0 || use.result_count > 1) return write_sleb(to, resolve(a_, use));
  if (use.result_count == 0) return to.push_back(empty);
  to.insert(to.end(), use.results.begin(), use.results.end());
}

void CodeParser::catch_clauses(ByteBuffer& to) {
  constexpr std::string_view kinds[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};  // by binary code
  ByteBuffer clauses;
  u32 count = 0;
  while (in_.at(TokenKind::open)) {
    const auto* kind = std::ranges::find(kinds, in_.next_word());
    if (kind == std::end(kinds)) break;
    in_.take_open(*kind);
    const u8 code = u8(kind - kinds);
    clauses.push_back(code);
    if (code <= 1) index(a_.tags, clauses);
    label(clauses);
    in_.expect_close();
    ++count;
  }
  put(to, count);
  to.insert(to.end(), clauses.begin(), clauses.end());
}

void CodeParser::label(ByteBuffer& to) {
  if (!in_.at(TokenKind::id)) return put(to, number(a_, 32, "a label"));
  const u32 offset = in_.offset();
  const std::string_view id = in_.take_id();
  const auto found = innermost_.find(id);
  if (found == innermost_.end() || found->second == 0) {
    return in_.fail(offset, "unknown label $" + excerpt(id));
  }
  put(to, labels_.size() - found->second);
}

void CodeParser::br_table(ByteBuffer& to) {
  ByteBuffer labels;
  u32 count = 0;
  do {
    label(labels);
    ++count;
  } while (in_.at_index());
  put(to, count - 1);
  to.insert(to.end(), labels.begin(), labels.end());
}

void CodeParser::br_on_cast(ByteBuffer& to) {
  ByteBuffer depth;
  label(depth);
  const RefType source = ref_type(a_);
  const RefType target = ref_type(a_);
  to.push_back(u8((source.nullable ? 1 : 0) | (target.nullable ? 2 : 0)));
  to.insert(to.end(), depth.begin(), depth.end());
  write_sleb(to, source.heap);
  write_sleb(to, target.heap);
}

void CodeParser::call_indirect(ByteBuffer& to) {
  const u32 table = optional_index(a_, a_.tables);
  const TypeUse use = type_use(a_, ParamIds::refused);
  put(to, resolve(a_, use));
  put(to, table);
}

}  // namespace wisp::text
