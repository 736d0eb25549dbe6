#include "api/optimizing_tier.hpp"

#include <charconv>
#include <map>
#include <mutex>

#include "baseline/object_loader.hpp"
#include "runtime/calls.hpp"
#include "runtime/instance.hpp"
#include "runtime/libcalls.hpp"
#include "runtime/native.hpp"
#include "runtime/optimizer.hpp"
#include "sys/executable_pages.hpp"
#include "sys/library.hpp"
#include "sys/signals.hpp"

namespace wisp {

namespace {

using runtime::CodeOrigin;
using runtime::Execution;
using runtime::NativeCell;
using runtime::NativeEntry;
using runtime::Status;
using runtime::TrapReason;
using runtime::VmContext;

constexpr usize code_bytes = usize{64} << 20;
constexpr usize stub_bytes = 32;
constexpr u32 backtrace_frames = 64;

NativeEntry entry_at(const u8* address) {
  return reinterpret_cast<NativeEntry>(reinterpret_cast<u64>(address));
}

extern "C" [[gnu::used]] const void* wisp_compile_on_demand(VmContext* vm, u32 function);

/// Where functions that have no code yet go, with their index in r10.
[[gnu::naked]] void first_call() {
  asm("subq $8, %rsp\n"
      "movq %r13, %rdi\n"
      "movl %r10d, %esi\n"
      "callq wisp_compile_on_demand\n"
      "addq $8, %rsp\n"
      "jmpq *%rax\n");
}

class OptimizedModule final : public runtime::ModuleCode {
 public:
  OptimizedModule(std::shared_ptr<const wasm::Module> module, runtime::OptimizingCompiler& compiler,
                  runtime::MemoryMode mode)
      : module_(std::move(module)), layouts_(*module_), compiler_(compiler) {
    cells_ = std::make_unique<NativeCell[]>(module_->bodies.size());
    compiled_.resize(module_->bodies.size());
    pages_ = std::move(sys::ExecutablePages::create(code_bytes).value());
    is_guarded_ = !module_->memories.empty() && runtime::layout_of(module_->memories[0], mode).is_guarded;
    for (u32 i = 0; i < module_->bodies.size(); ++i) {
      u8* at = pages_.writable() + used_;
      // mov r10d, index; mov r11, address; jmp r11
      store_le<u16>(at, 0xba41);
      store_le<u32>(at + 2, module_->imported_functions + i);
      store_le<u16>(at + 6, 0xbb49);
      store_le<u64>(at + 8, reinterpret_cast<u64>(&first_call));
      store_le<u32>(at + 16, 0xe3ff41);
      cells_[i].entry = entry_at(pages_.executable() + used_);
      used_ += stub_bytes;
    }
    // Of a program everything is compiled at once, so that what it measures is its code.
    if (module_->find_export("_start") == nullptr) return;
    for (u32 i = 0; i < module_->bodies.size(); ++i) compile(FuncIndex(module_->imported_functions + i));
  }

  const void* entry(FuncIndex function) override { return &cell(function); }
  NativeCell& cell(FuncIndex function) { return cells_[function.value - module_->imported_functions]; }

  NativeEntry compile(FuncIndex function) {
    const std::lock_guard lock(mutex_);
    if (!compiled_[function.value - module_->imported_functions]) {
      compiled_[function.value - module_->imported_functions] = true;
      const auto code =
          compiler_.compile({.module = *module_, .layouts = layouts_, .function = function, .is_guarded = is_guarded_});
      if (code.ok()) {
        load(function, *code);
      } else {
        cell(function).entry = refused;
      }
    }
    return cell(function).entry;
  }

  void note(VmContext* vm, const void* address, bool inlined) {
    std::vector<runtime::CodeLocation>* backtrace = vm->execution->backtrace;
    if (backtrace == nullptr) return;
    const std::lock_guard lock(mutex_);
    const u64 offset = u64(static_cast<const u8*>(address) - pages_.executable());
    auto after = objects_.upper_bound(offset);
    if (after == objects_.begin()) return;
    const Object& object = std::prev(after)->second;
    u32 number = object.locations.find(offset - std::prev(after)->first);
    while (number != CodeOrigin::none) {
      const CodeOrigin& origin = object.locations.origins[number];
      if (backtrace->size() == backtrace_frames) backtrace->erase(backtrace->begin() + backtrace_frames / 2);
      backtrace->push_back({.instance = vm->instance, .function = origin.function, .offset = origin.offset});
      number = inlined ? origin.inlined_into : CodeOrigin::none;
    }
  }

 private:
  struct Object {
    runtime::LocationTable locations;
  };

  [[clang::preserve_none]] static Status refused(u64*, VmContext* vm, u8*, u64) {
    vm->execution->trap = TrapReason::stack_overflow;
    return Status::unwind;
  }

  void load(FuncIndex function, const runtime::ObjectCode& code);
  std::optional<baseline::SymbolAddress> resolve(std::string_view name);

  std::shared_ptr<const wasm::Module> module_;
  runtime::StructLayouts layouts_;
  runtime::OptimizingCompiler& compiler_;
  std::unique_ptr<NativeCell[]> cells_;
  sys::ExecutablePages pages_;
  usize used_ = 0;
  bool is_guarded_ = false;
  std::recursive_mutex mutex_;
  std::vector<bool> compiled_;
  std::map<u64, Object> objects_;  // by offset of their code
};

OptimizedModule& code_of(const VmContext* vm) {
  return *static_cast<OptimizedModule*>(vm->code);
}

extern "C" const void* wisp_compile_on_demand(VmContext* vm, u32 function) {
  return reinterpret_cast<const void*>(code_of(vm).compile(FuncIndex(function)));
}

void note_frame(VmContext* vm) {
  code_of(vm).note(vm, static_cast<const u8*>(__builtin_return_address(0)) - 1, false);
}
void trap(VmContext* vm, u32 reason) {
  vm->execution->trap = TrapReason(reason);
  code_of(vm).note(vm, static_cast<const u8*>(__builtin_return_address(0)) - 1, false);
}
void interrupted(VmContext* vm) {
  const TrapReason reason = runtime::interruption(*vm->execution);
  vm->execution->trap = reason == TrapReason::none ? TrapReason::interrupted : reason;
  code_of(vm).note(vm, static_cast<const u8*>(__builtin_return_address(0)) - 1, true);
}
void caught(VmContext* vm) {
  vm->execution->exception = runtime::null_ref;
  if (vm->execution->backtrace != nullptr) vm->execution->backtrace->clear();
}
bool is_subtype(const wasm::DefType* sub, const wasm::DefType* super) {
  return sub->is_subtype_of(super);
}
Status call_host(VmContext& vm, runtime::Function& function, u64* slots) {
  const sys::HostScope scope;
  return runtime::call_host(vm, function, slots);
}

std::optional<baseline::SymbolAddress> OptimizedModule::resolve(std::string_view name) {
  const auto address = [](auto* function) { return baseline::SymbolAddress{reinterpret_cast<u64>(function)}; };
  for (const auto& [prefix, indirect] : {std::pair("regs_", true), std::pair("cell_", false)}) {
    if (!name.starts_with(prefix)) continue;
    u32 index = 0;
    std::from_chars(name.data() + 5, name.data() + name.size(), index);
    NativeCell& target = cell(FuncIndex(index));
    if (indirect) return baseline::SymbolAddress{reinterpret_cast<u64>(&target.registers), true};
    return address(&target);
  }
  if (name.starts_with("libcall_")) {
    for (const runtime::LibcallInfo& info : runtime::libcall_table) {
      if (info.name == name.substr(8)) return address(info.function);
    }
  }
  if (name == "call_host") return address(&call_host);
  if (name == "is_subtype") return address(&is_subtype);
  if (name == "trap") return address(&trap);
  if (name == "note_frame") return address(&note_frame);
  if (name == "interrupted") return address(&interrupted);
  if (name == "caught") return address(&caught);
  return std::nullopt;
}

void OptimizedModule::load(FuncIndex function, const runtime::ObjectCode& code) {
  auto loader = baseline::ObjectLoader::read(code.object);
  if (!loader.ok()) fputs(loader.error().message.c_str(), stderr);
  WISP_CHECK(loader.ok());
  used_ = (used_ + 63) & ~usize{63};
  WISP_CHECK(used_ + loader->size_bytes() <= code_bytes);
  const u8* const at = pages_.executable() + used_;
  const auto linked = loader->link({pages_.writable() + used_, loader->size_bytes()}, reinterpret_cast<u64>(at),
                                   [this](std::string_view name) { return resolve(name); });
  if (!linked.ok()) {
    fputs(linked.error().message.c_str(), stderr);
    WISP_CHECK(false);
  }
  for (const auto& symbol : loader->undefined()) {
    if (!symbol.name.starts_with("regs_")) continue;
    u32 index = 0;
    std::from_chars(symbol.name.data() + 5, symbol.name.data() + symbol.name.size(), index);
    const auto adapter = loader->find("adapt_" + std::to_string(index));
    WISP_CHECK(adapter.has_value());
    if (cell(FuncIndex(index)).registers == nullptr) cell(FuncIndex(index)).registers = at + *adapter;
  }
  objects_.emplace(used_ + loader->code_offset(), Object{code.locations});
  cell(function).registers = at + *loader->find("regs_" + std::to_string(function.value));
  cell(function).entry = entry_at(at + *loader->find("slots_" + std::to_string(function.value)));
  used_ += loader->size_bytes();
}

class OptimizingTier final : public runtime::Tier {
 public:
  OptimizingTier(std::unique_ptr<runtime::OptimizingCompiler> compiler, runtime::MemoryMode mode)
      : compiler_(std::move(compiler)), mode_(mode) {}

  bool catches_faults() const override { return true; }

  std::unique_ptr<runtime::ModuleCode> load(std::shared_ptr<const wasm::Module> module) override {
    return std::make_unique<OptimizedModule>(std::move(module), *compiler_, mode_);
  }

  Status call(Execution& execution, runtime::Function& function, u64* slots,
              std::vector<runtime::CodeLocation>& backtrace) override {
    u64* const stack_top = execution.stack_top;
    std::vector<runtime::CodeLocation>* const outer = std::exchange(execution.backtrace, &backtrace);
    Call call{&function, slots, Status::returned};
    const sys::GuardedResult result = sys::run_guarded(run, &call);
    if (result.faulted) {
      execution.trap = TrapReason::memory_out_of_bounds;
      code_of(function.context).note(function.context, result.program_counter, true);
      call.status = Status::unwind;
    }
    execution.backtrace = outer;
    execution.stack_top = stack_top;
    return call.status;
  }

 private:
  struct Call {
    runtime::Function* function;
    u64* slots;
    Status status;
  };
  static void run(void* argument) {
    Call& call = *static_cast<Call*>(argument);
    VmContext* const vm = call.function->context;
    const auto* const cell = static_cast<const NativeCell*>(call.function->code.load());
    call.status = cell->entry.load()(call.slots, vm, vm->memory0->base, vm->memory0->size_bytes.load());
  }

  std::unique_ptr<runtime::OptimizingCompiler> compiler_;
  runtime::MemoryMode mode_;
};

}  // namespace

std::unique_ptr<runtime::Tier> make_optimizing_tier(runtime::MemoryMode mode) {
  const auto make = reinterpret_cast<runtime::MakeOptimizingCompiler>(
      sys::library_symbol(runtime::optimizing_compiler_library, runtime::make_optimizing_compiler_symbol));
  std::unique_ptr<runtime::OptimizingCompiler> compiler(make == nullptr ? nullptr : make());
  if (compiler == nullptr || !sys::install_fault_handler().ok()) return nullptr;
  return std::make_unique<OptimizingTier>(std::move(compiler), mode);
}

}  // namespace wisp
