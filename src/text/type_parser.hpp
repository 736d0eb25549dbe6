#pragma once

#include <optional>

#include "text/assembly.hpp"

/// Types in the text format. https://webassembly.github.io/spec/core/text/types.html
namespace wisp::text {

/// A heap type as the binary format's s33: a type index, or a negative number for an abstract one.
struct RefType {
  bool nullable = true;
  i64 heap = 0;
};

bool at_value_type(const Cursor& in);
i64 heap_type(Assembly& a);
bool at_ref_type(const Cursor& in);
RefType ref_type(Assembly& a);
void write(ByteBuffer& out, const RefType& type);
void value_type(Assembly& a, ByteBuffer& out);
/// `(mut t)` or `t`.
void global_type(Assembly& a, ByteBuffer& out);

/// The limits of a memory or a table, and what stands around them.
struct LimitsText {
  bool is_64 = false;
  bool has_max = false;
  bool shared = false;
  u64 min = 0;
  u64 max = 0;
  std::optional<u32> page_size_log2 = {};
};

/// `i32` or `i64`, if there is one.
bool take_address_type(Assembly& a);
/// Minimum and, if it is there, maximum.
void limits(Assembly& a, LimitsText& out);
/// `(pagesize n)`, if it is there.
void page_size(Assembly& a, LimitsText& out);
void write(ByteBuffer& out, const LimitsText& limits);

/// What stands in place of a function type: an index, or parameters and results, or both.
struct TypeUse {
  u32 offset = 0;
  std::optional<u32> index;
  bool is_inline = false;
  ByteBuffer params;  // without their count
  ByteBuffer results;
  u32 param_count = 0;
  u32 result_count = 0;
};

/// What identifiers of parameters are: an error, without meaning, or names of the locals in `Assembly::locals`.
enum class ParamIds : u8 { refused, ignored, bound };

TypeUse type_use(Assembly& a, ParamIds ids);
/// The type's index; a function type that no type definition gives yet is added behind the others.
u32 resolve(Assembly& a, const TypeUse& use);
/// Parameters of the function type of that index; 0 if there is none.
u32 param_count(const Assembly& a, u32 type_index);

/// The `(type …)` or `(rec …)` field at the cursor.
void type_field(Assembly& a);

}  // namespace wisp::text
