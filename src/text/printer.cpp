#include "text/printer.hpp"

#include <algorithm>

#include "text/limits.hpp"
#include "text/print_code.hpp"
#include "text/print_names.hpp"
#include "wasm/binary_reader.hpp"

namespace wisp::text {

using wasm::ExternKind;

namespace {

/// Bytes of a data segment on one line.
constexpr usize data_line_bytes = 64;

class Printer {
 public:
  Printer(const wasm::Module& module, const PrintOptions& options)
      : module_(module), options_(options), names_(module), code_(module, names_, options, out_) {}

  Result<std::string> run() {
    out_ = "(module" + names_.module_name;
    read_hints();
    types();
    imports();
    WISP_TRY(tables());
    memories();
    tags();
    WISP_TRY(globals());
    exports();
    if (module_.start) line("(start " + names_.funcs.ref(module_.start->value) + ")");
    WISP_TRY(elems());
    WISP_TRY(functions());
    WISP_TRY(datas());
    customs();
    out_ += ")\n";
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_ += "\n  ";
    out_ += text;
  }

  void types() {
    u32 first = 0;
    for (const wasm::RecGroupRef& group : module_.groups) {
      const u32 count = u32(group.types().size());
      names_.enter_group(first, group.types());
      const bool alone = count == 1;
      if (!alone) line("(rec");
      for (u32 i = first; i < first + count; ++i) {
        line(alone ? "" : "  ");
        out_ += "(type" + names_.types.definition(i) + " " + sub_type(*module_.types[i], i) + ")";
      }
      if (!alone) out_ += ")";
      names_.leave_group();
      first += count;
    }
  }

  std::string sub_type(const wasm::DefType& type, u32 index) {
    std::string composite = composite_type(type, index);
    if (type.is_final && type.super == nullptr) return composite;
    std::string out = type.is_final ? "(sub final " : "(sub ";
    if (type.super != nullptr) out += names_.ref(type.super) + " ";
    return out + composite + ")";
  }

  std::string composite_type(const wasm::DefType& type, u32 index) {
    if (type.kind == wasm::DefType::Kind::func) return "(func" + names_.text(type.func.params, type.func.results) + ")";
    if (type.kind == wasm::DefType::Kind::array) return "(array " + names_.text(type.fields[0]) + ")";
    const NamedSpace* field_names = names_.fields(index);
    std::string out = "(struct";
    for (u32 i = 0; i < type.fields.size(); ++i) {
      const std::string binding = field_names != nullptr ? field_names->binding(i) : std::string();
      out += " (field" + binding + " " + names_.text(type.fields[i]) + ")";
    }
    return out + ")";
  }

  /// `(type 0) (param $x i32) (result i32)`, with a space in front.
  std::string func_type(const wasm::DefType* type, const NamedSpace& locals) {
    std::string out = " (type " + names_.ref(type) + ")";
    bool open = false;
    for (u32 i = 0; i < type->func.params.size(); ++i) {
      const std::string binding = locals.binding(i);
      const std::string param = names_.text(type->func.params[i]);
      if (!binding.empty()) {
        out += open ? ") (param" : " (param";
        out += binding;
        out += ' ';
        out += param;
        out += ')';
        open = false;
      } else {
        out += open ? " " : " (param ";
        out += param;
        open = true;
      }
    }
    if (open) out += ")";
    return out + names_.text({}, type->func.results);
  }

  std::string tag_type(const wasm::TagType& type) {
    return " (type " + names_.ref(type.type) + ")" + names_.text(type.type->func.params, type.type->func.results);
  }

  void imports() {
    u32 counts[5] = {};
    for (const wasm::Import& import : module_.imports) {
      const u32 index = counts[usize(import.kind())]++;
      line("(import " + quote_name(import.module) + " " + quote_name(import.name) + " ");
      switch (import.kind()) {
        case ExternKind::func:
          out_ += "(func" + names_.funcs.definition(index) +
                  func_type(module_.functions[index], names_.locals(FuncIndex(index)));
          break;
        case ExternKind::table:
          out_ += "(table" + names_.tables.definition(index) + " " + names_.text(module_.tables[index].type);
          break;
        case ExternKind::memory:
          out_ += "(memory" + names_.memories.definition(index) + " " + names_.text(module_.memories[index]);
          break;
        case ExternKind::global:
          out_ += "(global" + names_.globals.definition(index) + " " + names_.text(module_.globals[index].type);
          break;
        case ExternKind::tag:
          out_ += "(tag" + names_.tags.definition(index) + tag_type(module_.tags[index]);
          break;
      }
      out_ += "))";
    }
  }

  Result<void> tables() {
    for (u32 i = module_.imported_tables; i < module_.tables.size(); ++i) {
      const wasm::Table& table = module_.tables[i];
      line("(table" + names_.tables.definition(i) + " " + names_.text(table.type));
      if (table.init) WISP_TRY(initializer(*table.init));
      out_ += ")";
    }
    return {};
  }

  Result<void> initializer(const wasm::ConstExpr& expression) {
    out_ += " ";
    return code_.expression(expression, "");
  }

  void memories() {
    for (u32 i = module_.imported_memories; i < module_.memories.size(); ++i) {
      line("(memory" + names_.memories.definition(i) + " " + names_.text(module_.memories[i]) + ")");
    }
  }

  void tags() {
    for (u32 i = module_.imported_tags; i < module_.tags.size(); ++i) {
      line("(tag" + names_.tags.definition(i) + tag_type(module_.tags[i]) + ")");
    }
  }

  Result<void> globals() {
    for (u32 i = module_.imported_globals; i < module_.globals.size(); ++i) {
      const wasm::Global& global = module_.globals[i];
      line("(global" + names_.globals.definition(i) + " " + names_.text(global.type));
      WISP_TRY(initializer(global.init));
      out_ += ")";
    }
    return {};
  }

  const NamedSpace& space(ExternKind kind) const {
    switch (kind) {
      case ExternKind::func:
        return names_.funcs;
      case ExternKind::table:
        return names_.tables;
      case ExternKind::memory:
        return names_.memories;
      case ExternKind::global:
        return names_.globals;
      default:
        return names_.tags;
    }
  }

  void exports() {
    constexpr std::string_view words[] = {"func", "table", "memory", "global", "tag"};  // by ExternKind
    for (const wasm::Export& entry : module_.exports) {
      line("(export " + quote_name(entry.name) + " (" + std::string(words[usize(entry.kind)]) + " " +
           space(entry.kind).ref(entry.index) + "))");
    }
  }

  Result<void> elems() {
    for (u32 i = 0; i < module_.elems.size(); ++i) {
      const wasm::ElemSegment& elem = module_.elems[i];
      line("(elem" + names_.elems.definition(i));
      if (elem.mode == wasm::SegmentMode::declarative) out_ += " declare";
      if (elem.mode == wasm::SegmentMode::active) {
        if (elem.table.value != 0) out_ += " (table " + names_.tables.ref(elem.table.value) + ")";
        out_ += " ";
        WISP_TRY(code_.expression(elem.offset, "offset"));
      }
      const bool only_functions =
          elem.expressions.empty() && elem.type == wasm::ValType::ref(false, wasm::HeapKind::func);
      if (only_functions || !elem.functions.empty()) {
        out_ += " func";
        for (FuncIndex function : elem.functions) out_ += " " + names_.funcs.ref(function.value);
      } else {
        out_ += " " + names_.text(elem.type);
        for (const wasm::ConstExpr& expression : elem.expressions) {
          out_ += " ";
          WISP_TRY(code_.expression(expression, "item"));
        }
      }
      out_ += ")";
    }
    return {};
  }

  Result<void> functions() {
    for (u32 i = module_.imported_functions; i < module_.functions.size(); ++i) {
      const NamedSpace locals = names_.locals(FuncIndex(i));
      line("(func" + names_.funcs.definition(i) + func_type(module_.functions[i], locals));
      const auto hints = hints_.find(i);
      WISP_TRY(code_.body(FuncIndex(i), locals, hints != hints_.end() ? &hints->second : nullptr));
      out_ += ")";
      // A few bytes can declare thousands of locals, which the text must spell out.
      if (out_.size() > max_source_bytes) {
        return Error{ErrorCode::limit, module_.body(FuncIndex(i)).offset, "the text would be larger than 1 GiB", {}};
      }
    }
    return {};
  }

  Result<void> datas() {
    for (u32 i = 0; i < module_.datas.size(); ++i) {
      const wasm::DataSegment& data = module_.datas[i];
      line("(data" + names_.datas.definition(i));
      if (data.mode == wasm::SegmentMode::active) {
        if (data.memory.value != 0) out_ += " (memory " + names_.memories.ref(data.memory.value) + ")";
        out_ += " ";
        WISP_TRY(code_.expression(data.offset, "offset"));
      }
      const bool several = data.bytes.size() > data_line_bytes;
      for (usize at = 0; at < data.bytes.size(); at += data_line_bytes) {
        out_ += several ? "\n    " : " ";
        out_ += quote_bytes(data.bytes.subspan(at, std::min(data_line_bytes, data.bytes.size() - at)));
      }
      out_ += ")";
    }
    return {};
  }

  void customs() {
    for (const wasm::CustomSection& section : module_.custom_sections) {
      if (section.name == "name" || section.name == "metadata.code.branch_hint") continue;
      if (options_.custom_sections) {
        line("(@custom " + quote_name(section.name) + " " + quote_bytes(module_.contents(section)) + ")");
      } else {
        line("(; custom section " + quote_name(section.name) + ", " + std::to_string(section.size_bytes) + " bytes ;)");
      }
    }
  }

  /// Branch hints are advice: what cannot be read is left out.
  void read_hints() {
    for (const wasm::CustomSection& section : module_.custom_sections) {
      if (section.name != "metadata.code.branch_hint") continue;
      wasm::BinaryReader reader(module_.contents(section), section.offset);
      u32 functions = 0;
      if (!reader.read_count(functions)) return;
      for (; functions > 0; --functions) {
        if (!read_function_hints(reader)) return;
      }
    }
  }

  bool read_function_hints(wasm::BinaryReader& reader) {
    u32 function = 0;
    u32 count = 0;
    if (!reader.read_u32(function) || !reader.read_count(count)) return false;
    for (; count > 0; --count) {
      u32 offset = 0;
      u32 size = 0;
      u8 value = 0;
      if (!reader.read_u32(offset) || !reader.read_u32(size) || size != 1 || !reader.read_byte(value)) return false;
      hints_[function][offset] = value != 0;
    }
    return true;
  }

  const wasm::Module& module_;
  const PrintOptions& options_;
  std::string out_;
  PrintNames names_;
  CodePrinter code_;
  std::unordered_map<u32, BranchHints> hints_;
};

}  // namespace

Result<std::string> print(const wasm::Module& module, const PrintOptions& options) {
  return Printer(module, options).run();
}

}  // namespace wisp::text
