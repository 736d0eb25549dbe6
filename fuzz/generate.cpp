#include "generate.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "runtime/limits.hpp"
#include "wasm/opcodes.hpp"

namespace wisp::fuzz {
namespace {

using wasm::Immediate;
using wasm::OpInfo;

/// Value types by their letters: as in opcodes.def, and A anyref, X externref, R funcref, S (ref null $s), B (ref null
/// $b), E exnref. Each has two mutable globals, and two locals in every function that is not a kernel.
constexpr std::string_view letters = "iIfFvAXRSBE";
/// Those that registers hold.
constexpr std::string_view number_letters = letters.substr(0, 5);

std::string_view text_of(char letter) {
  constexpr std::array<std::string_view, letters.size()> texts = {
      "i32", "i64", "f32", "f64", "v128", "anyref", "externref", "funcref", "(ref null $s)", "(ref null $b)", "exnref"};
  return texts[letters.find(letter)];
}

constexpr std::string_view types_text = R"((module
(type $s (sub (struct (field (mut i32)) (field (mut i8)) (field (mut i64)) (field (mut v128)) (field (mut (ref null $s))))))
(type $sub (sub $s (struct (field (mut i32)) (field (mut i8)) (field (mut i64)) (field (mut v128)) (field (mut (ref null $s)))
  (field (mut anyref)))))
(type $b (array (mut i16))) (type $any (array (mut anyref))) (type $vectors (array (mut v128)))
(import "host" "b" (func $h1 (param f64) (result i32 f32)))
(import "host" "c" (func $h2))
)";

constexpr std::string_view contents_text = R"(
(memory $m 1 3) (memory $n i64 0 2) (memory $o 2 2 shared)
(table $t 6 20 funcref) (table $x i64 3 10 externref)
(tag $e0) (tag $e1 (param i32 v128))
(data $d0 (memory $m) (i32.const 3) "active") (data $d1 "passive and longer")
(elem (table $t) (i32.const 1) func $f0 $h0 $f0) (elem $el func $f0 $h2 $h1) (elem declare func $f0)
)";

/// What a module to compare has besides: a counter that bounds its work, and functions that tell references apart.
constexpr std::string_view comparison_text = R"(
(export "m" (memory $m)) (export "n" (memory $n)) (export "o" (memory $o)) (export "p" (memory $p))
(global $work (mut i32) (i32.const 0)) (global $seen (mut i64) (i64.const 0))
(func $see (param i64) global.get $seen i64.const 0x9e3779b97f4a7c15 i64.mul i64.const 1 i64.add local.get 0 i64.xor
  global.set $seen)
(func $seeS (param (ref null $s)) (result i64)
  local.get 0 ref.is_null if i64.const -1 return end
  local.get 0 struct.get $s 0 i64.extend_i32_s local.get 0 struct.get_u $s 1 i64.extend_i32_u i64.add
  local.get 0 struct.get $s 2 i64.add local.get 0 struct.get $s 3 i64x2.extract_lane 1 i64.xor
  local.get 0 ref.test (ref $sub) i64.extend_i32_u i64.add)
(func $seeB (param (ref null $b)) (result i64)
  local.get 0 ref.is_null if i64.const -1 return end
  local.get 0 array.len i64.extend_i32_u i64.const 16 i64.shl
  local.get 0 array.len if (result i64) local.get 0 i32.const 0 array.get_u $b i64.extend_i32_u else i64.const 7 end i64.add)
(func $seeA (param anyref) (result i64)
  local.get 0 ref.is_null if i64.const -2 return end
  local.get 0 ref.test (ref i31) if local.get 0 ref.cast (ref i31) i31.get_s i64.extend_i32_s return end
  local.get 0 ref.test (ref $s) if local.get 0 ref.cast (ref $s) call $seeS return end
  local.get 0 ref.test (ref $b) if local.get 0 ref.cast (ref $b) call $seeB return end
  i64.const -3)
)";

/// Becomes so many instructions without effect that the optimizing compiler treats the function as a large one.
constexpr std::string_view much_of_nothing = " ;; nothing\n";

struct Function {
  std::string name;
  std::string params;
  std::string results;
  bool is_kernel = false;
};

class Generator {
 public:
  Generator(std::span<const u8> decisions, Purpose purpose) : decisions_(decisions), purpose_(purpose) {}

  std::string module() {
    out_ = types_text;
    // Vectors cannot be passed to JavaScript.
    const std::string host_params = compares() ? "iI" : "iv";
    emit({"(import \"host\" \"a\" (func $h0"});
    emit_types("param", host_params);
    emit({" (result i64)))", contents_text});
    emit({purpose_ == Purpose::compare ? "(memory $p 1 2)" : "(memory $p 100 5000 (pagesize 1))"});
    if (compares()) out_ += comparison_text;
    for (const char letter : letters) {
      for (const char number : {'0', '1'}) {
        emit({"(global $g", std::string(1, letter), std::string(1, number), " (mut ", text_of(letter), ") "});
        constant(letter);
        emit({")\n"});
      }
    }
    functions_ = {{"h0", host_params, "I"}, {"h1", "F", "if"}, {"h2", "", ""}};
    const u32 count = 1 + choose(6);
    for (u32 i = 0; i < count; ++i) {
      const bool is_kernel = choose(4) == 1;
      const std::string_view among = is_kernel ? number_letters : letters;
      std::string params = types(4, among);
      functions_.push_back({"f" + std::to_string(i), std::move(params), types(3, among), is_kernel});
    }
    if (compares()) observers(count);
    for (u32 i = 0; i < count; ++i) {
      const Function& f = functions_[3 + i];
      f.is_kernel ? kernel(f) : function(f);
    }
    out_ += ")";
    for (usize at = 0; (at = out_.find(much_of_nothing, at)) != out_.npos;) {
      std::string nothing = " ";
      for (u64 i = 0; i < runtime::limits::large_body_bytes; ++i) nothing += "nop ";
      out_.replace(at, much_of_nothing.size(), nothing);
    }
    return std::move(out_);
  }

 private:
  static constexpr u32 max_depth = 7;
  static constexpr usize max_text = 40'000;

  /// Below `count`; 0, which is always something simple, when the bytes are used up.
  u32 choose(u32 count) {
    if (at_ >= decisions_.size()) return 0;
    u32 value = decisions_[at_++];
    if (count > 256 && at_ < decisions_.size()) value |= u32(decisions_[at_++]) << 8;
    return value % count;
  }
  bool compares() const { return purpose_ != Purpose::crash; }
  bool is_over() const { return at_ >= decisions_.size() || depth_ >= max_depth || out_.size() > max_text; }
  char letter() { return letters[choose(letters.size())]; }
  std::string types(u32 most, std::string_view among = letters) {
    std::string result;
    for (u32 count = choose(most + 1); count > 0; --count) result += among[choose(u32(among.size()))];
    return result;
  }

  void emit(std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) out_ += part;
  }
  void emit_types(std::string_view keyword, std::string_view list) {
    if (list.empty()) return;
    emit({" (", keyword});
    for (const char each : list) emit({" ", text_of(each)});
    emit({")"});
  }

  /// Functions without parameters whose results are i64 only: two calls of each function, and what the globals and
  /// tables hold. Their arguments are decided before the bodies have used up the decisions.
  void observers(u32 count) {
    for (u32 i = 0; i < 2 * count; ++i) {
      const Function& f = functions_[3 + i / 2];
      emit({"(func (export \"run", std::to_string(i), "\")"});
      emit_types("result", observed(f.results));
      for (usize r = 0; r < f.results.size(); ++r)
        emit({" (local $r", std::to_string(r), " ", text_of(f.results[r]), ")"});
      out_ += " i32.const 400 global.set $work";
      for (const char param : f.params) constant(param);
      emit({" call $", f.name});
      for (usize r = f.results.size(); r > 0; --r) emit({" local.set $r", std::to_string(r - 1)});
      for (usize r = 0; r < f.results.size(); ++r) observe(f.results[r], "local.get $r" + std::to_string(r));
      out_ += ")\n";
    }
    std::string all;
    for (const char each : letters) all += {each, each};
    emit({"(func (export \"state\")"});
    emit_types("result", observed(all) + "IIIII");
    for (const char each : letters) {
      for (const char number : {'0', '1'}) observe(each, "global.get $g" + std::string{each, number});
    }
    emit(
        {" global.get $seen table.size $t i64.extend_i32_u table.size $x i32.const 0 table.get $t ref.is_null "
         "i64.extend_i32_u"
         " i32.const 3 table.get $t ref.is_null i64.extend_i32_u)\n"});
  }
  static std::string observed(std::string_view types) {
    std::string result;
    for (const char each : types) result += each == 'v' ? "II" : "I";
    return result;
  }
  void observe(char type, const std::string& get) {
    constexpr std::array<std::string_view, letters.size()> views = {
        "i64.extend_i32_s",     "",           "i32.reinterpret_f32 i64.extend_i32_u", "i64.reinterpret_f64",
        "i64x2.extract_lane 0", "call $seeA", "any.convert_extern call $seeA",        "ref.is_null i64.extend_i32_u",
        "call $seeS",           "call $seeB", "ref.is_null i64.extend_i32_u"};
    emit({" ", get, " ", views[letters.find(type)]});
    if (type == 'v') emit({" ", get, " i64x2.extract_lane 1"});
  }

  void function(const Function& f) {
    params_ = f.params;
    labels_ = {f.results};
    emit({"(func $", f.name, " (export \"", f.name, "\")"});
    emit_types("param", f.params);
    emit_types("result", f.results);
    for (const char each : letters) {
      for (const char number : {'0', '1'}) {
        emit({" (local $l", std::string(1, each), std::string(1, number), " ", text_of(each), ")"});
      }
    }
    out_ += " (local $cf f32) (local $cF f64) (local $cv v128) (local $at i32) (local $left i32)\n";
    if (compares()) {
      spend(1);
      chain();
    }
    body(f.results, 12);
    out_ += ")\n";
  }

  /// Some of the work that is left, or the end: the same one in every engine.
  void spend(u32 work) {
    const std::string text = std::to_string(work);
    emit({" global.get $work i32.const ", text, " i32.lt_u if unreachable end global.get $work i32.const ", text,
          " i32.sub global.set $work"});
  }

  /// Statements, and then the results.
  void body(std::string_view results, u32 most) {
    for (u32 count = choose(most + 1); count > 0; --count) statement();
    values(results);
  }
  void values(std::string_view list) {
    for (const char each : list) value(each);
  }
  void drops(usize count) {
    for (; count > 0; --count) out_ += " drop";
  }

  void constant(char type) {
    constexpr std::array<std::string_view, 8> integers = {"0",      "1",          "-1",         "5",
                                                          "0x7fff", "0x80000000", "0xfffffff8", "65535"};
    constexpr std::array<std::string_view, 8> floats = {"0",    "-0",           "1.5", "nan",
                                                        "-inf", "nan:0x200001", "3e9", "-9.3e18"};
    const u32 which = choose(8);
    switch (type) {
      case 'i':
        return emit({" i32.const ", integers[which]});
      case 'I':
        return emit({" i64.const ", integers[which]});
      case 'f':
        return emit({" f32.const ", floats[which]});
      case 'F':
        return emit({" f64.const ", floats[which]});
      case 'v':
        return emit({" v128.const i32x4 ", integers[which], " 7 ", integers[7 - which], " 0x3f800000"});
      case 'A':
        return emit({" ref.null any"});
      case 'X':
        return emit({" ref.null extern"});
      case 'R':
        return emit({which == 0 ? " ref.null func" : " ref.func $f0"});
      case 'S':
        return emit({which < 2 ? " ref.null $s" : which < 5 ? " struct.new_default $s" : " struct.new_default $sub"});
      case 'B':
        return emit({which < 2 ? " ref.null $b" : " i32.const 9 array.new_default $b"});
      default:
        return emit({" ref.null exn"});
    }
  }

  std::string variable(char type) {
    const std::string name = std::string(1, type) + (choose(2) == 0 ? '0' : '1');
    return "$l" + name;
  }

  /// Pushes one value.
  void value(char type) {
    if (is_over()) return constant(type);
    ++depth_;
    switch (choose(12)) {
      case 0:
        constant(type);
        break;
      case 1:
        emit({" local.get ", variable(type)});
        break;
      case 2:
        emit({" global.get $g", std::string(1, type), choose(2) == 0 ? "0" : "1"});
        break;
      case 3:
        value(type);
        emit({" local.tee ", variable(type)});
        break;
      case 4:
        value(type);
        value(type);
        value('i');
        if (letters.find(type) < 5) {
          emit({" select"});
        } else {
          emit({" select (result ", text_of(type), ")"});
        }
        break;
      case 5:
        construct(std::string(1, type));
        break;
      case 6:
        parameter(type);
        break;
      case 7:
        call(type);
        break;
      case 8:
        special(type);
        break;
      default:
        operation(type);
    }
    --depth_;
  }

  void parameter(char type) {
    for (usize i = 0; i < params_.size(); ++i) {
      if (params_[i] == type) return emit({" local.get ", std::to_string(i)});
    }
    constant(type);
  }

  /// A row of opcodes.def with this result (and perhaps more below it); '-' stands for no result.
  void operation(char type) {
    const u32 start = choose(wasm::op_count);
    for (u32 i = 0; i < wasm::op_count; ++i) {
      const OpInfo& op = wasm::op_table[(start + i) % wasm::op_count];
      const usize colon = op.signature.find(':');
      if (op.is_polymorphic() || is_constant(op) || is_excluded(op)) continue;
      std::string_view results = op.signature.substr(colon + 1);
      const char memory = "mnop"[choose(4)];
      const char address = memory == 'n' ? 'I' : 'i';
      const char first = results.empty() ? '-' : results[0] == 'a' ? address : results[0];
      if (first != type) continue;
      // Waiting for what nobody does ends only with a deadline.
      if (op.text.starts_with("memory.atomic.wait")) continue;
      for (const char operand : op.signature.substr(0, colon)) value(operand == 'a' ? address : operand);
      emit({" ", op.text});
      immediate(op, memory);
      if (results.size() > 1) drops(results.size() - 1);
      return canonicalise(op, type);
    }
    if (type != '-') constant(type);
  }

  /// The results of relaxed instructions are an engine's own choice; V8 has no wide arithmetic.
  bool is_excluded(const OpInfo& op) const {
    return purpose_ == Purpose::compare &&
           (op.feature == wasm::Feature::relaxed_simd || op.feature == wasm::Feature::wide_arithmetic);
  }
  /// Where the specification leaves sign and payload of a NaN open, it becomes the canonical one.
  void canonicalise(const OpInfo& op, char type) {
    if (!compares() || std::string_view("fFv").find(type) == std::string_view::npos) return;
    const usize dot = op.text.find('.');
    const std::string_view shape = op.text.substr(0, dot);
    if (type == 'v' && shape != "f32x4" && shape != "f64x2") return;
    // These give the bits of an operand, or a mask.
    const std::string_view name = op.text.substr(dot + 1);
    if (name.starts_with("load") || name.starts_with("reinterpret")) return;
    for (const std::string_view kept : {"neg", "abs", "copysign", "splat", "extract_lane", "replace_lane", "eq", "ne",
                                        "lt", "gt", "le", "ge", "pmin", "pmax"}) {
      if (name == kept) return;
    }
    canonicalise_float(type);
    if (type == 'v') {
      emit({" local.tee $cv v128.const ", shape, shape == "f32x4" ? " nan nan nan nan" : " nan nan",
            " local.get $cv local.get $cv ", shape, ".eq v128.bitselect"});
    }
  }

  void canonicalise_float(char type) {
    if (type == 'f') emit({" local.tee $cf f32.const nan local.get $cf local.get $cf f32.eq select"});
    if (type == 'F') emit({" local.tee $cF f64.const nan local.get $cF local.get $cF f64.eq select"});
  }

  static bool is_constant(const OpInfo& op) { return op.text.ends_with(".const"); }

  void immediate(const OpInfo& op, char memory) {
    const std::string_view name(&memory, 1);
    switch (op.immediate) {
      case Immediate::memory:
        return emit({" $", name});
      case Immediate::memarg:
        return memarg(op, name);
      case Immediate::memarg_lane:
        memarg(op, name);
        return emit({" ", std::to_string(choose(16u >> (op.flags & wasm::OpFlags::align_mask)))});
      case Immediate::lane:
        return emit({" ", std::to_string(choose(lanes(op.text)))});
      case Immediate::shuffle:
        for (u32 i = 0; i < 16; ++i) emit({" ", std::to_string(choose(32))});
        return;
      case Immediate::data:
        return emit({choose(2) == 0 ? " $d0" : " $d1"});
      case Immediate::elem:
        return emit({" $el"});
      default:
        return;
    }
  }
  void memarg(const OpInfo&, std::string_view memory) {
    constexpr std::array<std::string_view, 8> offsets = {"",
                                                         " offset=1",
                                                         " offset=64",
                                                         " offset=65528",
                                                         " offset=65535",
                                                         " offset=131070",
                                                         " offset=0xfffffff0",
                                                         " offset=4992"};
    emit({" $", memory, offsets[choose(8)]});
  }
  static u32 lanes(std::string_view text) {
    if (text.starts_with("i8x16")) return 16;
    if (text.starts_with("i16x8")) return 8;
    return text.starts_with("i64x2") || text.starts_with("f64x2") ? 2 : 4;
  }

  /// A block, loop, if or try_table with these results, and operands that it takes from outside.
  void construct(std::string_view results) {
    ++depth_;
    const std::string params = types(2);
    const u32 kind = choose(5);
    values(params);
    if (kind == 2) value('i');
    constexpr std::array<std::string_view, 5> keywords = {" block", " loop", " if", " try_table", " block"};
    out_ += keywords[kind];
    labels_.emplace_back(kind == 1 ? params : std::string(results));
    emit_types("param", params);
    emit_types("result", results);
    if (kind == 3) catches();
    out_ += "\n";
    if (kind == 1 && compares()) spend(1);
    inside(params, results);
    if (kind == 2 && (!results.empty() || !params.empty() || choose(2) != 0)) {
      out_ += " else";
      inside(params, results);
    }
    out_ += " end\n";
    labels_.pop_back();
    --depth_;
  }
  void inside(std::string_view params, std::string_view results) {
    for (usize i = params.size(); i > 0; --i) {
      if (choose(2) == 0) {
        out_ += " drop";
      } else {
        emit({" local.set ", variable(params[i - 1])});
      }
    }
    body(results, 4);
  }
  /// Labels of clauses count from outside of the try_table, whose own label is the last one.
  void catches() {
    for (usize depth = 1; depth < labels_.size(); ++depth) {
      const std::string& label = labels_[labels_.size() - 1 - depth];
      const std::string number = " " + std::to_string(depth - 1) + ")";
      if (label.empty()) emit({choose(2) == 0 ? " (catch_all" : " (catch $e0", number});
      if (label == "iv") emit({" (catch $e1", number});
      if (label == "ivE") emit({" (catch_ref $e1", number});
      if (label == "E") emit({choose(2) == 0 ? " (catch_all_ref" : " (catch_ref $e0", number});
    }
  }

  /// A call; of its results the first one stays if it is of this type.
  void call(char type) {
    const u32 start = choose(u32(functions_.size()));
    for (usize i = 0; i < functions_.size(); ++i) {
      const Function& f = functions_[(start + i) % functions_.size()];
      if (type != '-' && (f.results.empty() || f.results[0] != type)) continue;
      values(f.params);
      if (choose(3) == 0) {
        value('i');
        emit({" call_indirect $t"});
        emit_types("param", f.params);
        emit_types("result", f.results);
      } else {
        emit({" call $", f.name});
      }
      return drops(f.results.size() - (type == '-' ? 0 : 1));
    }
    if (type != '-') constant(type);
  }

  /// Operands by letters, then code. '#' is the length of a new array: what is too long is an engine's own choice.
  struct Special {
    char result;
    std::string_view operands;
    std::string_view code;
  };
  static constexpr Special specials[] = {
      {'i', "A", "ref.is_null"},
      {'i', "SS", "ref.eq"},
      {'i', "A", "ref.test (ref $s)"},
      {'i', "A", "ref.test (ref null i31)"},
      {'i', "S", "struct.get $s 0"},
      {'i', "S", "struct.get_s $s 1"},
      {'i', "S", "struct.get_u $s 1"},
      {'i', "Bi", "array.get_s $b"},
      {'i', "Bi", "array.get_u $b"},
      {'i', "B", "array.len"},
      {'i', "A", "ref.cast i31ref i31.get_s"},
      {'i', "i", "ref.i31 i31.get_u"},
      {'i', "Ri", "table.grow $t"},
      {'i', "", "table.size $t"},
      {'i', "E", "ref.is_null"},
      {'I', "", "table.size $x"},
      {'I', "XI", "table.grow $x"},
      {'I', "S", "struct.get $s 2"},
      {'v', "S", "struct.get $s 3"},
      {'S', "S", "struct.get $s 4"},
      {'S', "iiIvS", "struct.new $s"},
      {'S', "iiIvSA", "struct.new $sub"},
      {'S', "A", "ref.cast (ref null $s)"},
      {'S', "S", "ref.cast (ref $sub)"},
      {'S', "S", "ref.as_non_null"},
      {'A', "i", "ref.i31"},
      {'A', "S", ""},
      {'A', "B", ""},
      {'A', "X", "any.convert_extern"},
      {'X', "A", "extern.convert_any"},
      {'X', "I", "table.get $x"},
      {'R', "i", "table.get $t"},
      {'B', "i#", "array.new $b"},
      {'B', "iii", "array.new_fixed $b 3"},
      {'B', "i#", "array.new_data $b $d1"},
      {'B', "A", "ref.cast (ref null $b)"},
      {'A', "A#", "array.new $any"},
      {'A', "AA", "array.new_fixed $any 2"},
      {'A', "v#", "array.new $vectors"},
      {'A', "A", "i32.const 3 array.new $any i32.const 1 array.get $any"},
      {'A', "S", "drop struct.new_default $sub struct.get $sub 5"},
      {'A', "A", "block (param anyref) (result anyref) br_on_cast 0 anyref (ref $s) end"},
      {'A', "A", "block (param anyref) (result anyref) br_on_cast_fail 0 anyref (ref null $b) end"},
      {'A', "S", "block (param (ref null $s)) br_on_null 0 drop end ref.null none"},
      {'S', "S", "block (param (ref null $s)) (result (ref $s)) br_on_non_null 0 struct.new_default $s end"},
      {'E', "iv",
       "local.set $lv0 local.set $li0 block (result exnref) try_table (catch_all_ref 0) local.get $li0 local.get $lv0 "
       "throw $e1 end unreachable end"},
      {'-', "Si", "struct.set $s 0"},
      {'-', "Si", "struct.set $s 1"},
      {'-', "Sv", "struct.set $s 3"},
      {'-', "SS", "struct.set $s 4"},
      {'-', "Bii", "array.set $b"},
      {'-', "Biii", "array.fill $b"},
      {'-', "BiBii", "array.copy $b $b"},
      {'-', "Biii", "array.init_data $b $d1"},
      {'-', "iii", "memory.fill $m"},
      {'-', "IiI", "memory.fill $n"},
      {'-', "iii", "memory.copy $m $p"},
      {'-', "iIi", "memory.copy $o $n"},
      {'-', "iii", "memory.init $m $d1"},
      {'-', "iRi", "table.fill $t"},
      {'-', "IXI", "table.fill $x"},
      {'-', "iii", "table.copy $t $t"},
      {'-', "iii", "table.init $t $el"},
      {'-', "iR", "table.set $t"},
      {'-', "IX", "table.set $x"},
      {'-', "iv", "throw $e1"},
      {'-', "", "throw $e0"},
      {'-', "E", "throw_ref"},
      {'-', "", "unreachable"},
      {'-', "", "nop"},
      {'-', "A", "drop"},
  };
  void special(char type) {
    constexpr u32 count = std::size(specials);
    const u32 start = choose(count);
    for (u32 i = 0; i < count; ++i) {
      const Special& s = specials[(start + i) % count];
      if (s.result != type) continue;
      for (const char operand : s.operands) {
        value(operand == '#' ? 'i' : operand);
        if (operand == '#' && compares()) out_ += " i32.const 1023 i32.and";
      }
      return emit({" ", s.code});
    }
    if (type != '-') constant(type);
  }

  /// Leaves the stack as it was.
  void statement() {
    if (is_over()) return;
    ++depth_;
    const char type = letter();
    switch (choose(12)) {
      case 0:
      case 1:
        value(type);
        emit({" local.set ", variable(type)});
        break;
      case 2:
        value(type);
        emit({" global.set $g", std::string(1, type), choose(2) == 0 ? "0" : "1"});
        break;
      case 3:
        value(type);
        drops(1);
        break;
      case 4:
        call('-');
        break;
      case 5:
        special('-');
        break;
      case 6:
      case 7:
        branch();
        break;
      case 8: {
        const std::string results = types(3);
        construct(results);
        drops(results.size());
        break;
      }
      case 9:
        tail_call();
        break;
      case 10:
        sweep();
        break;
      case 11:
        compares() ? chain() : operation('-');
        break;
      default:
        operation('-');
    }
    out_ += "\n";
    --depth_;
  }

  void branch() {
    const u32 depth = choose(u32(labels_.size()));
    const std::string types = labels_[labels_.size() - 1 - depth];
    values(types);
    const std::string number = std::to_string(depth);
    switch (choose(5)) {
      case 0:
        return emit({" br ", number});
      case 1: {
        value('i');
        emit({" br_table"});
        for (u32 i = 0; i < labels_.size(); ++i) {
          if (labels_[labels_.size() - 1 - i] == types) emit({" ", std::to_string(i)});
        }
        return emit({" ", number});
      }
      case 2:
        drops(types.size());
        values(std::string(labels_[0]));  // a copy, because there will be more labels
        return emit({" return"});
      default:
        value('i');
        emit({" br_if ", number});
        return drops(types.size());
    }
  }

  /// A counted loop over memory, as compilers write them: what a vectoriser wants, and may run out of the memory.
  void sweep() {
    constexpr std::string_view kinds = "iIfFv";
    constexpr std::array<std::string_view, 5> names = {"i32", "i64", "f32", "f64", "v128"};
    constexpr std::array<std::string_view, 8> starts = {"0", "8", "1", "64", "1000", "65000", "130000", "4096"};
    constexpr std::array<std::string_view, 4> counts = {"1", "7", "64", "250"};
    constexpr std::array<std::string_view, 6> strides = {"4", "1", "8", "16", "-4", "3"};
    const usize kind = choose(kinds.size());
    const char type = kinds[kind];
    const char to = "mnop"[choose(4)], from = "mnop"[choose(4)];
    const auto address = [&](char memory) {
      out_ += memory == 'n' ? " local.get $at i64.extend_i32_u" : " local.get $at";
    };
    emit({" i32.const ", starts[choose(8)], " local.set $at i32.const ", counts[choose(4)], " local.set $left loop"});
    address(to);
    address(from);
    emit({" ", names[kind], ".load $", std::string_view(&from, 1), " offset=", starts[choose(4)]});
    const OpInfo& op = arithmetic(type);
    if (op.signature.size() == 4) emit({" local.get ", variable(type)});
    emit({" ", op.text});
    canonicalise(op, type);
    emit({" ", names[kind], ".store $", std::string_view(&to, 1), " local.get $at i32.const ", strides[choose(6)],
          " i32.add local.set $at local.get $left i32.const 1 i32.sub local.tee $left br_if 0 end"});
  }
  /// An instruction that takes one or two operands of a type and gives the same type, without immediates.
  const OpInfo& arithmetic(char type) {
    for (u32 i = choose(wasm::op_count);; ++i) {
      const OpInfo& op = wasm::op_table[i % wasm::op_count];
      const bool fits =
          op.signature == std::string{type, ':', type} || op.signature == std::string{type, type, ':', type};
      if (fits && op.immediate == Immediate::none && !is_excluded(op)) return op;
    }
  }

  /// Many instructions, one after the other, on the locals; what they give is seen, whatever becomes of the locals.
  void chain() {
    const usize most_text = out_.size() + 4000;
    for (u32 count = choose(48); count > 0 && at_ < decisions_.size() && out_.size() < most_text; --count) {
      const OpInfo& op = numeric();
      const usize colon = op.signature.find(':');
      const char memory = "mmop"[choose(4)];
      for (const char operand : op.signature.substr(0, colon)) {
        leaf(operand == 'a' ? 'i' : operand);
        if (operand == 'a') keep_inside(memory);
      }
      numeric_instruction(op, memory);
      for (usize i = op.signature.size() - 1; i > colon; --i) see(op, op.signature[i]);
    }
    out_ += "\n";
  }
  /// Makes an address of the i32 on the stack. Seldom, it is one where the memory, as it was made, ends.
  void keep_inside(char memory) {
    out_ += " i32.const 0xff8 i32.and";
    if (choose(48) != 47) return;
    const u32 end = memory == 'o' ? 131072 : 65536;
    emit({" drop i32.const ", std::to_string(end - choose(20))});
  }
  void numeric_instruction(const OpInfo& op, char memory) {
    emit({" ", op.text});
    if (op.immediate == Immediate::memarg || op.immediate == Immediate::memarg_lane) emit({" $", std::string{memory}});
    if (op.immediate == Immediate::memarg_lane || op.immediate == Immediate::lane)
      emit({" ", std::to_string(choose(2))});
    if (op.immediate == Immediate::shuffle) immediate(op, memory);
  }
  /// Takes a value from the stack into a local and into what is seen.
  void see(const OpInfo& op, char type) {
    canonicalise(op, type);
    const std::string name = variable(type);
    emit({" local.set ", name});
    observe(type, "local.get " + name);
    if (type == 'v') out_ += " i64.xor";
    out_ += " call $see";
  }
  /// An instruction on numbers, vectors and memory; seldom one that can trap.
  const OpInfo& numeric() {
    for (u32 i = choose(wasm::op_count);; ++i) {
      const OpInfo& op = wasm::op_table[i % wasm::op_count];
      if (is_numeric(op) && (!can_trap(op) || choose(4) == 0)) return op;
    }
  }
  bool is_numeric(const OpInfo& op) const {
    if (op.is_polymorphic() || is_constant(op) || is_excluded(op)) return false;
    if (op.signature.find_first_not_of("iIfFva:") != std::string_view::npos) return false;
    constexpr Immediate allowed[] = {Immediate::none, Immediate::lane, Immediate::shuffle, Immediate::memarg,
                                     Immediate::memarg_lane};
    return std::ranges::find(allowed, op.immediate) != std::end(allowed) && !op.text.starts_with("memory.");
  }
  static bool can_trap(const OpInfo& op) {
    return op.text.contains(".div_") || op.text.contains(".rem_") || op.text.contains(".trunc_f");
  }
  /// A local, a parameter, a constant or any bits.
  void leaf(char type) {
    switch (choose(5)) {
      case 0:
        return constant(type);
      case 1:
        return parameter(type);
      case 2: {
        u64 bits = 0;
        for (int i = 0; i < 8; ++i) bits = bits << 8 | choose(256);
        const std::string text = std::to_string(bits);
        if (type == 'i') return emit({" i32.const ", std::to_string(u32(bits))});
        if (type == 'f') return emit({" i32.const ", std::to_string(u32(bits)), " f32.reinterpret_i32"});
        emit({" i64.const ", text});
        if (type == 'F') out_ += " f64.reinterpret_i64";
        if (type == 'v')
          emit({" i64x2.splat i64.const ", std::to_string(bits * 0x9e3779b97f4a7c15u), " i64x2.replace_lane 1"});
        return;
      }
      default:
        return emit({" local.get ", variable(type)});
    }
  }

  /// A kernel is a function for the registers of a compiler: loops on numbers and vectors that hardly call anything,
  /// and what moves values between locals and operands of different types. A float that is a NaN is made canonical
  /// where its bits get out: at every instruction, that would be most of the code.
  void kernel(const Function& f) {
    // Deep operands are computed for few types only, so that a place on the stack often holds one type alone.
    constexpr std::array<std::string_view, 6> computed = {"iI", "fF", "i", "v", "iIfFv", "I"};
    computed_ = computed[choose(computed.size())];
    calls_ = choose(6) == 1;
    kernel_labels_.clear();
    most_text_ = std::min(out_.size() + 9'000, max_text);
    for (auto& names : kernel_locals_) names.clear();
    emit({"(func $", f.name, " (export \"", f.name, "\")"});
    emit_types("param", f.params);
    emit_types("result", f.results);
    for (usize i = 0; i < f.params.size(); ++i) locals_of(f.params[i]).push_back(std::to_string(i));
    for (const char each : number_letters) {
      for (u32 count = 1 + choose(4), i = 0; i < count; ++i) {
        const std::string name = std::string("$l") + each + std::to_string(i);
        emit({" (local ", name, " ", text_of(each), ")"});
        locals_of(each).push_back(name);
      }
    }
    out_ += " (local $cf f32) (local $cF f64) (local $cv v128) (local $left i32)\n";
    // The last one is for loops that are replaced while they run.
    struct Iterations {
      std::string_view count;
      u32 work;
    };
    constexpr Iterations all_iterations[] = {{"2", 1},  {"1", 1},   {"5", 1},    {"9", 1},
                                             {"20", 1}, {"100", 4}, {"300", 10}, {"1000000", 300}};
    const Iterations& iterations = all_iterations[choose(16) == 15 ? 7 : choose(7)];
    if (compares()) spend(iterations.work);
    if (compares() && choose(16) == 15) emit({much_of_nothing});
    for (const char each : number_letters) {
      for (const std::string& name : locals_of(each)) {
        if (name[0] != '$') continue;
        distinct(each);
        emit({" local.set ", name});
      }
    }
    emit({" i32.const ", iterations.count, " local.set $left"});
    for (u32 count = 1 + choose(2); count > 0; --count) any_kernel_loop();
    u32 address = 1024;
    for (const char each : number_letters) {
      for (const std::string& name : locals_of(each)) {
        emit({" i32.const ", std::to_string(address), " local.get ", name});
        get_out(each);
        emit({" ", text_of(each), ".store $m"});
        address += 16;
      }
    }
    for (const char each : f.results) {
      kernel_local(each);
      get_out(each);
    }
    out_ += ")\n";
  }
  /// A number that no other local is likely to have.
  void distinct(char type) {
    const std::string number = std::to_string(choose(256) * 256 + at_ % 256);
    if (type == 'v') return emit({" v128.const i32x4 ", number, " 0x40490fdb ", number, " -2"});
    emit({" ", text_of(type), ".const ", number, type == 'f' || type == 'F' ? ".5" : ""});
  }

  std::vector<std::string>& locals_of(char type) { return kernel_locals_[number_letters.find(type)]; }
  std::string kernel_variable(char type) {
    const auto& names = locals_of(type);
    return names[choose(u32(names.size()))];
  }
  void kernel_local(char type) { emit({" local.get ", kernel_variable(type)}); }
  void set_locals(std::string_view types) {
    for (usize i = types.size(); i > 0; --i) emit({" local.set ", kernel_variable(types[i - 1])});
  }
  char number_letter() { return number_letters[choose(number_letters.size())]; }
  bool kernel_is_over() const { return at_ >= decisions_.size() || depth_ >= max_depth || out_.size() > most_text_; }
  /// What is on the stack goes where its bits can be seen.
  void get_out(char type) {
    if (compares()) canonicalise_float(type);
  }

  /// Each of its iterations takes one from a local; nested ones share it, so that all of them end. Some operands wait
  /// below it.
  void kernel_loop() {
    ++depth_;
    const bool is_inner = !kernel_labels_.empty();
    const std::string waiting = types(2, number_letters);
    for (const char each : waiting) kernel_value(each);
    const std::string carried = types(2, number_letters);
    for (const char each : carried) kernel_value(each);
    out_ += " loop";
    emit_types("param", carried);
    emit_types("result", carried);
    out_ += " local.get $left i32.const 1 i32.sub local.set $left\n";
    kernel_labels_.push_back({carried, is_inner ? Again::until_a_fourth : Again::until_none});
    set_locals(carried);
    for (u32 count = 2 + choose(8); count > 0; --count) kernel_statement();
    for (const char each : carried) kernel_value(each);
    ask_again(kernel_labels_.back());
    out_ += " br_if 0 end\n";
    kernel_labels_.pop_back();
    set_locals(carried);
    set_locals(waiting);
    --depth_;
  }
  void any_kernel_loop() { choose(4) == 3 ? kernel_dispatch() : kernel_loop(); }
  /// The same as an interpreter's: it begins with a jump through a table to places that mostly go on with its next
  /// turn.
  void kernel_dispatch() {
    ++depth_;
    const bool is_inner = !kernel_labels_.empty();
    const u32 places = 5 + choose(4);
    out_ += " loop";
    kernel_labels_.push_back({"", is_inner ? Again::until_a_fourth : Again::until_none});
    // Around those of the places: the way out, where the table leads when nothing is left.
    for (u32 i = 0; i <= places; ++i) {
      out_ += " block";
      kernel_labels_.push_back({});
    }
    out_ += " local.get $left i32.const 1 i32.sub local.set $left";
    kernel_local('i');
    emit({" i32.const 7 i32.and i32.const ", std::to_string(places)});
    ask_again(kernel_label(places + 1));
    out_ += " select br_table";
    for (u32 i = 0; i <= places; ++i) emit({" ", std::to_string(i)});
    for (u32 i = 0; i < places; ++i) {
      out_ += " end\n";
      kernel_labels_.pop_back();
      for (u32 count = 1 + choose(3); count > 0; --count) kernel_statement();
      if (choose(4) != 0) emit({" br ", std::to_string(places - i)});
    }
    out_ += " end end\n";
    kernel_labels_.pop_back();
    kernel_labels_.pop_back();
    --depth_;
  }
  /// A loop goes on until nothing is left, or what is left can be divided by four.
  enum class Again : u8 { no_loop, until_none, until_a_fourth };
  struct KernelLabel {
    std::string types;
    Again again = Again::no_loop;
  };
  /// The condition of a branch to the label.
  void ask_again(const KernelLabel& label) {
    if (label.again == Again::until_none) out_ += " local.get $left i32.const 0 i32.gt_s";
    if (label.again == Again::until_a_fourth)
      out_ += " local.get $left i32.const 0x80000003 i32.and i32.const 0 i32.gt_s";
    if (label.again == Again::no_loop) kernel_value('i');
  }
  const KernelLabel& kernel_label(u32 depth) const { return kernel_labels_[kernel_labels_.size() - 1 - depth]; }

  /// Leaves the stack as it was.
  void kernel_statement() {
    if (kernel_is_over()) return;
    ++depth_;
    const char type = number_letter();
    switch (choose(14)) {
      case 0:
        kernel_value(type);
        set_locals({&type, 1});
        break;
      case 1:
      case 2:
        kernel_construct(types(3, number_letters));
        break;
      case 3:
        kernel_branch();
        break;
      case 4: {
        // Values change places.
        const std::string moved = types(4, number_letters);
        for (const char each : moved) kernel_local(each);
        set_locals(moved);
        break;
      }
      case 5:
        if (kernel_labels_.size() < 4) any_kernel_loop();
        break;
      case 6:
        if (calls_) kernel_call();
        break;
      case 7:
        kernel_operation('-', true);
        break;
      case 8:
        kernel_local(type);
        set_locals({&type, 1});
        break;
      default:
        kernel_operation(type, choose(4) != 0);
        set_locals({&type, 1});
    }
    out_ += "\n";
    --depth_;
  }

  /// Pushes one value.
  void kernel_value(char type) {
    if (kernel_is_over()) return kernel_local(type);
    ++depth_;
    switch (choose(12)) {
      case 0:
        constant(type);
        break;
      case 1:
        kernel_value(type);
        emit({" local.tee ", kernel_variable(type)});
        break;
      case 2:
        kernel_value(type);
        kernel_value(type);
        kernel_value('i');
        out_ += " select";
        break;
      case 3:
      case 4: {
        const std::string more = types(1, number_letters);
        kernel_construct(type + more, 1);
        break;
      }
      case 5:
      case 6:
      case 7:
        if (computed_.contains(type)) {
          kernel_operation(type, false);
          break;
        }
        [[fallthrough]];
      default:
        kernel_local(type);
    }
    --depth_;
  }

  /// An instruction with this result; '-' stands for none. Its operands are locals, or may be computed.
  void kernel_operation(char type, bool of_locals) {
    const u32 start = choose(wasm::op_count);
    for (u32 i = 0; i < wasm::op_count; ++i) {
      const OpInfo& op = wasm::op_table[(start + i) % wasm::op_count];
      const std::string_view operands = op.signature.substr(0, op.signature.find(':'));
      const std::string_view results = op.signature.substr(std::min(operands.size() + 1, op.signature.size()));
      if (!is_numeric(op) || results != (type == '-' ? std::string_view() : std::string_view(&type, 1))) continue;
      if (op.text.contains("atomic") || (can_trap(op) && choose(32) != 1)) continue;
      const char memory = "mmmo"[choose(4)];
      for (const char each : operands) {
        const char operand = each == 'a' ? 'i' : each;
        of_locals ? kernel_local(operand) : kernel_value(operand);
        if (each == 'a') keep_inside(memory);
        if (shows_bits(op)) get_out(operand);
      }
      numeric_instruction(op, memory);
      if (type == 'v') canonicalise(op, type);
      return;
    }
    if (type != '-') kernel_local(type);
  }
  /// Of floats among its operands.
  static bool shows_bits(const OpInfo& op) {
    return op.text.contains("reinterpret") || op.text.contains("copysign") || op.text.contains("store") ||
           op.text.contains("splat") || op.text.contains("replace_lane");
  }

  /// A block or an if, or two blocks of which a table chooses one; of its results the first `kept` ones stay, and
  /// locals get the others.
  void kernel_construct(const std::string& results, usize kept = 0) {
    ++depth_;
    const std::string params = types(2, number_letters);
    for (const char each : params) kernel_value(each);
    const u32 kind = choose(3);
    if (kind == 1) kernel_value('i');
    const auto begin = [&](std::string_view keyword) {
      out_ += keyword;
      emit_types("param", params);
      emit_types("result", results);
      kernel_labels_.push_back({results});
    };
    const auto values_of = [&] {
      for (u32 count = choose(3); count > 0; --count) kernel_statement();
      for (const char each : results) kernel_value(each);
    };
    begin(kind == 1 ? " if" : " block");
    if (kind == 2) begin(" block");
    set_locals(params);
    values_of();
    if (kind == 0) {
      kernel_value('i');
      out_ += " br_if 0";
      set_locals(results);
      values_of();
    } else if (kind == 1) {
      out_ += " else";
      set_locals(params);
      values_of();
    } else {
      kernel_value('i');
      out_ += choose(2) == 0 ? " br_table 0 1 0 end" : " br_table 1 0 1 end";
      kernel_labels_.pop_back();
      set_locals(results);
      values_of();
    }
    out_ += " end";
    kernel_labels_.pop_back();
    set_locals(std::string_view(results).substr(kept));
    --depth_;
  }

  /// A branch that is taken or not, with values for a label; on the way that is not taken locals get them.
  void kernel_branch() {
    const u32 depth = choose(u32(kernel_labels_.size()));
    const KernelLabel label = kernel_label(depth);
    if (choose(2) == 0) {
      for (const char each : label.types) kernel_value(each);
      ask_again(label);
      emit({" br_if ", std::to_string(depth)});
      return set_locals(label.types);
    }
    ask_again(label);
    out_ += " if";
    kernel_labels_.push_back({});
    for (const char each : label.types) kernel_value(each);
    kernel_labels_.pop_back();
    emit({" br ", std::to_string(depth + 1), " end"});
  }

  /// Of a function that takes and gives numbers, if there is one.
  void kernel_call() {
    const u32 start = choose(u32(functions_.size()));
    for (usize i = 0; i < functions_.size(); ++i) {
      const Function& f = functions_[(start + i) % functions_.size()];
      if ((f.params + f.results).find_first_not_of(number_letters) != std::string::npos) continue;
      for (const char each : f.params) {
        kernel_local(each);
        get_out(each);
      }
      emit({" call $", f.name});
      return set_locals(f.results);
    }
  }

  void tail_call() {
    for (const Function& f : functions_) {
      if (f.results != labels_[0] || choose(2) == 0) continue;
      value('i');
      emit({" if "});
      labels_.emplace_back();
      values(f.params);
      emit({" return_call $", f.name, " end"});
      labels_.pop_back();
      return;
    }
  }

  std::span<const u8> decisions_;
  Purpose purpose_;
  usize at_ = 0;
  u32 depth_ = 0;
  std::string out_;
  std::vector<Function> functions_;
  std::string params_;
  std::vector<std::string> labels_;  // outermost first: what a branch to it carries

  // Of the kernel that is being made.
  std::string_view computed_;  // types
  bool calls_ = false;
  usize most_text_ = 0;
  std::array<std::vector<std::string>, number_letters.size()> kernel_locals_;
  std::vector<KernelLabel> kernel_labels_;
};

}  // namespace

std::string generate_module(std::span<const u8> decisions, Purpose purpose) {
  return Generator(decisions, purpose).module();
}

}  // namespace wisp::fuzz
