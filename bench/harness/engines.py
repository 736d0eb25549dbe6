"""What is measured and with what: programs, and the commands that run them natively, under wisp and under its peers."""
import ctypes
import functools
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("WISP_BUILD", ROOT / "build"))
WISP = BUILD / "bin/wisp"
WORK = BUILD / "bench-programs"
NPM = ROOT / "build/npm"
NODE, BUN, PYTHON = NPM / "node", NPM / "bun", NPM / "python.wasm"
SCRIPTS = ROOT / "bench/scripts"
NATIVE = ["clang-22", "-O3", "-fno-lto"]
GUEST = ["clang-22", "--target=wasm32-wasi", "-Wno-deprecated", "-O3", "-msimd128"]
TIERS = ["auto", "interpreter", "baseline", "optimizing"]
# Engines that run the same guests: name -> the command before the script.
PEERS = {
    "V8": [NODE, "--no-warnings"],
    "V8 Liftoff": [NODE, "--no-warnings", "--liftoff-only"],
    "V8 TurboFan": [NODE, "--no-warnings", "--no-liftoff", "--no-wasm-dynamic-tiering"],
    "Bun": [BUN],
}


def left_out(what, why):
    print(f"\n{what}: left out, {why}", flush=True)


@functools.cache
def why_missing(tier):
    """Why this wisp cannot be asked for a tier; nothing if it can."""
    if tier != "optimizing":
        return None
    try:
        ctypes.CDLL(str(BUILD / "bin/libwisp-llvm.so"))
    except OSError as error:  # without it wisp goes on in the baseline, and that would be measured
        return f"its library cannot be loaded ({error})"
    return None


def available(tiers):
    for tier in tiers:
        if why_missing(tier):
            left_out(f"tier {tier}", why_missing(tier))
    return [tier for tier in tiers if not why_missing(tier)]


@functools.cache
def fetched(path):
    """A file that npm serves; None, with a word, if it cannot be had."""
    if path.exists():
        return path
    if path in (NODE, BUN):
        subprocess.run([ROOT / "tests/npm/fetch", "engines.txt", path.name])
    else:
        subprocess.run([ROOT / "tests/npm/fetch", "packages.txt", path.name])
    if not path.exists():
        left_out(path.name, "npm does not give it")
        return None
    return path


def peers(names):
    """Those of the peers that are there."""
    return {name: PEERS[name] for name in names if fetched(PEERS[name][0])}


def wisp(tier, *arguments):
    return [WISP, "run", "--tier", tier, *arguments]


def script(peer, name, *arguments, flags=()):
    """A script of bench/scripts in a peer."""
    return [*PEERS[peer], *flags, SCRIPTS / name, *arguments]


def compiled(source, output, command, *flags):
    WORK.mkdir(parents=True, exist_ok=True)
    newest = max(source.stat().st_mtime, (ROOT / "bench/measure.h").stat().st_mtime)
    if not output.exists() or output.stat().st_mtime < newest:
        subprocess.run([*command, source, "-o", output, *flags, "-lm"], check=True)
    return output


def native_program(source, *flags):
    return compiled(source, WORK / source.stem, NATIVE, *flags)


def guest_program(source, *flags):
    return compiled(source, WORK / f"{source.stem}.wasm", GUEST, *flags)


def output_of(command, pinned=False):
    """What a command prints. `pinned`: on one processor, if it has one thread only."""
    words = [str(part) for part in (["taskset", "-c", str(os.cpu_count() - 1)] if pinned else []) + list(command)]
    result = subprocess.run(words, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(words)[:400]}\nended with {result.returncode}: {result.stderr[-2000:]}")
    return result.stdout
