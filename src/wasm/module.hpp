#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "wasm/features.hpp"
#include "wasm/type_registry.hpp"
#include "wasm/types.hpp"

namespace wisp::wasm {

/// The kinds of import and export, by their binary code.
enum class ExternKind : u8 { func = 0, table = 1, memory = 2, global = 3, tag = 4 };

struct FuncImport {
  const DefType* type = nullptr;
};
using ExternType = std::variant<FuncImport, TableType, MemoryType, GlobalType, TagType>;

struct Import {
  std::string_view module;
  std::string_view name;
  ExternType type;
  ExternKind kind() const { return ExternKind(type.index()); }
};

struct Export {
  std::string_view name;
  ExternKind kind = ExternKind::func;
  u32 index = 0;
};

/// A constant expression: its bytes in the module, the final `end` included; it is valid.
struct ConstExpr {
  Bytes code;
};

struct Global {
  GlobalType type;
  ConstExpr init;
};

struct Table {
  TableType type;
  std::optional<ConstExpr> init;  // null references where absent
};

/// How a segment is used. https://webassembly.github.io/spec/core/syntax/modules.html#element-segments
enum class SegmentMode : u8 { passive, active, declarative };

struct ElemSegment {
  SegmentMode mode = SegmentMode::passive;
  ValType type = ValType::funcref();
  TableIndex table;                    // of an active segment
  ConstExpr offset;                    // of an active segment
  std::vector<FuncIndex> functions;    // either these ...
  std::vector<ConstExpr> expressions;  // ... or these
  u64 size() const { return functions.empty() ? expressions.size() : functions.size(); }
};

struct DataSegment {
  SegmentMode mode = SegmentMode::passive;
  MemoryIndex memory;  // of an active segment
  ConstExpr offset;    // of an active segment
  Bytes bytes;
};

/// A function with a body in this module.
struct Body {
  Bytes code;      // locals declarations and instructions, the final `end` included
  u64 offset = 0;  // of `code` in the module's bytes
};

/// Its contents are had from `Module::contents`.
struct CustomSection {
  std::string_view name;
  u64 offset = 0;  // of the contents in the module's bytes
  u64 size_bytes = 0;
};

/// Bytes of a module that are zero until they are asked for. Thread-safe.
class UnreadBytes {
 public:
  virtual ~UnreadBytes() = default;
  /// Reads those within a part of the module that have not been read. What cannot be read stays zero.
  virtual void read(u64 offset, u64 size_bytes) = 0;
};

/// The bytes of a module and what keeps them. They must not change, but for contents of custom sections that `unread`
/// reads.
struct ModuleBytes {
  ModuleBytes(Bytes view, std::shared_ptr<const void> keeper, std::shared_ptr<UnreadBytes> rest = nullptr)
      : bytes(view), owner(std::move(keeper)), unread(std::move(rest)) {}
  ModuleBytes(std::vector<u8> from) {
    auto kept = std::make_shared<const std::vector<u8>>(std::move(from));
    bytes = *kept;
    owner = std::move(kept);
  }

  Bytes bytes;
  std::shared_ptr<const void> owner;
  std::shared_ptr<UnreadBytes> unread;  // null if there are none
};

/// A decoded module: immutable, shared by its instances. Everything refers into `bytes`. Index spaces hold the imports
/// first.
struct Module {
  Bytes bytes;
  std::shared_ptr<const void> bytes_owner;
  std::shared_ptr<UnreadBytes> unread;  // in custom sections; null if there is nothing
  Features features;
  std::shared_ptr<TypeRegistry> registry;
  std::vector<RecGroupRef> groups;  // keep the types alive

  std::vector<const DefType*> types;  // by TypeIndex
  std::vector<Import> imports;
  std::vector<const DefType*> functions;  // by FuncIndex
  std::vector<Table> tables;              // by TableIndex
  std::vector<MemoryType> memories;       // by MemoryIndex
  std::vector<Global> globals;            // by GlobalIndex
  std::vector<TagType> tags;              // by TagIndex
  u32 imported_functions = 0;
  u32 imported_tables = 0;
  u32 imported_memories = 0;
  u32 imported_globals = 0;
  u32 imported_tags = 0;

  std::vector<Export> exports;
  std::vector<u32> exports_by_name;  // their indices, sorted by name
  std::optional<FuncIndex> start;
  std::vector<ElemSegment> elems;
  std::vector<DataSegment> datas;
  std::optional<u32> data_count;
  std::vector<Body> bodies;  // by FuncIndex minus imported_functions
  std::vector<CustomSection> custom_sections;
  /// Functions that `ref.func` may name: those that occur outside bodies.
  std::vector<bool> declared_functions;
  /// Section of the code, for messages and statistics.
  u64 code_section_offset = 0;
  u64 code_section_size_bytes = 0;

  const Body& body(FuncIndex function) const { return bodies[function.value - imported_functions]; }
  bool is_imported(FuncIndex function) const { return function.value < imported_functions; }
  const Export* find_export(std::string_view name) const;
  Bytes contents(const CustomSection& section) const;
};

}  // namespace wisp::wasm
