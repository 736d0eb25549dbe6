"""Compiling CPython's module: speed and memory of the compilers, and the time until the guest's first call of the host."""
from harness import engines
from harness.pairs import interleave, ratios, show

V8_EAGER = ["--no-wasm-lazy-compilation", "--single-threaded", "--no-wasm-native-module-cache"]


def numbers(command, pinned):
    """One line of NAME=VALUE words as a dictionary."""
    words = dict(word.split("=") for word in engines.output_of(command, pinned).split())
    return {name: float(value) for name, value in words.items()}, {}


def modules(options):
    module, node = engines.fetched(engines.PYTHON), engines.fetched(engines.NODE)
    if not module or not node:
        engines.left_out("compiling", "it is compared with V8 on a module from npm")
    return module if node else None


def compile_(options):
    module = modules(options)
    if not module:
        return
    program = engines.BUILD / "bin/compile_bench"
    ours = engines.output_of([program]).split()
    sides = {name: lambda name=name: numbers([program, module, name], True) for name in ours}
    sides["V8 Liftoff"] = lambda: numbers(engines.script("V8 Liftoff", "compile.mjs", module, flags=V8_EAGER), True)
    found = interleave(sides, options.rounds)
    speeds = {side: [code / ns * 1e3 for code, ns in zip(values["code_bytes"], values["cpu_ns"])] for side, values in found.items()}
    show("Compiling all of CPython's module with validation, one thread, processor time", "MB of code a second",
         [(f"{side}", speeds[side], "", "150" if side == "baseline" else "") for side in sides])
    show("The same over V8's eager Liftoff", "times as fast",
         [(side, ratios(speeds[side], speeds["V8 Liftoff"]), "5" if side == "baseline" else "", "") for side in ours])
    needs = {"baseline": ("6", "3"), "optimizing": ("20", "12")}
    show("Peak memory of compiling it, over the module's size", "times the module",
         [(side, ratios(values["peak_bytes"], values["module_bytes"]), *needs.get(side, ("", ""))) for side, values in found.items()])
    if engines.why_missing("optimizing"):
        engines.left_out("compiling with the optimizing tier", engines.why_missing("optimizing"))


def load(options):
    module = modules(options)
    if not module:
        return
    program = engines.BUILD / "bin/load_bench"
    tiers = engines.available(options.tiers)
    sides = {f"wisp {tier}": lambda tier=tier: numbers([program, module, tier], False) for tier in tiers}
    sides["V8"] = lambda: numbers(engines.script("V8", "load.mjs", module), False)
    found = interleave(sides, 3 * options.rounds)
    show("CPython's module from a file to the guest's first call of the host", "ms",
         [(side, [ns / 1e6 for ns in values["ns"]], "", "10" if side != "V8" else "") for side, values in found.items()])
    show("The same over V8", "ratio", [(f"wisp {tier}", ratios(found[f"wisp {tier}"]["ns"], found["V8"]["ns"]), "1", "") for tier in tiers])
