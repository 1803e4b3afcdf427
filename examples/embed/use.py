#!/usr/bin/env python3
"""use.py LIBRARY.so PARAM.npy IMAGES.npy: the fashion model from Python, with ctypes and numpy.

Prints the logits, a line an image, and to standard error how far its gradient in f64 is from a central difference."""
import ctypes, sys
import numpy as np

class Entry:
    """A typed function and its workspace. Arrays go in and out as they are: C order, of the entry's width."""
    def __init__(self, library, name, dtype):
        self.run, self.size = getattr(library, name), getattr(library, name + "_workspace")
        self.size.restype, self.size.argtypes, self.name, self.dtype = ctypes.c_size_t, [ctypes.c_int64], name, dtype

    def __call__(self, b, *arrays):
        for a in arrays: assert a.dtype == self.dtype and a.flags.c_contiguous, self.name
        n = self.size(b)
        space = np.empty(n + 64, np.uint8)
        at = space.ctypes.data
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in arrays] + [ctypes.c_void_p(at + -at % 64)]
        status = self.run(ctypes.c_int64(b), *pointers)
        if status: raise RuntimeError(f"{self.name}: status {status} of gdl.h")

def main(library, param, images):
    library = ctypes.CDLL(library)
    param, images = np.load(param), np.ascontiguousarray(np.load(images), np.float32)
    b = len(images)
    logits = np.empty((b, 10), np.float32)
    Entry(library, "fashion", np.float32)(b, images, param, logits)
    for row in logits: print(",".join("%.9g" % x for x in row))

    value, pull = Entry(library, "fashion64", np.float64), Entry(library, "fashion_pull64", np.float64)
    # not of a flat background, where max_pool and relu have ties and no derivative
    images = images + np.random.default_rng(2).normal(size=images.shape) / 10
    x, w, c = images[:1].astype(np.float64), param.astype(np.float64), np.random.default_rng(0).normal(size=(1, 10))
    d_x, d_w, e = np.empty_like(x), np.empty_like(w), np.random.default_rng(1).normal(size=x.shape)
    pull(1, x, w, c, d_x, d_w)
    def along(h):
        y = np.empty((1, 10))
        value(1, x + h * e, w, y)
        return float((c * y).sum())
    slope, h = float((d_x * e).sum()), 1e-6
    print("gradient against a central difference: %.1e" % abs((along(h) - along(-h)) / (2 * h) / slope - 1), file=sys.stderr)

if __name__ == "__main__": main(*sys.argv[1:])
