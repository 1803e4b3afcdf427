#!/usr/bin/env python3
"""make_data.py FOLDER N SIZE CLASSES: small image data as IDX (gz), NPY, NPZ and PNG, always the same.

Images hold one of CLASSES shapes at a random place, turn and brightness, so that a network has something to learn.
Beside them, in FOLDER/turned and FOLDER/mirrored, the same files with every image turned by 90 degrees or mirrored:
by this program, not by the one under test."""
import gzip, os, random, struct, sys, zipfile, zlib

def shape(k, s):
    """One of three patches of 2s x 2s: a bar, a block, a diagonal."""
    n, lo, hi = 2 * s, s // 2, 2 * s - s // 2
    return [[int((i in (s - 1, s)) if k % 3 == 0 else (lo <= i < hi and lo <= j < hi) if k % 3 == 1 else i == j) for j in range(n)] for i in range(n)]

def turn(a): return [list(row) for row in zip(*[r[::-1] for r in a])]              # by 90 degrees, counterclockwise
def mirror(a): return [row[::-1] for row in a]

def images(n, size, classes, seed):
    r = random.Random(seed)
    pictures, labels = [], []
    for _ in range(n):
        k, s = r.randrange(classes), max(2, size // 4)
        a = [[r.randrange(40) for _ in range(size)] for _ in range(size)]
        y, x, light, patch = r.randint(s, size - s), r.randint(s, size - s), r.randrange(120, 215), shape(k, s)
        for _ in range(r.randrange(4)): patch = turn(patch)
        for i, row in enumerate(patch):
            for j, on in enumerate(row): a[y - s + i][x - s + j] += on * light
        pictures.append(a)
        labels.append(k)
    return pictures, labels

def flat(pictures): return b"".join(bytes(row) for a in pictures for row in a)

def idx(path, shape, data):
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as f:
        f.write(struct.pack(">BBBB", 0, 0, 8, len(shape)) + b"".join(struct.pack(">I", d) for d in shape) + data)

def npy(descr, shape, data):
    h = repr({"descr": descr, "fortran_order": False, "shape": tuple(shape)}).encode()
    h += b" " * (63 - (10 + len(h)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(h)) + h + data

def read_npy(path):
    """(shape, numbers) of a file of f4 or f8, as `predict` writes them."""
    b = open(path, "rb").read()
    n, = struct.unpack("<H", b[8:10])
    head = eval(b[10:10 + n].decode())
    count = 1
    for d in head["shape"]: count *= d
    return head["shape"], struct.unpack("<%d%s" % (count, {"<f4": "f", "<f8": "d"}[head["descr"]]), b[10 + n:])

def npz(path, arrays):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in arrays.items(): z.writestr(zipfile.ZipInfo(name + ".npy"), data, zipfile.ZIP_DEFLATED)

def png(path, a):
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">2I5B", len(a[0]), len(a), 8, 0, 0, 0, 0)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in a))) + chunk(b"IEND", b""))

def write(folder, n, size, classes, move):
    os.makedirs(folder, exist_ok=True)
    at = lambda name: os.path.join(folder, name)
    for part, count, seed in (("train", n, 1), ("t10k", max(n // 4, 8), 2)):
        x, y = images(count, size, classes, seed)
        x = [move(a) for a in x]
        whole = npy("|u1", (count, size, size), flat(x))
        idx(at(part + "-images-idx3-ubyte.gz"), (count, size, size), flat(x))
        idx(at(part + "-labels-idx1-ubyte.gz"), (count,), bytes(y))
        open(at(part + "-images.npy"), "wb").write(whole)
        open(at(part + "-labels.npy"), "wb").write(npy("<i8", (count,), struct.pack("<%dq" % count, *y)))
        npz(at(part + ".npz"), {"image": whole, "part": npy("<i4", (count,), struct.pack("<%di" % count, *y))})
        if part == "t10k": png(at("one.png"), x[0])

if __name__ == "__main__":
    folder, n, size, classes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    write(folder, n, size, classes, lambda a: a)
    write(os.path.join(folder, "turned"), n, size, classes, turn)
    write(os.path.join(folder, "mirrored"), n, size, classes, mirror)
