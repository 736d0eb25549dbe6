"""Calls in both directions, instances, and calls of WASI over the same calls made natively."""
import pathlib
import tempfile

from harness import engines
from harness.pairs import commands, geomeans, ratios, show
from harness.peak import WARM_UP_MS, add

MANY, FEW = 100_000, 1_000


def embed(options):
    """Everything in one process of a C++ program: ratios to a C call through a pointer, and nanoseconds."""
    program = engines.BUILD / "bin/embed_bench"
    tiers = engines.available(options.tiers)
    found = commands({tier: [program, tier] for tier in tiers}, options.rounds, pinned=True)
    needs = {"guest_to_host": ("5", "2.5"), "host_to_guest": ("10", "6"), "instantiate_call_drop": ("5000", "1500")}
    show("Instances and calls that do nothing", "ns",
         [(f"{name}, wisp {tier}", values, *needs.get(name, ("", ""))) for tier in tiers for name, values in found[tier].items()])
    show("The same over a C call through a pointer in the same run", "ratio",
         [(f"{name}, wisp {tier}", ratios(values, found[tier]["c_indirect_call"]), "", "")
          for tier in tiers for name, values in found[tier].items() if name in ("guest_to_host", "host_to_guest")])


def make_tree(folder):
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/f").write_bytes(bytes(8192))
    (folder / "w").write_bytes(b"")
    for name, count in (("many", MANY), ("few", FEW)):
        (folder / name).mkdir()
        for i in range(count):
            (folder / name / f"entry-{i}").touch()


def hostcalls(options):
    source = engines.ROOT / "bench/hostcalls/hostcalls.c"
    native, guest = engines.native_program(source), engines.guest_program(source)
    tiers = engines.available(options.tiers)
    with tempfile.TemporaryDirectory() as name:
        make_tree(pathlib.Path(name))
        sides = {"native": [native, name]}
        sides |= {f"wisp {tier}": engines.wisp(tier, "--dir", f"{name}::/w", guest, "/w") for tier in tiers}
        found = commands(sides, options.rounds, pinned=True)
    cheap = ("1.15", "1.08")
    needs = {"clock_time_get": cheap, "pread-1": cheap, "pread-4096": ("1.1", "1.03"), "fd_write-1": cheap, "fd_write-4096": ("1.1", "1.03"),
             "path_open+close": ("1.3", "1.15"), f"fd_readdir-{MANY}": ("1.5", "1.3")}
    show("Host calls: time over the same call made natively", "times native",
         [(f"{call}, wisp {tier}", ratios(values, found["native"][call]), *needs.get(call, ("", "")))
          for tier in tiers for call, values in found[f"wisp {tier}"].items()])
    show(f"fd_readdir: an entry of {MANY} over an entry of {FEW}", "ratio",
         [(side, ratios(values[f"fd_readdir-{MANY}"], values[f"fd_readdir-{FEW}"]), "", "") for side, values in found.items()])


def readdir(options):
    """An entry of a directory of a million over one of ten thousand, listed in the same process."""
    source = engines.ROOT / "bench/readdir/readdir.c"
    native, guest = engines.native_program(source), engines.guest_program(source)
    with tempfile.TemporaryDirectory() as name:
        engines.output_of([native, name])
        sides = {"native, on disk": [native, name, "keep"]}
        for tier in engines.available(options.tiers):
            sides[f"wisp {tier}, on disk"] = engines.wisp(tier, "--dir", f"{name}::/w", guest, "/w", "keep")
            sides[f"wisp {tier}, in memory"] = engines.wisp(tier, "--tmpfs", "/w:4G", guest, "/w")
        found = commands(sides, options.rounds)
    show("fd_readdir: an entry of a directory of 1,000,000 over an entry of one of 10,000", "ratio",
         [(side, ratios(values["many"], values["few"]), "", "") for side, values in found.items()])


def interruption(options):
    """The kernels with and without the checks at loop headers and function entries. The interpreter always checks."""
    tiers = [tier for tier in engines.available(options.tiers) if tier != "interpreter"]
    found = {}
    for source in sorted((engines.ROOT / "bench/kernels").glob("*.c")):
        guest = engines.guest_program(source)
        sides = {}
        for tier in tiers:
            sides[f"{tier}, on"] = engines.wisp(tier, guest, WARM_UP_MS)
            sides[f"{tier}, off"] = engines.wisp(tier, "--uninterruptible", guest, WARM_UP_MS)
        add(found, commands(sides, options.rounds))
    show("Kernels: interruption on over off, geometric means", "ratio",
         [(f"wisp {tier}", geomeans(found, f"{tier}, on", f"{tier}, off"), "1.03", "1.01") for tier in tiers])
