"""profile_top.py FILE: checks a profile in the Firefox profiler's format and prints the stack of most of its samples.

What waited for the compiler is left out: how long that takes depends on what else the machine does.
"""
import collections
import json
import sys

profile = json.load(open(sys.argv[1]))
assert profile["meta"]["preprocessedProfileVersion"] == 48
categories = profile["meta"]["categories"]
assert sum(category["color"] == "grey" for category in categories) == 1
[thread] = profile["threads"]
strings = thread["stringArray"]
for name in ("frameTable", "funcTable", "resourceTable", "nativeSymbols", "stackTable", "samples", "markers"):
    table = thread[name]
    for column, values in table.items():
        assert not isinstance(values, list) or len(values) == table["length"], (name, column)
stacks, frames, functions, samples = (thread[name] for name in ("stackTable", "frameTable", "funcTable", "samples"))
assert samples["time"] == sorted(samples["time"])
assert all(prefix is None or prefix < i for i, prefix in enumerate(stacks["prefix"]))
for resource in functions["resource"]:
    assert profile["libs"][thread["resourceTable"]["lib"][resource]]["name"] == strings[
        thread["resourceTable"]["name"][resource]]


def names(stack):
    while stack is not None:
        frame = stacks["frame"][stack]
        assert stacks["category"][stack] == frames["category"][frame] < len(categories)
        yield strings[functions["name"][frames["func"][frame]]]
        stack = stacks["prefix"][stack]


weights = collections.Counter()
for stack, weight in zip(samples["stack"], samples["weight"]):
    if categories[stacks["category"][stack]]["name"] != "Compiling":
        weights[" < ".join(names(stack))] += weight
top, weight = weights.most_common(1)[0]
print(top, "most of the time" if 2 * weight > sum(weights.values()) else weights)
