"""torch_sweep.py THREADS: products and 3 x 3 convolutions in PyTorch; the protocol is that of peer.py.

    gemm M N K MODE           mm: torch.mm into memory that is there; linear: weights the other way round; compiled
    conv IN OUT GRID BATCH MODE    eager: NCHW; channels_last; compiled: channels_last
"""
import sys
import torch, torch.nn.functional as F
from peer import serve


def gemm(m, n, k, mode):
    x = torch.rand(m, k)
    if mode == "mm":
        w, y = torch.randn(k, n), torch.empty(m, n)
        return lambda: torch.mm(x, w, out=y)
    w = torch.randn(n, k)
    f = torch.compile(F.linear, dynamic=False) if mode == "compiled" else F.linear
    return lambda: f(x, w)


def conv(nin, nout, grid, batch, mode):
    layout = torch.contiguous_format if mode == "eager" else torch.channels_last
    x = torch.rand(batch, nin, grid, grid).contiguous(memory_format=layout)
    w = torch.randn(nout, nin, 3, 3).contiguous(memory_format=layout)
    f = lambda x, w: F.conv2d(x, w, padding=1)
    if mode == "compiled":
        f = torch.compile(f, dynamic=False)
    return lambda: f(x, w)


def make(kind, *words):
    *sizes, mode = words
    return {"gemm": gemm, "conv": conv}[kind](*map(int, sizes), mode)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(0)
    with torch.inference_mode():
        serve(make, torch._dynamo.reset)
