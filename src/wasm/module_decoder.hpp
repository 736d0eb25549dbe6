#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "wasm/const_expr.hpp"
#include "wasm/module.hpp"
#include "wasm/type_reader.hpp"

namespace wisp::wasm {

/// Section identifiers. https://webassembly.github.io/spec/core/binary/modules.html#sections
enum class SectionId : u8 {
  custom = 0,
  type = 1,
  import = 2,
  function = 3,
  table = 4,
  memory = 5,
  global = 6,
  export_ = 7,
  start = 8,
  elem = 9,
  code = 10,
  data = 11,
  data_count = 12,
  tag = 13,
};

/// Builds one module from its bytes; for `decode` only. Functions that return bool return false after a failure, whose
/// error `reader_` keeps.
class ModuleDecoder {
 public:
  ModuleDecoder(ModuleBytes bytes, std::shared_ptr<TypeRegistry> registry, Features features);

  Result<std::shared_ptr<const Module>> run();

 private:
  /// What the registry does not want to know of a type that is being drafted.
  struct DraftedType {
    std::optional<u32> super;  // its index
    u32 depth = 0;
  };

  bool preamble();
  bool version(u64 offset);
  bool sections();
  bool section();
  bool section_body(SectionId id);
  bool finish();
  /// The first error by offset: a body may be wrong before what has failed.
  Error first_error();

  bool custom_section();
  bool type_section();
  bool import_section();
  bool function_section();
  bool table_section();
  bool memory_section();
  bool tag_section();
  bool global_section();
  bool export_section();
  bool start_section();
  bool elem_section();
  bool data_count_section();
  bool code_section();
  bool data_section();

  bool rec_group();
  bool sub_type(u32 self);
  bool supertype(u32 self, DraftedType& drafted);
  bool composite_type(DefType& type);
  bool struct_type(DefType& type);
  bool result_types(std::vector<ValType>& types, const ImplementationLimit& limit);
  bool field_type(FieldType& field);
  bool check_supertypes(u64 offset);

  bool import();
  bool import_type(ExternKind kind, ExternType& type);
  bool add_function(const DefType* type, u64 offset);
  bool add_table(Table table, u64 offset);
  bool add_memory(const MemoryType& memory, u64 offset);
  bool add_global(Global global, u64 offset);
  bool add_tag(TagType tag, u64 offset);
  bool table();
  bool export_item();
  bool check_export_index(const Export& item, u64 offset);
  bool check_export_names(std::span<const u64> offsets);
  bool elem_segment();
  bool active_elem(ElemSegment& segment, bool has_table);
  bool elem_kind(ElemSegment& segment, bool has_expressions);
  bool elem_functions(ElemSegment& segment);
  bool elem_expressions(ElemSegment& segment);
  bool data_segment();
  bool body();
  bool expression(ValType type, ConstExpr& expression);
  void declare(FuncIndex function);
  /// One more item in a space that has a limit.
  bool check_space(u64 size, const ImplementationLimit& limit, u64 offset);

  std::shared_ptr<Module> module_;
  TypeReader reader_;
  ConstExprValidator expressions_;
  u32 last_rank_ = 0;
  std::vector<TypeRegistry::Draft> drafts_;
  std::vector<DraftedType> drafted_;
};

}  // namespace wisp::wasm
