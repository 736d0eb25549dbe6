#pragma once

#include <map>
#include <string_view>

#include "llvm/llvm_headers.hpp"
#include "runtime/libcalls.hpp"
#include "runtime/optimizer.hpp"

/// The optimizing compiler: a sink of the validator that writes LLVM IR, and what makes an object of it.
namespace wisp::llvm_tier {

namespace ir = ::llvm;
using runtime::CompileJob;

/// What an access touches. Accesses to different things never overlap, and LLVM is told so.
enum class Touches : u8 { memory, slot, global, runtime, table, object };

/// How a function can be entered.
enum class Entry : u8 {
  registers,  // regs_N: (frame, vm, memory, parameters...) -> {status, result} or status
  slots,      // slots_N: NativeEntry
  osr,        // osr_N: NativeEntry
};

/// The LLVM module of one object: types, declarations and accesses to the runtime's structures that all its functions
/// share.
class ObjectModule {
 public:
  ObjectModule(ir::LLVMContext& context, const CompileJob& job);

  ir::LLVMContext& context() { return context_; }
  ir::Module& module() { return module_; }
  const runtime::CompileJob& job() const { return job_; }
  const wasm::Module& wasm() const { return job_.module; }

  /// Functions whose bodies are part of it.
  const std::vector<FuncIndex>& bodies() const { return bodies_; }
  void note_body(FuncIndex function) { bodies_.push_back(function); }

  /// What a call through a table, at that byte offset of the module, likely means: where it has led so far, or else the
  /// functions of exactly that type that element segments name; if they are few and there is one result at most.
  std::vector<FuncIndex> likely_callees(TypeIndex type, u64 offset);

  // Types.
  ir::Type* type_of(wasm::ValType type) const;
  ir::Type* i8() const { return ir::Type::getInt8Ty(context_); }
  ir::IntegerType* i32() const { return ir::Type::getInt32Ty(context_); }
  ir::IntegerType* i64() const { return ir::Type::getInt64Ty(context_); }
  ir::PointerType* pointer() const { return ir::PointerType::getUnqual(context_); }
  ir::FixedVectorType* v128() const { return ir::FixedVectorType::get(i64(), 2); }
  ir::FunctionType* registers_type(const wasm::FuncType& type) const;
  ir::FunctionType* slots_type() const;
  ir::ConstantInt* constant32(u32 value) const { return ir::ConstantInt::get(i32(), value); }
  ir::ConstantInt* constant64(u64 value) const { return ir::ConstantInt::get(i64(), value); }

  // Functions and symbols.
  ir::Function* entry(Entry entry, FuncIndex function);
  ir::Constant* cell(FuncIndex function);
  ir::FunctionCallee helper(std::string_view name, ir::Type* result, std::initializer_list<ir::Type*> params);
  ir::FunctionCallee libcall(runtime::LibcallId id);
  /// Calls a Function of any kind, arguments in slots: NativeEntry whose third parameter is the Function and whose last
  /// is the address up to which the collector looks.
  ir::Function* call_any();
  /// Writes adapt_M, by way of M's cell.
  void add_adapter(FuncIndex function);
  /// Writes a function that is entered with parameters in registers and calls `code`, a NativeEntry, with the same in
  /// slots.
  void fill_adapter(ir::Function& adapter, FuncIndex function, ir::Value* code);
  /// As regs_N of functions of a type, with the Function as one more parameter: by way of slots. `slots`: the larger
  /// side of the type.
  ir::Function* call_by_slots(const wasm::FuncType& type, u32 slots);
  /// As an abi::DirectEntry of a type, but with the Function as the context: calls it by way of slots, which begin at
  /// Execution::stack_top. What it returns is for runtime::import_left.
  ir::Function* import_by_slots(const wasm::FuncType& type, u32 slots);
  void set_attributes(ir::Function& function);
  /// The scope of a function's locations; `offset` is where its body begins.
  ir::DISubprogram* scope_of(FuncIndex function, u64 offset);

  // Accesses. Offsets are in bytes.
  ir::Value* at(ir::IRBuilder<>& b, ir::Value* base, u64 offset);
  template <class Instruction>
  Instruction* tag(Instruction* access, Touches what, u32 number = 0) {
    access->setMetadata(ir::LLVMContext::MD_tbaa, tbaa(what, number));
    return access;
  }
  ir::LoadInst* load(ir::IRBuilder<>& b, ir::Type* type, ir::Value* address, Touches what);
  ir::StoreInst* store(ir::IRBuilder<>& b, ir::Value* value, ir::Value* address, Touches what);
  /// A pointer that never changes, to at least `bytes` bytes.
  ir::LoadInst* fixed_pointer(ir::IRBuilder<>& b, ir::Value* base, u64 offset, u64 bytes);
  ir::LoadInst* fixed(ir::IRBuilder<>& b, ir::Type* type, ir::Value* base, u64 offset);
  ir::MDNode* tbaa(Touches what, u32 number = 0);
  ir::MDNode* unlikely() { return unlikely_; }
  ir::MDNode* likely() { return likely_; }

  /// Slots as the interpreter fills them.
  void store_slot(ir::IRBuilder<>& b, ir::Value* value, ir::Value* address);
  ir::Value* load_slot(ir::IRBuilder<>& b, wasm::ValType type, ir::Value* address);
  /// All values in consecutive slots from `frame` on.
  void store_slots(ir::IRBuilder<>& b, ir::ArrayRef<ir::Value*> values, ir::Value* frame);

 private:
  ir::LLVMContext& context_;
  ir::Module module_;
  const runtime::CompileJob& job_;
  std::vector<FuncIndex> bodies_;
  ir::MDNode* tbaa_root_;
  ir::MDNode* unlikely_;
  ir::MDNode* likely_;
  ir::DICompileUnit* unit_;
  ir::DIFile* file_;
  ir::DISubroutineType* no_types_;
  std::map<const wasm::DefType*, std::vector<FuncIndex>> table_functions_;  // of element segments, by type
  bool has_table_functions_ = false;
  std::map<std::pair<ir::FunctionType*, u32>, ir::Function*> calls_by_slots_;
  std::map<ir::FunctionType*, ir::Function*> imports_by_slots_;
};

}  // namespace wisp::llvm_tier
