#!/usr/bin/env python3
"""make_data.py FOLDER: small data for the programs of this folder, always the same."""
import os, random, struct, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "programs"))
from make_data import flat, images, npy

NAMES = ["<script>alert(1)</script>", "a & b", "\"quoted\" 'x'"]

def texts(words):
    n = max(map(len, words))
    return npy("<U%d" % n, (len(words),), b"".join(w.ljust(n, "\0").encode("utf-32-le") for w in words))

def reals(shape, x): return npy("<f4", shape, struct.pack("<%df" % len(x), *x))

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
def save(name, data): open(os.path.join(folder, name), "wb").write(data)

for prefix, n, seed in (("", 200, 1), ("test_", 90, 2)):
    pictures, labels = images(n, 10, 3, seed)
    save(prefix + "image.npy", npy("|u1", (n, 10, 10), flat(pictures)))
    save(prefix + "name.npy", texts([NAMES[k] for k in labels]))
r = random.Random(3)
n = 160
save("colour.npy", npy("|u1", (n, 12, 12, 3), bytes(r.randrange(256) for _ in range(n * 432))))
save("many.npy", npy("<i8", (n,), struct.pack("<%dq" % n, *[r.randrange(100) for _ in range(n)])))
grey = [[r.gauss(0, 1) for _ in range(81)] for _ in range(100)]
save("grey.npy", reals((100, 9, 9), sum(grey, [])))
save("light.npy", reals((100, 1), [sum(x) / 81 for x in grey]))
points = [[r.gauss(0, 1) for _ in range(10)] for _ in range(100)]
save("points.npy", reals((100, 5, 2), sum(points, [])))
save("far.npy", npy("<i8", (100,), struct.pack("<100q", *[int(sum(x * x for x in p) > 10) for p in points])))
