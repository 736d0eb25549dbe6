"""Peak speed: the kernels over native code, and pure-Python benchmarks in CPython over V8."""
import os
import tempfile

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


def python_program():
    return (engines.ROOT / "bench/python/pure.py").read_text()


def python(options):
    guest = engines.fetched(engines.PYTHON)
    tiers, peers = engines.available(options.tiers), engines.peers(options.peers)
    if not guest or "V8" not in peers:
        return engines.left_out("CPython", "it is compared with V8")
    program = python_program()
    sides = {f"wisp {tier}": engines.wisp(tier, guest, "-c", program, 0 if tier == "interpreter" else 2 * WARM_UP_MS)
             for tier in tiers}
    sides |= {peer: engines.script(peer, "wasi.mjs", guest, "-c", program, 2 * WARM_UP_MS) for peer in peers}
    found = commands(sides, options.rounds)
    show_matrix("Benchmarks in pure Python, run by CPython: time over V8", found, "V8")
    rows = tier_rows(found, tiers, "V8", "0.9", "0.7", "CPython")
    show("CPython, geometric means", "ratio", rows + baseline_rows(found, "CPython"))


def python_again(options):
    """A program of about four seconds, again and again, with a code cache that is empty before the first time."""
    guest = engines.fetched(engines.PYTHON)
    if not guest or "V8" not in engines.peers(options.peers) or engines.why_missing("optimizing"):
        return engines.left_out("CPython again", "it is compared with V8, and needs the optimizing tier")
    arguments = [guest, "-c", python_program(), 2 * WARM_UP_MS]
    times, ratios_by_time = 6, {}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            sides = {f"run {i + 1}": engines.wisp("auto", "--cache", os.path.join(folder, "cache"), *arguments) for i in range(times)}
            found = commands({"V8": engines.script("V8", "wasi.mjs", *arguments)} | sides, 1)
        for side in sides:
            ratios_by_time.setdefault(side, []).extend(geomeans(found, side, "V8"))
    show("CPython's benchmarks, run again and again by wisp auto, over V8", "ratio",
         [(side, values, "", "") for side, values in ratios_by_time.items()])
