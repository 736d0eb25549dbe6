#include "wasm/code_reader.hpp"

namespace wisp::wasm {

namespace {

constexpr u16 no_op = 0xffff;
constexpr u8 first_prefix = 0xfb;
constexpr u32 prefix_count = 4;  // 0xfb to 0xfe
constexpr u32 prefixed_codes = 0x120;

constexpr std::array<u16, 256> make_one_byte_ops(bool only_mvp) {
  std::array<u16, 256> ops{};
  ops.fill(no_op);
  for (u16 op = 0; op < op_count; ++op) {
    const OpInfo& row = op_table[op];
    if (row.code < 256 && (!only_mvp || row.feature == Feature::mvp)) ops[row.code] = op;
  }
  return ops;
}

using PrefixedOps = std::array<std::array<u16, prefixed_codes>, prefix_count>;

constexpr PrefixedOps make_prefixed_ops() {
  PrefixedOps ops{};
  for (auto& codes : ops) codes.fill(no_op);
  for (u16 op = 0; op < op_count; ++op) {
    const u32 code = op_table[op].code;
    if (code >= 256) ops[(code >> 16) - first_prefix][code & 0xffff] = op;
  }
  return ops;
}

constexpr std::array<u16, 256> one_byte_ops = make_one_byte_ops(false);
constexpr PrefixedOps prefixed_ops = make_prefixed_ops();

std::string hex(u32 value) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (; value != 0 || text.size() < 2; value >>= 4) text.insert(text.begin(), digits[value & 15]);
  return text;
}

}  // namespace

const std::array<u16, 256> CodeReader::mvp_ops = make_one_byte_ops(true);

bool CodeReader::read_gated_op(Op& op) {
  const u64 start = offset();
  u8 byte = 0;
  if (!read_byte(byte)) return false;
  u16 found = one_byte_ops[byte];
  std::string code = hex(byte);
  if (byte >= first_prefix && byte < first_prefix + prefix_count) {
    u32 number = 0;
    if (!read_u32(number)) return false;
    found = number < prefixed_codes ? prefixed_ops[byte - first_prefix][number] : no_op;
    if (found == no_op) code += " " + hex(number);
  }
  if (found == no_op) return malformed(start, "illegal opcode " + code);
  op = Op(found);
  return module().features.has(info(op).feature) ||
         require(info(op).feature, start, "illegal opcode " + code + " (" + std::string(info(op).text) + ")");
}

bool CodeReader::read_locals(u64 params, std::vector<LocalRun>& runs) {
  const u64 start = offset();
  u32 count = 0;
  if (!read_count(count)) return false;
  runs.clear();
  u64 total = 0;
  for (u32 i = 0; i < count; ++i) {
    LocalRun run{};
    if (!read_u32(run.count) || !read_val_type(run.type)) return false;
    total += run.count;
    if (run.count != 0 && total <= limits::locals.value) runs.push_back(run);
  }
  if (total > ~u32{0}) return malformed(start, "too many locals");
  return params + total <= limits::locals.value || exceeds(start, limits::locals, params + total);
}

bool CodeReader::read_block_type(BlockType& type) {
  constexpr int empty = 0x40;
  const u64 start = offset();
  const int code = peek();
  if (code == empty) {
    skip(1);
    type = BlockType();
    return true;
  }
  // A single byte with bit 6 set is a value type; everything else is a type index.
  if (code >= empty && code < 0x80) {
    ValType result;
    if (!read_val_type(result)) return false;
    type = BlockType(result);
    return true;
  }
  i64 index = 0;
  if (!read_s33(index)) return false;
  if (index < 0) return malformed(start, "integer representation too long");
  if (!require(Feature::multi_value, start, "malformed block type")) return false;
  const DefType* const found = resolve(u64(index));
  if (found == nullptr) return unknown("type", u64(index), start);
  if (found->kind != DefType::Kind::func) return unexpected_kind(start, "function", TypeIndex(u32(index)));
  type = BlockType(found);
  return true;
}

bool CodeReader::read_memarg_slow(u64 start) {
  constexpr u32 memory_flag = 0x40;
  u32 flags = 0;
  if (!read_u32(flags)) return false;
  const u32 allowed = module().features.has(Feature::multi_memory) ? 2 * memory_flag : memory_flag;
  if (flags >= allowed) return malformed(start, "malformed memop flags");
  imm_.memarg.align_log2 = flags & (memory_flag - 1);
  imm_.memarg.memory = MemoryIndex(0);
  if ((flags & memory_flag) != 0 && !read_u32(imm_.memarg.memory.value)) return false;
  return read_u64(imm_.memarg.offset);
}

bool CodeReader::read_zero_byte() {
  const u64 start = offset();
  u8 byte = 0;
  return read_byte(byte) && (byte == 0 || malformed(start, "zero byte expected"));
}

bool CodeReader::read_memory_index(MemoryIndex& index) {
  if (module().features.has(Feature::multi_memory)) return read_u32(index.value);
  index = MemoryIndex(0);
  return read_zero_byte();
}

bool CodeReader::read_table_index(TableIndex& index) {
  if (module().features.has(Feature::reference_types)) return read_u32(index.value);
  index = TableIndex(0);
  return read_zero_byte();
}

bool CodeReader::read_br_table() {
  u32 count = 0;
  if (!read_count(count, limits::br_table_targets)) return false;
  labels_.resize(count + 1);
  for (u32& label : labels_) {
    if (!read_u32(label)) return false;
  }
  imm_.labels = labels_;
  return true;
}

bool CodeReader::read_catch(CatchClause& clause) {
  const u64 start = offset();
  u8 kind = 0;
  if (!read_byte(kind)) return false;
  if (kind > u8(CatchClause::Kind::catch_all_ref)) return malformed(start, "malformed catch clause");
  clause.kind = CatchClause::Kind(kind);
  return (!clause.has_tag() || read_u32(clause.tag.value)) && read_u32(clause.label);
}

bool CodeReader::read_catches() {
  u32 count = 0;
  if (!read_count(count, limits::catch_clauses)) return false;
  catches_.resize(count);
  for (CatchClause& clause : catches_) {
    if (!read_catch(clause)) return false;
  }
  imm_.catches = catches_;
  return true;
}

bool CodeReader::read_select_types() {
  u32 count = 0;
  if (!read_count(count)) return false;
  types_.clear();
  for (u32 i = 0; i < count; ++i) {
    ValType type;
    if (!read_val_type(type)) return false;
    types_.push_back(type);
  }
  imm_.types = types_;
  return true;
}

bool CodeReader::read_br_on_cast() {
  constexpr u8 source_nullable = 1, target_nullable = 2;
  const u64 start = offset();
  u8 flags = 0;
  HeapType source = HeapKind::any;
  HeapType target = HeapKind::any;
  if (!read_byte(flags)) return false;
  if (flags > (source_nullable | target_nullable)) return malformed(start, "malformed br_on_cast flags");
  if (!read_u32(imm_.label) || !read_heap_type(source) || !read_heap_type(target)) return false;
  imm_.ref = ValType::ref((flags & source_nullable) != 0, source);
  imm_.target_ref = ValType::ref((flags & target_nullable) != 0, target);
  return true;
}

bool CodeReader::read_v128() {
  if (remaining() < imm_.v128.size()) return unexpected_end();
  std::memcpy(imm_.v128.data(), position(), imm_.v128.size());
  skip(imm_.v128.size());
  return true;
}

bool CodeReader::read_immediates(Op op) {
  if (!read_immediates(info(op).immediate)) return false;
  // The null forms have opcodes of their own.
  if (op == Op::ref_test || op == Op::ref_cast) imm_.ref = ValType::ref(false, imm_.ref.heap());
  return true;
}

bool CodeReader::read_immediates(Immediate kind) {
  switch (kind) {
#define WISP_READ(name) \
  case Immediate::name: \
    return read<Immediate::name>();
    WISP_READ(none)
    WISP_READ(i32)
    WISP_READ(i64)
    WISP_READ(f32)
    WISP_READ(f64)
    WISP_READ(v128)
    WISP_READ(block)
    WISP_READ(label)
    WISP_READ(br_table)
    WISP_READ(call_indirect)
    WISP_READ(try_table)
    WISP_READ(br_on_cast)
    WISP_READ(select_types)
    WISP_READ(func)
    WISP_READ(type)
    WISP_READ(table)
    WISP_READ(memory)
    WISP_READ(local)
    WISP_READ(global)
    WISP_READ(tag)
    WISP_READ(data)
    WISP_READ(elem)
    WISP_READ(heap_type)
    WISP_READ(memarg)
    WISP_READ(memarg_lane)
    WISP_READ(lane)
    WISP_READ(shuffle)
    WISP_READ(data_memory)
    WISP_READ(memory_memory)
    WISP_READ(elem_table)
    WISP_READ(table_table)
    WISP_READ(type_field)
    WISP_READ(type_count)
    WISP_READ(type_data)
    WISP_READ(type_elem)
    WISP_READ(type_type)
    WISP_READ(fence)
#undef WISP_READ
  }
  return false;
}

}  // namespace wisp::wasm
