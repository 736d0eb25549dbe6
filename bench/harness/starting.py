"""Whole processes, from start to end."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from harness import engines
from harness.pairs import interleave, ratios, show


def wall_ms(command):
    words = [str(part) for part in command]
    started = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return {"ms": (time.perf_counter() - started) * 1000}, {}


def processes(sides, rounds):
    """side -> milliseconds, one a round."""
    found = interleave({side: lambda command=command: wall_ms(command) for side, command in sides.items()}, rounds)
    return {side: values["ms"] for side, values in found.items()}


def installed(folder, command):
    """The command with a copy of its program, as installing it makes one: what a linker has written lies in the page cache in
    single pages, and starts 0.3 ms later."""
    program = pathlib.Path(command[0])
    for file in (program, program.with_name("libwisp-llvm.so")):
        if file.exists():
            shutil.copy2(file, folder)
    return [os.path.join(folder, program.name), *command[1:]]


def hello(options):
    source = engines.WORK / "hello.c"
    engines.WORK.mkdir(parents=True, exist_ok=True)
    if not source.exists():
        source.write_text('#include <stdio.h>\nint main(void) { puts("hello"); }\n')
    tiers = engines.available(options.tiers)
    guest = engines.guest_program(source)
    sides = {"native": [engines.native_program(source, "-static")]}
    sides |= {f"wisp {tier}": engines.wisp(tier, guest) for tier in tiers}
    with tempfile.TemporaryDirectory() as folder:
        found = processes({side: installed(folder, command) for side, command in sides.items()}, max(options.rounds * 30, 100))
    show("wisp hello.wasm over a static native hello, whole process", "ms more",
         [(f"wisp {tier}", [a - b for a, b in zip(found[f"wisp {tier}"], found["native"])], "1.0", "0.3") for tier in tiers])


def python_start(options):
    module, node = engines.fetched(engines.PYTHON), engines.fetched(engines.NODE)
    if not module or not node:
        return engines.left_out("python.wasm -c pass", "it is compared with Node, and both come from npm")
    sides = {"V8": engines.script("V8", "wasi.mjs", module, "-c", "pass")}
    rows = []
    with tempfile.TemporaryDirectory() as caches:
        # What users come to: code that short runs have left, and all that a start calls (a run of the optimizing tier
        # compiles whatever it calls).
        cached = {"after five runs": ("auto", 5), "all cached": ("optimizing", 1)}
        for tier in engines.available(options.tiers):
            if tier == "optimizing":
                continue  # it compiles for a minute
            side = f"wisp {tier}, nothing cached"
            sides[side] = engines.wisp(tier, "--no-cache", module, "-c", "pass")
            rows.append((side, "0.6", "0.3"))
        for name, (tier, times) in cached.items():
            if engines.why_missing("optimizing") or "auto" not in options.tiers:
                continue
            options_of_cache = ["--cache", os.path.join(caches, name.replace(" ", "-"))]
            for _ in range(times):
                wall_ms(engines.wisp(tier, *options_of_cache, module, "-c", "pass"))
            sides[f"wisp auto, {name}"] = engines.wisp("auto", *options_of_cache, module, "-c", "pass")
            rows.append((f"wisp auto, {name}", "0.3", "0.1"))
        found = processes(sides, 3 * options.rounds)
    show("python.wasm -c pass, whole process, over Node", "ratio",
         [(side, ratios(found[side], found["V8"]), must, aim) for side, must, aim in rows])
