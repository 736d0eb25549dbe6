#include "text/print_code.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

namespace wisp::text {

using wasm::Immediate;
using wasm::Op;

namespace {

/// Deeper code is not indented any further, so that the text stays linear in the size of the code.
constexpr usize max_indent = 40;

/// The shortest decimal that reads back as the same number; hexadecimal only for the payload of a NaN.
template <class Float, class Bits>
std::string float_text(u64 raw, int mantissa_bits) {
  const Bits bits = Bits(raw);
  const Float value = std::bit_cast<Float>(bits);
  const bool negative = (bits >> (sizeof(Bits) * 8 - 1)) != 0;
  if (std::isinf(value)) return negative ? "-inf" : "inf";
  if (!std::isnan(value)) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return std::string(buffer, end);
  }
  const Bits payload = bits & ((Bits{1} << mantissa_bits) - 1);
  std::string out = negative ? "-nan" : "nan";
  if (payload == Bits{1} << (mantissa_bits - 1)) return out;
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, payload, 16).ptr;
  return out + ":0x" + std::string(buffer, end);
}

bool opens_block(Op op) {
  return op == Op::block || op == Op::loop || op == Op::if_ || op == Op::try_table;
}

}  // namespace

Result<void> CodePrinter::body(FuncIndex function, const NamedSpace& locals, const BranchHints* hints) {
  const wasm::Body& body = module_.body(function);
  locals_ = &locals;
  label_names_ = names_.labels(function);
  labels_.clear();
  by_name_.clear();
  label_count_ = 0;

  wasm::CodeReader reader(module_, body.code, body.offset);
  std::vector<wasm::LocalRun> runs;
  const u32 params = u32(module_.functions[function.value]->func.params.size());
  if (!reader.read_locals(params, runs)) return reader.take_error();
  this->locals(runs, params);
  while (!reader.at_end()) {
    const u64 offset = reader.offset();
    Op op{};
    if (!reader.next(op)) return reader.take_error();
    if (op == Op::end && labels_.empty()) break;
    if (hints != nullptr) {
      const auto hint = hints->find(offset - body.offset);
      if (hint != hints->end()) {
        new_line(offset, labels_.size());
        out_ += hint->second ? "(@metadata.code.branch_hint \"\\01\")" : "(@metadata.code.branch_hint \"\\00\")";
      }
    }
    const usize indent = labels_.size();
    if (op == Op::end) close_block();
    // `else` and `end` stand below the construct's first word.
    new_line(offset, op == Op::else_ && indent > 0 ? indent - 1 : labels_.size());
    instruction(op, reader.imm());
  }
  return {};
}

Result<void> CodePrinter::expression(const wasm::ConstExpr& expression, std::string_view word) {
  const u64 start = u64(expression.code.data() - module_.bytes.data());
  wasm::CodeReader reader(module_, expression.code, start);
  const usize begin = out_.size();
  u32 count = 0;
  while (!reader.at_end()) {
    Op op{};
    if (!reader.next(op)) return reader.take_error();
    if (op == Op::end) break;
    if (count++ > 0) out_ += ' ';
    instruction(op, reader.imm());
  }
  if (count == 1 || !word.empty()) {
    out_.insert(begin, count == 1 ? "(" : "(" + std::string(word) + " ");
    out_ += ')';
  }
  return {};
}

void CodePrinter::locals(const std::vector<wasm::LocalRun>& runs, u32 first) {
  u32 index = first;
  bool open = false;  // a `(local` of locals without a name
  for (const wasm::LocalRun& run : runs) {
    const std::string type = names_.text(run.type);
    for (u32 i = 0; i < run.count; ++i, ++index) {
      const std::string binding = locals_->binding(index);
      if (!binding.empty()) {
        out_ += open ? ")\n    (local" : "\n    (local";
        out_ += binding;
        word(type);
        out_ += ")";
        open = false;
      } else {
        if (!open) out_ += "\n    (local";
        open = true;
        word(type);
      }
    }
  }
  if (open) out_ += ")";
}

void CodePrinter::close_block() {
  if (!labels_.back().empty()) by_name_[labels_.back()].pop_back();
  labels_.pop_back();
}

void CodePrinter::new_line(u64 offset, usize indent) {
  out_ += "\n    ";
  if (options_.offsets) {
    char buffer[16];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, offset, 16).ptr;
    const std::string digits(buffer, end);
    out_ += "(;0x" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ";) ";
  }
  out_.append(2 * std::min(indent, max_indent), ' ');
}

void CodePrinter::instruction(Op op, const wasm::Imm& imm) {
  out_ += info(op).text;
  if (opens_block(op)) {
    open_block(imm.block);
    if (op == Op::try_table) catches(imm.catches);
  } else {
    immediates(op, imm);
  }
}

void CodePrinter::immediates(Op op, const wasm::Imm& imm) {
  switch (info(op).immediate) {
    case Immediate::i32:
      return word(std::to_string(imm.i32_value()));
    case Immediate::i64:
      return word(std::to_string(imm.i64_value()));
    case Immediate::f32:
      return word(float_text<f32, u32>(imm.bits, 23));
    case Immediate::f64:
      return word(float_text<f64, u64>(imm.bits, 52));
    case Immediate::v128:
      return v128(imm.v128);
    case Immediate::label:
      return label(imm.label);
    case Immediate::br_table:
      for (u32 index : imm.labels) label(index);
      return;
    case Immediate::br_on_cast:
      label(imm.label);
      word(names_.text(imm.ref));
      return word(names_.text(imm.target_ref));
    case Immediate::call_indirect:
      if (imm.table.value != 0) word(names_.tables.ref(imm.table.value));
      return word("(type " + names_.types.ref(imm.type.value) + ")");
    case Immediate::select_types:
      out_ += names_.text({}, imm.types);
      if (imm.types.empty()) word("(result)");
      return;
    case Immediate::heap_type:
      return word(op == Op::ref_null ? names_.text(imm.ref.heap()) : names_.text(imm.ref));
    case Immediate::memarg:
    case Immediate::memarg_lane:
      memarg(op, imm.memarg);
      if (info(op).immediate == Immediate::memarg_lane) number(imm.lane);
      return;
    case Immediate::lane:
      return number(imm.lane);
    case Immediate::shuffle:
      for (u8 lane : imm.v128) number(lane);
      return;
    default:
      return more_immediates(op, imm);
  }
}

/// Those that are indices.
void CodePrinter::more_immediates(Op op, const wasm::Imm& imm) {
  switch (info(op).immediate) {
    case Immediate::func:
      return word(names_.funcs.ref(imm.func.value));
    case Immediate::local:
      return word(locals_ != nullptr ? locals_->ref(imm.local.value) : std::to_string(imm.local.value));
    case Immediate::global:
      return word(names_.globals.ref(imm.global.value));
    case Immediate::tag:
      return word(names_.tags.ref(imm.tag.value));
    case Immediate::table:
      if (imm.table.value != 0) word(names_.tables.ref(imm.table.value));
      return;
    case Immediate::memory:
      if (imm.memory.value != 0) word(names_.memories.ref(imm.memory.value));
      return;
    case Immediate::data:
      return word(names_.datas.ref(imm.data.value));
    case Immediate::elem:
      return word(names_.elems.ref(imm.elem.value));
    case Immediate::data_memory:
      if (imm.memory.value != 0) word(names_.memories.ref(imm.memory.value));
      return word(names_.datas.ref(imm.data.value));
    case Immediate::elem_table:
      if (imm.table.value != 0) word(names_.tables.ref(imm.table.value));
      return word(names_.elems.ref(imm.elem.value));
    case Immediate::memory_memory:
      if (imm.memory.value == 0 && imm.source_memory.value == 0) return;
      word(names_.memories.ref(imm.memory.value));
      return word(names_.memories.ref(imm.source_memory.value));
    case Immediate::table_table:
      if (imm.table.value == 0 && imm.source_table.value == 0) return;
      word(names_.tables.ref(imm.table.value));
      return word(names_.tables.ref(imm.source_table.value));
    case Immediate::type:
      return word(names_.types.ref(imm.type.value));
    case Immediate::type_field:
      return field(imm.type.value, imm.field.value);
    case Immediate::type_count:
      word(names_.types.ref(imm.type.value));
      return number(imm.count);
    case Immediate::type_data:
      word(names_.types.ref(imm.type.value));
      return word(names_.datas.ref(imm.data.value));
    case Immediate::type_elem:
      word(names_.types.ref(imm.type.value));
      return word(names_.elems.ref(imm.elem.value));
    case Immediate::type_type:
      word(names_.types.ref(imm.type.value));
      return word(names_.types.ref(imm.source_type.value));
    default:
      return;
  }
}

void CodePrinter::field(u32 type, u32 index) {
  word(names_.types.ref(type));
  const NamedSpace* fields = names_.fields(type);
  word(fields != nullptr ? fields->ref(index) : std::to_string(index));
}

void CodePrinter::open_block(const wasm::BlockType& type) {
  std::string name;
  if (label_names_ != nullptr) {
    const std::string_view* found = label_names_->find(label_count_);
    if (found != nullptr && !found->empty()) name = identifier(*found);
  }
  ++label_count_;
  if (!name.empty()) {
    word(name);
    by_name_[name].push_back(u32(labels_.size()));
  } else {
    word("(;@" + std::to_string(labels_.size() + 1) + ";)");
  }
  labels_.push_back(std::move(name));
  if (type.type() != nullptr) word("(type " + names_.ref(type.type()) + ")");
  out_ += names_.text(type.params(), type.results());
}

void CodePrinter::catches(std::span<const wasm::CatchClause> clauses) {
  constexpr std::string_view words[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};  // by CatchClause::Kind
  // The construct's own label is open already, but its clauses' labels count from outside of it.
  const std::string own = std::move(labels_.back());
  labels_.pop_back();
  std::vector<u32>* same_name = own.empty() ? nullptr : &by_name_[own];
  if (same_name != nullptr) same_name->pop_back();
  for (const wasm::CatchClause& clause : clauses) {
    out_ += " (" + std::string(words[usize(clause.kind)]);
    if (clause.has_tag()) word(names_.tags.ref(clause.tag.value));
    label(clause.label);
    out_ += ")";
  }
  if (same_name != nullptr) same_name->push_back(u32(labels_.size()));
  labels_.push_back(own);
}

void CodePrinter::label(u32 index) {
  if (index < labels_.size()) {
    const u32 construct = u32(labels_.size()) - 1 - index;
    const std::string& name = labels_[construct];
    if (!name.empty() && by_name_[name].back() == construct) return word(name);
    return word(std::to_string(index) + " (;@" + std::to_string(construct + 1) + ";)");
  }
  number(index);
}

void CodePrinter::memarg(Op op, const wasm::MemArg& memarg) {
  if (memarg.memory.value != 0) word(names_.memories.ref(memarg.memory.value));
  if (memarg.offset != 0) word("offset=" + std::to_string(memarg.offset));
  const u32 natural = info(op).flags & wasm::OpFlags::align_mask;
  if (memarg.align_log2 != natural) word("align=" + std::to_string(u64{1} << memarg.align_log2));
}

void CodePrinter::v128(const std::array<u8, 16>& bytes) {
  word("i32x4");
  for (usize lane = 0; lane < 4; ++lane) {
    char buffer[16];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, load_le<u32>(&bytes[lane * 4]), 16).ptr;
    const std::string digits(buffer, end);
    word("0x" + std::string(8 - digits.size(), '0') + digits);
  }
}

}  // namespace wisp::text
