#include "llvm/object_module.hpp"

#include <string>
#include <utility>

#include "llvm/limits.hpp"
#include "runtime/native.hpp"

namespace wisp::llvm_tier {

namespace {

std::string numbered(std::string_view prefix, FuncIndex function) {
  return std::string(prefix) + std::to_string(function.value);
}

}  // namespace

ObjectModule::ObjectModule(ir::LLVMContext& context, const CompileJob& job)
    : context_(context), module_("wisp", context), job_(job) {
  ir::MDBuilder md(context_);
  tbaa_root_ = md.createTBAARoot("wisp");
  unlikely_ = md.createBranchWeights(1, 1 << 20);
  likely_ = md.createBranchWeights(1 << 20, 1);
  // Locations of instructions travel as debug locations; no debug information is written.
  ir::DIBuilder di(module_);
  file_ = di.createFile("module", "");
  unit_ = di.createCompileUnit(ir::DISourceLanguageName(ir::dwarf::DW_LANG_C), file_, "wisp", true, "", 0, "",
                               ir::DICompileUnit::NoDebug);
  no_types_ = di.createSubroutineType(di.getOrCreateTypeArray({}));
  di.finalize();
  module_.addModuleFlag(ir::Module::Warning, "Debug Info Version", ir::DEBUG_METADATA_VERSION);
}

std::vector<FuncIndex> ObjectModule::likely_callees(TypeIndex type, u64 offset) {
  const wasm::DefType* const wanted = wasm().types[type.value];
  if (wanted->func.results.size() > 1) return {};
  std::vector<FuncIndex> seen;
  if (job_.call_sites != nullptr) seen = job_.call_sites->callees(offset);
  // Functions of other modules are known by indices of theirs.
  std::erase_if(seen, [&](FuncIndex function) {
    return function.value >= wasm().functions.size() || wasm().is_imported(function) ||
           wasm().functions[function.value] != wanted;
  });
  if (!seen.empty()) return seen.size() <= limits::likely_callees ? seen : std::vector<FuncIndex>();

  if (!std::exchange(has_table_functions_, true)) {
    std::vector<bool> added(wasm().functions.size());
    for (const wasm::ElemSegment& segment : wasm().elems) {
      if (segment.mode == wasm::SegmentMode::declarative) continue;
      for (const FuncIndex function : segment.functions) {
        if (wasm().is_imported(function) || added[function.value]) continue;
        added[function.value] = true;
        table_functions_[wasm().functions[function.value]].push_back(function);
      }
    }
  }
  const auto found = table_functions_.find(wanted);
  if (found == table_functions_.end() || found->second.size() > limits::likely_callees) return {};
  return found->second;
}

ir::Type* ObjectModule::type_of(wasm::ValType type) const {
  switch (type.kind()) {
    case wasm::ValType::Kind::i32:
      return i32();
    case wasm::ValType::Kind::f32:
      return ir::Type::getFloatTy(context_);
    case wasm::ValType::Kind::f64:
      return ir::Type::getDoubleTy(context_);
    case wasm::ValType::Kind::v128:
      return v128();
    case wasm::ValType::Kind::i64:
    case wasm::ValType::Kind::ref:
    case wasm::ValType::Kind::bottom:
      break;
  }
  return i64();
}

ir::FunctionType* ObjectModule::registers_type(const wasm::FuncType& type) const {
  ir::SmallVector<ir::Type*> params{pointer(), pointer(), pointer()};
  for (const wasm::ValType param : type.params) params.push_back(type_of(param));
  ir::Type* result = i32();
  if (type.results.size() == 1) result = ir::StructType::get(context_, {i32(), type_of(type.results[0])});
  return ir::FunctionType::get(result, params, false);
}

ir::FunctionType* ObjectModule::slots_type() const {
  return ir::FunctionType::get(i32(), {pointer(), pointer(), pointer(), i64(), pointer()}, false);
}

void ObjectModule::set_attributes(ir::Function& function) {
  function.setCallingConv(ir::CallingConv::PreserveNone);
  function.setDSOLocal(true);
  function.addFnAttr(ir::Attribute::NoUnwind);
  function.addFnAttr(ir::Attribute::NoRedZone);
  function.addFnAttr("frame-pointer", "all");
  function.addFnAttr("warn-stack-size", std::to_string(limits::native_frame_bytes));
  // Calls of memset and the like would fault where nobody expects it.
  function.addFnAttr("no-builtins");
}

ir::Function* ObjectModule::entry(Entry entry, FuncIndex function) {
  const bool is_declaration = function != job_.function || job_.osr_loop.has_value();
  const wasm::FuncType& type = wasm().functions[function.value]->func;
  constexpr std::string_view prefixes[] = {"regs_", "slots_", "osr_"};
  const std::string name = numbered(prefixes[u32(entry)], function);
  if (ir::Function* known = module_.getFunction(name)) return known;
  auto* made = ir::Function::Create(entry == Entry::registers ? registers_type(type) : slots_type(),
                                    ir::GlobalValue::ExternalLinkage, name, module_);
  set_attributes(*made);
  // Not simply external: LLVM would work out from its body what it returns, before the checks are in it.
  if (entry == Entry::registers && !is_declaration) made->setLinkage(ir::GlobalValue::WeakODRLinkage);
  // The context is there for as long as anything runs in it.
  ir::AttrBuilder vm(context_);
  vm.addDereferenceableAttr(sizeof(runtime::VmContext));
  made->addParamAttrs(1, vm);
  return made;
}

ir::Constant* ObjectModule::cell(FuncIndex function) {
  return module_.getOrInsertGlobal(numbered("cell_", function), i8());
}

ir::FunctionCallee ObjectModule::helper(std::string_view name, ir::Type* result,
                                        std::initializer_list<ir::Type*> params) {
  auto callee = module_.getOrInsertFunction(ir::StringRef(name.data(), name.size()),
                                            ir::FunctionType::get(result, ir::ArrayRef<ir::Type*>(params), false));
  auto* function = ir::cast<ir::Function>(callee.getCallee());
  function->addFnAttr(ir::Attribute::NoUnwind);
  return callee;
}

ir::FunctionCallee ObjectModule::libcall(runtime::LibcallId id) {
  // Only their names: the functions themselves are not in this library.
  static constexpr const char* names[] = {
#define WISP_LIBCALL(name, signature, immediates) "libcall_" #name,
#include "runtime/libcalls.def"
#undef WISP_LIBCALL
  };
  return helper(names[u32(id)], i32(), {pointer(), pointer(), i64(), i64()});
}

ir::DISubprogram* ObjectModule::scope_of(FuncIndex function, u64 offset) {
  ir::DIBuilder di(module_, false, unit_);
  // Whoever reads the locations takes the function's index from the line of its scope.
  return di.createFunction(unit_, "", "", file_, function.value, no_types_, unsigned(offset), ir::DINode::FlagZero,
                           ir::DISubprogram::SPFlagDefinition);
}

ir::Value* ObjectModule::at(ir::IRBuilder<>& b, ir::Value* base, u64 offset) {
  return offset == 0 ? base : b.CreateConstInBoundsGEP1_64(i8(), base, offset);
}

ir::MDNode* ObjectModule::tbaa(Touches what, u32 number) {
  constexpr const char* names[] = {"memory", "slot", "global", "runtime", "table", "object"};
  ir::MDBuilder md(context_);
  std::string name = names[u32(what)];
  if (number != 0) name += std::to_string(number);
  ir::MDNode* type = md.createTBAAScalarTypeNode(name, tbaa_root_);
  return md.createTBAAStructTagNode(type, type, 0);
}

/// What the runtime's own values of the type are aligned to.
static ir::Align natural_alignment(ir::Type* type) {
  return ir::Align(type->isVectorTy() || type->isPointerTy() ? 8 : type->getPrimitiveSizeInBits() / 8);
}

ir::LoadInst* ObjectModule::load(ir::IRBuilder<>& b, ir::Type* type, ir::Value* address, Touches what) {
  const ir::Align align = what == Touches::memory ? ir::Align(1)
                          : what == Touches::slot ? ir::Align(8)
                                                  : natural_alignment(type);
  return tag(b.CreateAlignedLoad(type, address, align), what);
}

ir::StoreInst* ObjectModule::store(ir::IRBuilder<>& b, ir::Value* value, ir::Value* address, Touches what) {
  const ir::Align align = what == Touches::memory ? ir::Align(1) : ir::Align(8);
  return tag(b.CreateAlignedStore(value, address, align), what);
}

ir::LoadInst* ObjectModule::fixed(ir::IRBuilder<>& b, ir::Type* type, ir::Value* base, u64 offset) {
  auto* load = b.CreateAlignedLoad(type, at(b, base, offset), natural_alignment(type));
  load->setMetadata(ir::LLVMContext::MD_invariant_load, ir::MDNode::get(context_, {}));
  return tag(load, Touches::runtime);
}

ir::LoadInst* ObjectModule::fixed_pointer(ir::IRBuilder<>& b, ir::Value* base, u64 offset, u64 bytes) {
  ir::LoadInst* load = fixed(b, pointer(), base, offset);
  load->setMetadata(ir::LLVMContext::MD_nonnull, ir::MDNode::get(context_, {}));
  if (bytes != 0) {
    auto* size = ir::ConstantAsMetadata::get(constant64(bytes));
    load->setMetadata(ir::LLVMContext::MD_dereferenceable, ir::MDNode::get(context_, size));
  }
  return load;
}

void ObjectModule::store_slot(ir::IRBuilder<>& b, ir::Value* value, ir::Value* address) {
  if (value->getType() == i32()) value = b.CreateZExt(value, i64());
  store(b, value, address, Touches::slot);
}

ir::Value* ObjectModule::load_slot(ir::IRBuilder<>& b, wasm::ValType type, ir::Value* address) {
  return load(b, type_of(type), address, Touches::slot);
}

void ObjectModule::store_slots(ir::IRBuilder<>& b, ir::ArrayRef<ir::Value*> values, ir::Value* frame) {
  u64 offset = 0;
  for (ir::Value* value : values) {
    store_slot(b, value, at(b, frame, offset));
    offset += value->getType()->isVectorTy() ? 16 : 8;
  }
}

ir::Function* ObjectModule::call_any() {
  if (ir::Function* known = module_.getFunction("call_any")) return known;
  auto* f = ir::Function::Create(slots_type(), ir::GlobalValue::InternalLinkage, "call_any", module_);
  set_attributes(*f);
  f->addFnAttr(ir::Attribute::NoInline);
  ir::Value* slots = f->getArg(0);
  ir::Value* vm = f->getArg(1);
  ir::Value* function = f->getArg(2);
  ir::IRBuilder<> b(ir::BasicBlock::Create(context_, "", f));
  auto* host = ir::BasicBlock::Create(context_, "host", f);
  auto* guest = ir::BasicBlock::Create(context_, "guest", f);
  constexpr u64 host_entry = offsetof(runtime::Function, host) + offsetof(abi::HostCode, entry);
  ir::Value* entry = fixed(b, i64(), function, host_entry);
  b.CreateCondBr(b.CreateICmpNE(entry, constant64(0)), host, guest);

  b.SetInsertPoint(host);
  ir::Value* execution = fixed_pointer(b, vm, offsetof(runtime::VmContext, execution), sizeof(runtime::Execution));
  store(b, f->getArg(3), at(b, execution, offsetof(runtime::Execution, stack_top)), Touches::runtime);
  const auto call_host = helper("call_host", i32(), {pointer(), pointer(), pointer()});
  b.CreateRet(b.CreateCall(call_host, {vm, function, slots}));

  b.SetInsertPoint(guest);
  ir::Value* callee_vm = fixed_pointer(b, function, offsetof(runtime::Function, context), sizeof(runtime::VmContext));
  ir::Value* cell = fixed_pointer(b, function, offsetof(runtime::Function, code), sizeof(runtime::NativeCell));
  ir::Value* code = load(b, i64(), at(b, cell, offsetof(runtime::NativeCell, entry)), Touches::runtime);
  ir::Value* view = fixed_pointer(b, callee_vm, offsetof(runtime::VmContext, memory0), sizeof(runtime::MemoryView));
  ir::Value* base = fixed(b, pointer(), view, offsetof(runtime::MemoryView, base));
  ir::Value* size = load(b, i64(), at(b, view, offsetof(runtime::MemoryView, size_bytes)), Touches::runtime);
  ir::CallInst* call =
      b.CreateCall(slots_type(), b.CreateIntToPtr(code, pointer()), {slots, callee_vm, base, size, cell});
  call->setCallingConv(ir::CallingConv::PreserveNone);
  call->setTailCallKind(ir::CallInst::TCK_MustTail);
  b.CreateRet(call);
  return f;
}

ir::Function* ObjectModule::call_by_slots(const wasm::FuncType& type, u32 slots) {
  ir::FunctionType* plain = registers_type(type);
  ir::SmallVector<ir::Type*> params(plain->params());
  params.push_back(pointer());
  auto* signature = ir::FunctionType::get(plain->getReturnType(), params, false);
  ir::Function*& f = calls_by_slots_[{signature, slots}];
  if (f != nullptr) return f;
  f = ir::Function::Create(signature, ir::GlobalValue::InternalLinkage, "call_by_slots", module_);
  set_attributes(*f);
  f->addFnAttr(ir::Attribute::NoInline);
  ir::IRBuilder<> b(ir::BasicBlock::Create(context_, "", f));
  ir::Value* frame = f->getArg(0);
  ir::SmallVector<ir::Value*> values;
  for (u32 i = 3; i + 1 < f->arg_size(); ++i) values.push_back(f->getArg(i));
  store_slots(b, values, frame);
  ir::Value* top = b.CreatePtrToInt(at(b, frame, u64(slots) * 8), i64());
  ir::CallInst* call = b.CreateCall(
      call_any(), {frame, f->getArg(1), f->getArg(f->arg_size() - 1), top, ir::PoisonValue::get(pointer())});
  call->setCallingConv(ir::CallingConv::PreserveNone);
  if (type.results.size() != 1) {
    b.CreateRet(call);
    return f;
  }
  ir::Value* both = b.CreateInsertValue(ir::PoisonValue::get(f->getReturnType()), call, 0);
  b.CreateRet(b.CreateInsertValue(both, load_slot(b, type.results[0], frame), 1));
  return f;
}

ir::Function* ObjectModule::import_by_slots(const wasm::FuncType& type, u32 slots) {
  ir::SmallVector<ir::Type*> params{pointer(), pointer()};
  for (const wasm::ValType param : type.params) params.push_back(type_of(param));
  ir::Type* result = i64();
  const bool has_result = !type.results.empty();
  if (has_result) result = ir::StructType::get(context_, {i64(), type_of(type.results[0])});
  auto* signature = ir::FunctionType::get(result, params, false);
  ir::Function*& f = imports_by_slots_[signature];
  if (f != nullptr) return f;
  f = ir::Function::Create(signature, ir::GlobalValue::InternalLinkage, "import_by_slots", module_);
  set_attributes(*f);
  f->setCallingConv(ir::CallingConv::C);
  f->addFnAttr(ir::Attribute::NoInline);
  ir::IRBuilder<> b(ir::BasicBlock::Create(context_, "", f));
  ir::Value* vm = f->getArg(1);
  ir::Value* execution = fixed_pointer(b, vm, offsetof(runtime::VmContext, execution), sizeof(runtime::Execution));
  ir::Value* frame = load(b, pointer(), at(b, execution, offsetof(runtime::Execution, stack_top)), Touches::runtime);
  ir::SmallVector<ir::Value*> values;
  for (u32 i = 2; i < f->arg_size(); ++i) values.push_back(f->getArg(i));
  store_slots(b, values, frame);
  ir::Value* top = b.CreatePtrToInt(at(b, frame, u64(slots) * 8), i64());
  ir::CallInst* call = b.CreateCall(call_any(), {frame, vm, f->getArg(0), top, ir::PoisonValue::get(pointer())});
  call->setCallingConv(ir::CallingConv::PreserveNone);
  ir::Value* status = b.CreateZExt(call, i64());
  ir::Value* how =
      b.CreateSelect(b.CreateIsNull(status), status, b.CreateAdd(status, constant64(u64(abi::HostResult::unwind))));
  if (!has_result) {
    b.CreateRet(how);
    return f;
  }
  ir::Value* both = b.CreateInsertValue(ir::PoisonValue::get(result), how, 0);
  b.CreateRet(b.CreateInsertValue(both, load_slot(b, type.results[0], frame), 1));
  return f;
}

void ObjectModule::add_adapter(FuncIndex function) {
  const wasm::FuncType& type = wasm().functions[function.value]->func;
  auto* f = ir::Function::Create(registers_type(type), ir::GlobalValue::ExternalLinkage, numbered("adapt_", function),
                                 module_);
  set_attributes(*f);
  fill_adapter(*f, function, nullptr);
}

void ObjectModule::fill_adapter(ir::Function& adapter, FuncIndex function, ir::Value* code) {
  const wasm::FuncType& type = wasm().functions[function.value]->func;
  ir::IRBuilder<> b(ir::BasicBlock::Create(context_, "", &adapter));
  ir::Value* frame = adapter.getArg(0);
  ir::Value* vm = adapter.getArg(1);
  const bool has_result = type.results.size() == 1;
  auto leave = [&](ir::Value* status, ir::Value* result) {
    if (!has_result) return b.CreateRet(status);
    ir::Value* both = b.CreateInsertValue(ir::PoisonValue::get(adapter.getReturnType()), status, 0);
    return b.CreateRet(result == nullptr ? both : b.CreateInsertValue(both, result, 1));
  };

  // The caller has looked after its own frame only.
  auto* overflow = ir::BasicBlock::Create(context_, "overflow", &adapter);
  auto* body = ir::BasicBlock::Create(context_, "body", &adapter);
  const u64 slots = std::max(runtime::slot_count(type.params), runtime::slot_count(type.results));
  ir::Value* execution = fixed_pointer(b, vm, offsetof(runtime::VmContext, execution), sizeof(runtime::Execution));
  ir::Value* limit = fixed(b, i64(), execution, offsetof(runtime::Execution, stack_limit));
  ir::Value* end = b.CreatePtrToInt(at(b, frame, slots * 8), i64());
  b.CreateCondBr(b.CreateICmpUGT(end, limit), overflow, body, unlikely_);
  b.SetInsertPoint(overflow);
  const auto trap = helper("trap", ir::Type::getVoidTy(context_), {pointer(), i32()});
  b.CreateCall(trap, {vm, constant32(u32(runtime::TrapReason::stack_overflow))});
  leave(constant32(u32(runtime::Status::unwind)), nullptr);

  b.SetInsertPoint(body);
  ir::SmallVector<ir::Value*> params;
  for (u32 i = 3; i < adapter.arg_size(); ++i) params.push_back(adapter.getArg(i));
  store_slots(b, params, frame);
  ir::Value* view = fixed_pointer(b, vm, offsetof(runtime::VmContext, memory0), sizeof(runtime::MemoryView));
  ir::Value* size = load(b, i64(), at(b, view, offsetof(runtime::MemoryView, size_bytes)), Touches::runtime);
  if (code == nullptr) {
    code = load(b, pointer(), at(b, cell(function), offsetof(runtime::NativeCell, entry)), Touches::runtime);
  }
  ir::CallInst* call = b.CreateCall(slots_type(), code, {frame, vm, adapter.getArg(2), size, cell(function)});
  call->setCallingConv(ir::CallingConv::PreserveNone);
  leave(call, has_result ? load_slot(b, type.results[0], frame) : nullptr);
}

}  // namespace wisp::llvm_tier
