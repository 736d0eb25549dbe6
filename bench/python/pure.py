"""Small benchmarks in pure Python, the same in every engine: NAME NANOSECONDS CHECK, the fastest run in argv[1] milliseconds each."""
import json
import math
import re
import sys
import time


def nbody():
    bodies = [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47], [4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037],
              [8.34, 4.12, -0.40, -1.01, 1.82, 0.008, 0.011], [12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017]]
    for _ in range(700):
        for i, a in enumerate(bodies):
            for b in bodies[i + 1:]:
                dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
                squared = dx * dx + dy * dy + dz * dz
                pull = 0.01 / (squared * math.sqrt(squared))
                a[3] -= dx * b[6] * pull
                a[4] -= dy * b[6] * pull
                a[5] -= dz * b[6] * pull
                b[3] += dx * a[6] * pull
                b[4] += dy * a[6] * pull
                b[5] += dz * a[6] * pull
        for body in bodies:
            body[0] += 0.01 * body[3]
            body[1] += 0.01 * body[4]
            body[2] += 0.01 * body[5]
    return round(bodies[0][0] * 1e9)


def fannkuch():
    most = checksum = sign = 0
    order, count = list(range(7)), list(range(7))
    while True:
        flips, deck = 0, order[:]
        while (first := deck[0]) != 0:
            deck[:first + 1] = deck[first::-1]
            flips += 1
        most = max(most, flips)
        checksum += -flips if sign else flips
        sign = not sign
        for r in range(1, 7):
            order.insert(r, order.pop(0))
            count[r] -= 1
            if count[r] >= 0:
                break
            count[r] = r
        else:
            return checksum * 100 + most


def json_both_ways():
    data = [{"id": i, "name": f"item {i}", "tags": ["a", "b" * (i % 9), None, True], "price": i / 7} for i in range(150)]
    text = ""
    for _ in range(3):
        text = json.dumps(data, sort_keys=True)
        data = json.loads(text)
    return len(text)


def regex():
    text = " ".join(f"user{i}@host{i % 7}.example.org, 10.{i % 256}.0.{i % 99} <b>{i * 7919}</b>" for i in range(150))
    found = sum(len(re.findall(pattern, text)) for pattern in
                (r"[\w.]+@[\w.]+\.org", r"\b\d{1,3}(?:\.\d{1,3}){3}\b", r"<(\w+)>.*?</\1>", r"(?i)USER\d*5@"))
    return found + len(re.sub(r"(\d)(?=(\d{3})+\b)", r"\1,", text))


def sorting():
    x, values = 1, []
    for _ in range(6000):
        x = (x * 1103515245 + 12345) % 2**31
        values.append(x)
    by_text = sorted(values, key=lambda v: str(v)[::-1])
    words = sorted((format(v, "x"), -v) for v in values)
    return (by_text[100] + words[200][1]) % 2**31


def counting():
    counts = {}
    for i in range(15000):
        word = "w" + str(i * i % 997)
        counts[word] = counts.get(word, 0) + 1
    return sum(n * len(w) for w, n in counts.items())


for run in (nbody, fannkuch, json_both_ways, regex, sorting, counting):
    begin, fastest, runs = time.perf_counter_ns(), None, 0
    while fastest is None or time.perf_counter_ns() - begin < int(sys.argv[1]) * 1000000:
        start = time.perf_counter_ns()
        check = run()
        elapsed = time.perf_counter_ns() - start
        fastest = elapsed if fastest is None else min(fastest, elapsed)
    print("python_" + run.__name__, fastest, check)
