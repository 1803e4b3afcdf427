#!/usr/bin/env python3
"""make_data.py FOLDER N SIZE CLASSES: small image data as IDX (gz), NPY and NPZ, always the same.

Images hold one of CLASSES shapes at a random place, turn and brightness, so that a network has something to learn."""
import gzip, os, struct, sys
import numpy as np

def images(n, size, classes, seed):
    r = np.random.RandomState(seed)
    y = r.randint(0, classes, n)
    x = r.randint(0, 40, (n, size, size))
    for i in range(n):
        k, s = y[i], max(2, size // 4)
        cy, cx = r.randint(s, size - s + 1), r.randint(s, size - s + 1)
        patch = np.zeros((2 * s, 2 * s))
        if k % 3 == 0: patch[s - 1:s + 1, :] = 1
        if k % 3 == 1: patch[s // 2:-s // 2 or None, s // 2:-s // 2 or None] = 1
        if k % 3 == 2: patch[np.arange(2 * s), np.arange(2 * s)] = 1
        patch = np.rot90(patch, r.randint(4)) * r.randint(120, 215)
        part = x[i, cy - s:cy + s, cx - s:cx + s]
        part += patch[:part.shape[0], :part.shape[1]].astype(int)
    return x.astype(np.uint8), y.astype(np.uint8)

def idx(path, a):
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as f:
        f.write(struct.pack(">BBBB", 0, 0, 8, a.ndim) + b"".join(struct.pack(">I", d) for d in a.shape) + a.tobytes())

if __name__ == "__main__":
    folder, n, size, classes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    os.makedirs(folder, exist_ok=True)
    for part, count, seed in (("train", n, 1), ("t10k", max(n // 4, 8), 2)):
        x, y = images(count, size, classes, seed)
        idx(os.path.join(folder, part + "-images-idx3-ubyte.gz"), x)
        idx(os.path.join(folder, part + "-labels-idx1-ubyte.gz"), y)
        np.save(os.path.join(folder, part + "-images.npy"), x)
        np.save(os.path.join(folder, part + "-labels.npy"), y.astype(np.int64))
        np.savez(os.path.join(folder, part + ".npz"), image=x, part=y.astype(np.int32))
