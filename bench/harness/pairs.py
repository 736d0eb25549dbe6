"""Interleaved runs, ratios and tables."""
import math
import statistics
import sys

from harness.engines import output_of


def timings(command, pinned=False):
    """name -> nanoseconds and name -> check, from lines NAME NANOSECONDS CHECK."""
    lines = [line.split() for line in output_of(command, pinned).splitlines()]
    return {name: float(value) for name, value, _ in lines}, {name: check for name, _, check in lines}


def interleave(sides, rounds):
    """Runs every side in each round, in the opposite order in every other one (ABBA). `sides`: side -> function that gives
    (name -> value, name -> check). Gives side -> name -> values, one a round; different checks are the end."""
    found = {side: {} for side in sides}
    for round_ in range(rounds):
        checks = {}
        for side in (list(sides) if round_ % 2 == 0 else reversed(sides)):
            values, checks[side] = sides[side]()
            for name, value in values.items():
                found[side].setdefault(name, []).append(value)
        if any(each != next(iter(checks.values())) for each in checks.values()):
            sys.exit(f"different results: {checks}")
    return found


def commands(sides, rounds, pinned=False):
    """`interleave` of commands that print lines."""
    return interleave({side: (lambda command=command: timings(command, pinned)) for side, command in sides.items()}, rounds)


def ratios(values, over):
    return [value / base for value, base in zip(values, over)]


def geomeans(found, side, over):
    """The geometric mean over all names of one side's values over another's, one a round."""
    names = list(found[over])
    return [math.exp(statistics.mean(math.log(found[side][name][i] / found[over][name][i]) for name in names))
            for i in range(len(found[over][names[0]]))]


def number(value):
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def show(title, unit, rows):
    """A table of (what, values, must, aim), the values one a round."""
    print(f"\n{title}\n\n| what | {unit} | lowest | highest | must | aim |\n|---|---|---|---|---|---|")
    for what, values, must, aim in rows:
        print(f"| {what} | {number(statistics.median(values))} | {number(min(values))} | {number(max(values))} | {must} | {aim} |")
    sys.stdout.flush()


def show_matrix(title, found, base):
    """A line for each name, a column for each side but the base: medians of the ratios."""
    sides = [side for side in found if side != base]
    print(f"\n{title}\n\n| program | " + " | ".join(sides) + " |\n" + "|---" * (1 + len(sides)) + "|")
    for name, over in found[base].items():
        print(f"| {name} | " + " | ".join(number(statistics.median(ratios(found[side][name], over))) for side in sides) + " |")
    means = (number(statistics.median(geomeans(found, side, base))) for side in sides)
    print("| **geometric mean** | " + " | ".join(f"**{mean}**" for mean in means) + " |", flush=True)
