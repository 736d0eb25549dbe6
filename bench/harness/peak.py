"""Peak speed: the kernels over native code, and pure-Python benchmarks in CPython over V8."""
from harness import engines
from harness.pairs import commands, geomeans, show, show_matrix

# How long each kernel is run before its fastest run counts: the optimizing tier compiles in the background meanwhile.
WARM_UP_MS = 300


def add(found, more):
    for side, values in more.items():
        found.setdefault(side, {}).update(values)


def tier_rows(found, tiers, base, must, aim, what):
    return [(f"{what}: wisp {tier} over {base}", geomeans(found, f"wisp {tier}", base), must, aim) for tier in tiers]


def baseline_rows(found, what):
    if "wisp baseline" in found and "wisp optimizing" in found:
        return [(f"{what}: wisp baseline over wisp optimizing", geomeans(found, "wisp baseline", "wisp optimizing"), "2.0", "1.4")]
    return []


def kernels(options):
    tiers, peers = engines.available(options.tiers), engines.peers(options.peers)
    found = {}
    for source in sorted((engines.ROOT / "bench/kernels").glob("*.c")):
        native, guest = engines.native_program(source), engines.guest_program(source)
        sides = {"native": [native, WARM_UP_MS]}
        sides |= {f"wisp {tier}": engines.wisp(tier, guest, 0 if tier == "interpreter" else WARM_UP_MS) for tier in tiers}
        sides |= {peer: engines.script(peer, "wasi.mjs", guest, WARM_UP_MS) for peer in peers}
        add(found, commands(sides, options.rounds))
    show_matrix("Kernels: time over native clang 22 -O3", found, "native")
    rows = tier_rows(found, tiers, "native", "1.15", "1.05", "kernels")
    if "V8" in found:
        rows += tier_rows(found, tiers, "V8", "0.9", "0.7", "kernels")
    show("Kernels, geometric means", "ratio", rows + baseline_rows(found, "kernels"))


def python(options):
    guest = engines.fetched(engines.PYTHON)
    tiers, peers = engines.available(options.tiers), engines.peers(options.peers)
    if not guest or "V8" not in peers:
        return engines.left_out("CPython", "it is compared with V8")
    program = (engines.ROOT / "bench/python/pure.py").read_text()
    sides = {f"wisp {tier}": engines.wisp(tier, guest, "-c", program, 0 if tier == "interpreter" else 2 * WARM_UP_MS)
             for tier in tiers}
    sides |= {peer: engines.script(peer, "wasi.mjs", guest, "-c", program, 2 * WARM_UP_MS) for peer in peers}
    found = commands(sides, options.rounds)
    show_matrix("Benchmarks in pure Python, run by CPython: time over V8", found, "V8")
    rows = tier_rows(found, tiers, "V8", "0.9", "0.7", "CPython")
    show("CPython, geometric means", "ratio", rows + baseline_rows(found, "CPython"))
