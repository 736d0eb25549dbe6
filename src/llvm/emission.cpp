#include "llvm/emission.hpp"

#include <map>

#include "base/check.hpp"
#include "llvm/dispatch.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/CodeGen/AsmPrinter.h>
#include <llvm/CodeGen/AsmPrinterHandler.h>
#include <llvm/CodeGen/CodeGenTargetMachineImpl.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCSectionELF.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ELFObjectFile.h>
#pragma clang diagnostic pop

namespace wisp::llvm_tier {

namespace {

constexpr const char* rows_section = ".wisp.rows";

/// Sees every instruction as it is written and notes where its location begins. What it notes goes through the object,
/// in a section of its own, since only the assembler knows the offsets in the end.
class LocationRecorder final : public ir::AsmPrinterHandler {
 public:
  LocationRecorder(ir::AsmPrinter& printer, std::vector<runtime::CodeOrigin>& origins)
      : printer_(printer), origins_(origins) {}

  void beginFunction(const ir::MachineFunction*) override {
    last_ = nullptr;
    if (begin_ == nullptr) begin_ = label();
    add_row(runtime::CodeOrigin::none);
  }
  void endFunction(const ir::MachineFunction*) override {}

  void beginInstruction(const ir::MachineInstr* instruction) override {
    if (instruction->isMetaInstruction()) return;
    const ir::DILocation* location = access_location(*instruction);
    if (location == nullptr) location = instruction->getDebugLoc().get();
    // Without a location it belongs to what stands before it.
    if (location == nullptr || location->getLine() == 0 || location == last_) return;
    last_ = location;
    add_row(origin_of(location));
  }

  void endModule() override {
    ir::MCStreamer& streamer = *printer_.OutStreamer;
    streamer.switchSection(printer_.OutContext.getELFSection(rows_section, ir::ELF::SHT_PROGBITS, 0));
    for (const auto& [at, origin] : rows_) {
      streamer.emitAbsoluteSymbolDiff(at, begin_, 4);
      streamer.emitIntValue(origin, 4);
    }
  }

 private:
  ir::MCSymbol* label() {
    ir::MCSymbol* symbol = printer_.OutContext.createTempSymbol();
    printer_.OutStreamer->emitLabel(symbol);
    return symbol;
  }

  /// Of the access that `locate_accesses` marked, even where it has become part of another instruction; null if there
  /// is none. What an instruction loads comes before what it stores.
  static const ir::DILocation* access_location(const ir::MachineInstr& instruction) {
    const ir::DILocation* found = nullptr;
    for (const ir::MachineMemOperand* operand : instruction.memoperands()) {
      const auto* location = ir::dyn_cast_or_null<ir::DILocation>(operand->getAAInfo().NoAlias);
      if (location != nullptr && (found == nullptr || operand->isLoad())) found = location;
    }
    return found;
  }

  void add_row(u32 origin) { rows_.emplace_back(label(), origin); }

  u32 origin_of(const ir::DILocation* location) {
    // From the outermost call to the instruction.
    std::vector<const ir::DILocation*> chain;
    for (; location != nullptr && !numbers_.contains(location); location = location->getInlinedAt()) {
      chain.push_back(location);
    }
    u32 outer = location == nullptr ? runtime::CodeOrigin::none : numbers_[location];
    for (; !chain.empty(); chain.pop_back()) {
      const ir::DISubprogram* scope = chain.back()->getScope()->getSubprogram();
      origins_.push_back({FuncIndex(scope->getLine()), chain.back()->getLine(), outer});
      outer = u32(origins_.size()) - 1;
      numbers_.emplace(chain.back(), outer);
    }
    return outer;
  }

  ir::AsmPrinter& printer_;
  std::vector<runtime::CodeOrigin>& origins_;
  std::map<const ir::DILocation*, u32> numbers_;
  std::vector<std::pair<ir::MCSymbol*, u32>> rows_;
  const ir::DILocation* last_ = nullptr;
  ir::MCSymbol* begin_ = nullptr;
};

void read_rows(const std::vector<u8>& object, runtime::LocationTable& table) {
  const ir::StringRef bytes(reinterpret_cast<const char*>(object.data()), object.size());
  auto file = ir::object::ObjectFile::createELFObjectFile(ir::MemoryBufferRef(bytes, ""));
  WISP_CHECK(bool(file));
  for (const ir::object::SectionRef& section : (*file)->sections()) {
    auto name = section.getName();
    if (!name || *name != rows_section) continue;
    auto contents = section.getContents();
    WISP_CHECK(bool(contents));
    for (usize at = 0; at + 8 <= contents->size(); at += 8) {
      const u32 offset = load_le<u32>(contents->data() + at);
      const u32 origin = load_le<u32>(contents->data() + at + 4);
      if (!table.rows.empty() && table.rows.back().code_offset == offset) table.rows.pop_back();
      table.rows.push_back({offset, origin});
    }
  }
}

}  // namespace

/// Machine code keeps the order of what the IR has: a store must not come before a load that may trap. What is left of
/// the metadata about aliases says where an access comes from, since it stays with the access when instructions are
/// selected: a comparison that a load becomes part of has the comparison's location. Nobody else reads it: a list of
/// scopes that an access does not alias is compared with scopes, and there are none.
static void locate_accesses(ir::Module& module) {
  for (ir::Function& function : module) {
    for (ir::BasicBlock& block : function) {
      for (ir::Instruction& instruction : block) {
        instruction.setMetadata(ir::LLVMContext::MD_alias_scope, nullptr);
        instruction.setMetadata(ir::LLVMContext::MD_tbaa, nullptr);
        const bool is_access = ir::isa<ir::LoadInst, ir::StoreInst>(instruction);
        instruction.setMetadata(ir::LLVMContext::MD_noalias, is_access ? instruction.getDebugLoc().get() : nullptr);
      }
    }
  }
}

Result<runtime::ObjectCode> emit_object(ObjectModule& out, ir::TargetMachine& target) {
  locate_accesses(out.module());
  runtime::ObjectCode code;
  ir::SmallVector<char, 0> bytes;
  ir::raw_svector_ostream stream(bytes);
  auto& machine = static_cast<ir::CodeGenTargetMachineImpl&>(target);
  {
    ir::legacy::PassManager passes;
    auto* info = new ir::MachineModuleInfoWrapperPass(&machine);
    ir::TargetPassConfig* config = machine.createPassConfig(passes);
    config->setDisableVerify(true);
    // A fault leaves by the frame pointer, so the frame is there before the first access: it is not made later, and no
    // access is scheduled before it, which is done for some processors.
    config->disablePass(&ir::ShrinkWrapID);
    config->disablePass(&ir::PostRASchedulerID);
    // There are no variables to follow.
    config->disablePass(&ir::LiveDebugValuesID);
    passes.add(config);
    passes.add(info);
    bool failed = config->addISelPasses();
    config->addMachinePasses();
    config->setInitialized();
    passes.add(make_dispatch_pass());
    auto streamer =
        machine.createMCStreamer(stream, nullptr, ir::CodeGenFileType::ObjectFile, info->getMMI().getContext());
    failed = failed || !streamer;
    WISP_CHECK(!failed);
    ir::AsmPrinter* printer = machine.getTarget().createAsmPrinter(machine, std::move(*streamer));
    WISP_CHECK(printer != nullptr);
    printer->addAsmPrinterHandler(std::make_unique<LocationRecorder>(*printer, code.locations.origins));
    passes.add(printer);
    passes.add(ir::createFreeMachineFunctionPass());
    passes.run(out.module());
  }
  code.object.assign(bytes.begin(), bytes.end());
  read_rows(code.object, code.locations);
  code.bodies = out.bodies();
  return code;
}

}  // namespace wisp::llvm_tier
