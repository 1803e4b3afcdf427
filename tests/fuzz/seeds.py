"""Binary seeds: small files of every format that the runtime reads, as others write them. seeds.py FOLDER writes
FOLDER/TARGET/NAME. What the runtime cannot read is here as well, where one bit away it could. Inputs that were findings
once are files in tests/fuzz/seeds; none comes from here."""
import gzip, io, json, os, struct, sys, zipfile, zlib

top = sys.argv[1]

def put(target, name, content):
    os.makedirs(os.path.join(top, target), exist_ok=True)
    with open(os.path.join(top, target, name), "wb") as f:
        f.write(content)

def packed(content): return gzip.compress(content, mtime=0)

# --- IDX: types, ranks, packed, two members ---
def idx(code, dims, content): return struct.pack(">4B%dI" % len(dims), 0, 0, code, len(dims), *dims) + content
put("idx", "bytes", idx(8, [2, 3], bytes(range(6))))
put("idx", "labels", idx(8, [5], bytes(5)))
put("idx", "shorts", idx(11, [3], struct.pack(">3h", -1, 2, 300)))
put("idx", "ints", idx(12, [1, 2], struct.pack(">2i", -5, 70000)))
put("idx", "floats", idx(13, [2], struct.pack(">2f", 0.5, float("nan"))))
put("idx", "doubles", idx(14, [1], struct.pack(">d", 1e300)))
put("idx", "empty", idx(8, [0, 28, 28], b""))
put("idx", "packed", packed(idx(8, [4, 4], bytes(range(16)))))
put("idx", "members", packed(idx(8, [8], b"abc")) + packed(b"defgh"))
put("idx", "huge", idx(14, [2**32 - 1, 2**29, 1], b""))
put("idx", "packed_huge", packed(idx(8, [2**20, 2**12], b"")))

# --- NPY: every type, versions 1 to 3, columns first, big-endian, scalars ---
def npy(descr, shape, content, fortran=False, version=1):
    head = "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }" % (descr, fortran, "".join("%d, " % d for d in shape))
    width = 2 if version == 1 else 4
    head += " " * (-(8 + width + len(head) + 1) % 64) + "\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(head).to_bytes(width, "little") + head.encode() + content
for descr, width in ("|u1", 1), ("|i1", 1), ("|b1", 1), ("<u2", 2), ("<i2", 2), ("<u4", 4), ("<i4", 4), ("<i8", 8), ("<f4", 4), (">f8", 8), ("|S3", 3), ("<U2", 8):
    put("npy", descr[1:], npy(descr, [2, 2], bytes(range(4 * width))))
put("npy", "columns", npy("<f4", [2, 3], bytes(24), fortran=True))
put("npy", "version2", npy("<i8", [1], bytes(8), version=2))
put("npy", "scalar", npy("<f8", [], bytes(8)))
put("npy", "empty", npy("<f8", [0, 7], b""))
put("npy", "object", npy("|O", [1], b"\x80\x04N."))
put("npy", "huge", npy("<f8", [2**60], b""))
put("npy", "overflow", npy("|S65535", [2**56], b""))
put("npy", "rank9", npy("|u1", [1] * 9, b"1"))

# --- NPZ: stored, deflated, two members, another name ---
def npz(members, method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, content in members:
            z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()
one = npy("<f4", [2, 3], bytes(24))
put("npz", "stored", npz([("x.npy", one)], zipfile.ZIP_STORED))
put("npz", "deflated", npz([("y.npy", one), ("x.npy", one)], zipfile.ZIP_DEFLATED))
put("npz", "bzip2", npz([("x.npy", one)], zipfile.ZIP_BZIP2))
put("npz", "none", npz([("y.npy", one), ("other", b"text")], zipfile.ZIP_STORED))
put("npz", "empty", npz([], zipfile.ZIP_STORED))
put("npz", "bomb", npz([("x.npy", npy("|u1", [4], bytes(1 << 18)))], zipfile.ZIP_DEFLATED))

# --- PNG: colours, depths, every filter; and what is refused ---
def chunk(kind, content): return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
def png(width, height, depth, color, rows, interlace=0, between=b""):
    head = struct.pack(">2I5B", width, height, depth, color, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + between + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
def rows(height, width, first=0): return b"".join(bytes([(first + y) % 5]) + bytes(7 * k % 256 for k in range(width)) for y in range(height))
put("png", "gray", png(4, 5, 8, 0, rows(5, 4)))
put("png", "gray16", png(2, 5, 16, 0, rows(5, 4)))
put("png", "gray_alpha", png(2, 5, 8, 4, rows(5, 4, 1)))
put("png", "rgb", png(2, 6, 8, 2, rows(6, 6, 2)))
put("png", "rgba16", png(2, 5, 16, 6, rows(5, 16, 3)))
put("png", "palette", png(4, 1, 8, 3, rows(1, 4), between=chunk(b"PLTE", bytes(12))))
put("png", "interlaced", png(4, 1, 8, 0, rows(1, 4), interlace=1))
put("png", "huge", png(65536, 65536, 16, 6, b""))
put("png", "recipe", struct.pack(">2I5B", 3, 4, 8, 2, 0, 0, 0) + rows(4, 9))

# --- safetensors: a checkpoint with moments and averages, and the weights alone ---
def tensors(names, **meta):
    shapes = {"a.weight": [2, 3], "a.bias": [4], "mean": [4]}
    root, at = {"__metadata__": dict({
        "format": "gdl 1", "model": "m", "hash": "0000000000001234", "seed": "7", "epoch": "2", "batch": "3", "step": "10", "best": "0x1p-1",
        "best_epoch": "1", "since": "0", "data": "0000beef", "origin": "000000000000feed", "sums": '["0x1p+0","0x0p+0"]', "settings": '{"batch":"4"}', "crc32": "00000000"}, **meta)}, 0
    for name in names:
        shape = shapes[name.split("/")[-1]]
        n = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        root[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + n]}
        at += n
    head = json.dumps(root, separators=(",", ":")).encode()
    return struct.pack("<Q", len(head)) + head + bytes(k % 251 for k in range(at))
plain = ["a.weight", "a.bias", "mean"]
whole = plain + ["average/" + n for n in plain] + ["adam.m/" + n for n in plain[:2]] + ["adam.v/" + n for n in plain[:2]]
put("safetensors", "whole", tensors(whole))
put("safetensors", "weights", tensors(plain + ["average/" + n for n in plain]))
put("safetensors", "lacks", tensors(plain))
put("safetensors", "settings", tensors(whole, settings='{"optimizer.rate":"0.5","steps":"1e3","batch":7}'))
put("safetensors", "huge", struct.pack("<Q", 2**60) + b"{}")

# --- CSV: quotes, tabs, numbers and texts, ends of lines ---
put("csv", "numbers", b"a,x,y\n1,2,3\n4,5e-1,6\n")
put("csv", "texts", b'x,"y ""z"""\r\n"one, two",2\r\nthree,"4"\r\n')
put("csv", "tabs", b"x\ty\nnan\tb\n\n")
put("csv", "alone", b"x\n1\n")
put("csv", "uneven", b"x,y\n1\n2,3,4\n")
