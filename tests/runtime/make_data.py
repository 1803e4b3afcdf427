"""Tiny IDX files for the runtime's tests: bars, dots and rings on 8 x 8 pixels, turned at random, with noise."""
import gzip, os, random, struct, sys

def picture(rng, label):
    a = [[rng.randrange(40) for _ in range(8)] for _ in range(8)]
    k = rng.randrange(2, 5)
    for i in range(1, 7):
        if label == 0: a[i][k] = 200 + rng.randrange(56)
    if label == 1: a[k][k] = a[k][k + 1] = a[k + 1][k] = a[k + 1][k + 1] = 200 + rng.randrange(56)
    if label == 2:
        for i in range(4):
            a[2][2 + i] = a[5][2 + i] = a[2 + i][2] = a[2 + i][5] = 200 + rng.randrange(56)
    for _ in range(rng.randrange(4)):
        a = [list(row) for row in zip(*a)][::-1]
    return bytes(x for row in a for x in row)

def write(folder, part, n, seed):
    rng = random.Random(seed)
    labels = [rng.randrange(3) for _ in range(n)]
    with gzip.open(os.path.join(folder, part + "-images.idx.gz"), "wb") as f:
        f.write(struct.pack(">4B3I", 0, 0, 8, 3, n, 8, 8) + b"".join(picture(rng, c) for c in labels))
    with open(os.path.join(folder, part + "-labels.idx"), "wb") as f:
        f.write(struct.pack(">4BI", 0, 0, 8, 1, n) + bytes(labels))

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
write(folder, "train", 600, 1)
write(folder, "test", 90, 2)
