#pragma once

#include <string>
#include <string_view>

#include "wasm/module.hpp"

namespace wisp::wasm {

/// Text of types as the text format writes them. A defined type is written as its index in `module` (the first one, as
/// several indices may name one type), or spelled out where `module` is null or does not have it.
std::string to_string(HeapType type, const Module* module = nullptr);
std::string to_string(ValType type, const Module* module = nullptr);
std::string to_string(const StorageType& type, const Module* module = nullptr);
std::string to_string(const FieldType& type, const Module* module = nullptr);
/// "(func (param i32 i64) (result f32))"
std::string to_string(const FuncType& type, const Module* module = nullptr);
/// The composite type, with its supertype and finality where they are not the default.
std::string to_string(const DefType& type, const Module* module = nullptr);
/// "[i32 i64]", as the specification's messages write operand lists.
std::string to_string(std::span<const ValType> types, const Module* module = nullptr);
std::string to_string(const Limits& limits);
std::string to_string(const TableType& type, const Module* module = nullptr);
std::string to_string(const MemoryType& type);
std::string to_string(const GlobalType& type, const Module* module = nullptr);
std::string to_string(const TagType& type, const Module* module = nullptr);
std::string to_string(const ExternType& type, const Module* module = nullptr);

/// "func", "table", "memory", "global" or "tag".
std::string_view to_string(ExternKind kind);

}  // namespace wisp::wasm
