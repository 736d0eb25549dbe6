#include "llvm/bounded_loops.hpp"
#include "llvm/checks.hpp"
#include "llvm/emission.hpp"
#include "llvm/identity.hpp"
#include "llvm/limits.hpp"
#include "llvm/loops.hpp"
#include "llvm/object_builder.hpp"
#include "sys/time.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SCCP.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#pragma clang diagnostic pop

namespace wisp::llvm_tier {

namespace {

Error refused(std::string message) {
  return {ErrorCode::limit, 0, "optimizing compiler: " + std::move(message), {}};
}

/// Sets what LLVM only lets its command line say; what it does not know is left out. `T` is the type that LLVM declares
/// the option with, which nothing checks.
template <class T>
void set_option(const char* name, std::type_identity_t<T> value) {
  auto& options = ir::cl::getRegisteredOptions();
  const auto option = options.find(name);
  if (option != options.end()) static_cast<ir::cl::opt<T>*>(option->second)->setValue(value);
}

/// A store that a loop repeats would be put behind the loop, where a trap in it does not come. And of the selects that
/// a module was given, branches would be made.
void hold_stores_and_selects() {
  set_option<bool>("disable-licm-promotion", true);
  set_option<bool>("x86-cmov-converter", false);
  set_option<bool>("disable-cgp-select2branch", true);
}

/// What takes longer than the function grows, in functions with thousands of blocks.
void limit_searches() {
  set_option<unsigned>("memdep-block-number-limit", limits::searched_blocks);
  set_option<unsigned>("cgpp-huge-func", limits::often_prepared_blocks);
}

/// Passes for which a load in between does not count: a store that another one overwrites is gone although the load
/// traps before that.
bool moves_stores(ir::StringRef pass) {
  return pass == "DSEPass" || pass == "MergedLoadStoreMotionPass";
}

/// Values that ways bring to where they meet.
u64 merged_values(const ir::Module& module) {
  u64 count = 0;
  for (const ir::Function& function : module) {
    for (const ir::BasicBlock& block : function) {
      for (const ir::PHINode& phi : block.phis()) count += phi.getNumIncomingValues();
    }
  }
  return count;
}

/// What is compiled for: the processor that this runs on.
struct Host {
  const ir::Target* target = nullptr;
  ir::Triple triple;
  std::string processor;
  std::string features;
};

/// Nothing if it is a processor whose floats or vectors would need functions of a library.
std::optional<Host> find_host() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  Host host;
  host.triple = ir::Triple("x86_64-unknown-linux-gnu");
  std::string error;
  host.target = ir::TargetRegistry::lookupTarget(host.triple, error);
  if (host.target == nullptr) return std::nullopt;
  host.processor = ir::sys::getHostCPUName().str();
  const ir::StringMap<bool> known = ir::sys::getHostCPUFeatures();
  const auto sse = known.find("sse4.1");
  if (sse == known.end() || !sse->second) return std::nullopt;
  ir::SubtargetFeatures features;
  for (const auto& feature : known) features.AddFeature(feature.first(), feature.second);
  // A load that becomes part of an instruction with a mask does not trap where the mask leaves it out.
  features.AddFeature("avx512f", false);
  // Gathering lane by lane costs more than loops over single values.
  features.AddFeature("prefer-no-gather");
  host.features = features.getString();
  return host;
}

/// Whether a frame turned out too large.
struct Diagnostics {
  bool has_large_frame = false;

  static void handle(const ir::DiagnosticInfo* info, void* self) {
    if (info->getKind() == ir::DK_StackSize) static_cast<Diagnostics*>(self)->has_large_frame = true;
  }
};

class Compiler final : public runtime::OptimizingCompiler {
 public:
  explicit Compiler(Host host) : host_(std::move(host)) {}

  Result<runtime::ObjectCode> compile(const CompileJob& job) override {
    const Budget budget(job);
    if (job.osr_loop && runtime::is_large(job.module, job.function)) {
      auto code = compile(job, ir::CodeGenOptLevel::None, budget);
      // Such code takes larger frames.
      if (code.ok() || budget.is_exceeded()) return code;
    }
    return compile(job, ir::CodeGenOptLevel::Default, budget);
  }

  std::string_view identity() const override { return code_identity(); }

 private:
  /// Whether a job may go on.
  class Budget {
   public:
    explicit Budget(const CompileJob& job) : job_(job), began_ns_(processor_ns()) {}
    bool is_exceeded() const {
      if (job_.cancel != nullptr && job_.cancel->load(std::memory_order_relaxed)) return true;
      return processor_ns() - began_ns_ > limits::optimization_ns;
    }

   private:
    /// This thread's, so that it does not matter what else the machine does.
    static u64 processor_ns() { return sys::host_clock(sys::HostClock::thread_cpu).now_ns().value(); }

    const CompileJob& job_;
    u64 began_ns_;
  };

  Result<runtime::ObjectCode> compile(const CompileJob& job, ir::CodeGenOptLevel level, const Budget& budget) const {
    ir::LLVMContext context;
    Diagnostics diagnostics;
    context.setDiagnosticHandlerCallBack(Diagnostics::handle, &diagnostics);
    const std::unique_ptr<ir::TargetMachine> target = make_target(level);
    ObjectModule out(context, job);
    out.module().setTargetTriple(host_.triple);
    out.module().setDataLayout(target->createDataLayout());
    if (!build_object(out)) return refused("the function is too large, or its translation failed");
    inline_bodies(out);
    optimize(out, *target, budget);
    if (budget.is_exceeded()) return refused("it takes too long");
    if (merged_values(out.module()) > limits::coalesced_values) target->setOptLevel(ir::CodeGenOptLevel::None);
    add_checks(out);
    add_adapters(out);
    WISP_ASSERT(!ir::verifyModule(out.module(), &ir::errs()));
    auto code = emit_object(out, *target);
    if (diagnostics.has_large_frame) return refused("the function's frame is too large");
    return code;
  }

  std::unique_ptr<ir::TargetMachine> make_target(ir::CodeGenOptLevel level) const {
    ir::TargetOptions options;
    options.AllowFPOpFusion = ir::FPOpFusion::Strict;
    return std::unique_ptr<ir::TargetMachine>(host_.target->createTargetMachine(
        host_.triple, host_.processor, host_.features, options, ir::Reloc::PIC_, ir::CodeModel::Small, level, true));
  }

  static void optimize(ObjectModule& out, ir::TargetMachine& target, const Budget& budget) {
    ir::LoopAnalysisManager loops;
    ir::FunctionAnalysisManager functions;
    ir::CGSCCAnalysisManager components;
    ir::ModuleAnalysisManager modules;
    ir::PassInstrumentationCallbacks callbacks;
    callbacks.registerShouldRunOptionalPassCallback(
        [&](ir::StringRef pass, const ir::Any&) { return !budget.is_exceeded() && !moves_stores(pass); });
    ir::PipelineTuningOptions tuning;
    tuning.LoopVectorization = true;
    // It would make vectors of chains of floats, which take longer: canonicalization counts as if it were an
    // instruction.
    tuning.SLPVectorization = false;
    tuning.LoopInterleaving = true;
    ir::PassBuilder builder(&target, tuning, {}, &callbacks);
    register_bounded_loops(builder, out);
    register_loop_passes(builder);
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
    ir::ModulePassManager passes = runtime::is_large(out.wasm(), out.job().function)
                                       ? cheap_passes()
                                       : builder.buildPerModuleDefaultPipeline(ir::OptimizationLevel::O2);
    passes.run(out.module(), modules);
  }

  static ir::ModulePassManager cheap_passes() {
    ir::FunctionPassManager function;
    function.addPass(ir::EarlyCSEPass());
    function.addPass(ir::SCCPPass());
    function.addPass(ir::InstCombinePass());
    function.addPass(ir::SimplifyCFGPass());
    ir::ModulePassManager passes;
    passes.addPass(ir::createModuleToFunctionPassAdaptor(std::move(function)));
    return passes;
  }

  Host host_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) runtime::OptimizingCompiler* wisp_make_optimizing_compiler() {
  // LLVM's lists of targets and of options are the process's, and nothing guards them.
  static const std::optional<Host> host = [] {
    hold_stores_and_selects();
    limit_searches();
    return find_host();
  }();
  return host ? new Compiler(*host) : nullptr;
}

}  // namespace wisp::llvm_tier
