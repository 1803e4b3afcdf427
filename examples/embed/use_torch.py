#!/usr/bin/env python3
"""use_torch.py LIBRARY.so: the steerable convolution of kernels.gdl as a function of PyTorch.

Checks its gradient by torch.autograd.gradcheck, checks that turning the input turns the output, and fits its 37 weights
to fields that another choice of weights makes."""
import ctypes, sys
import torch

library = ctypes.CDLL(sys.argv[1])
WIDTH = {torch.float32: "", torch.float64: "64"}

def call(name, b, *tensors):
    """An entry on contiguous tensors of the CPU; what it writes are the last ones."""
    function, size = getattr(library, name), getattr(library, name + "_workspace")
    size.restype, size.argtypes = ctypes.c_size_t, [ctypes.c_int64]
    space = torch.empty(size(b) + 64, dtype=torch.uint8)
    at = space.data_ptr()
    status = function(ctypes.c_int64(b), *(ctypes.c_void_p(x.data_ptr()) for x in tensors), ctypes.c_void_p(at + -at % 64))
    if status: raise RuntimeError(f"{name}: status {status} of gdl.h")

class Steer(torch.autograd.Function):
    """x [b, 16, 16, 2], param [NPARAM] -> y [b, 16, 16, 5]: a scalar, then the y of two vectors, then their x."""
    @staticmethod
    def forward(ctx, x, param):
        x, param = x.contiguous(), param.contiguous()
        ctx.save_for_backward(x, param)
        y = x.new_empty(*x.shape[:-1], 5)
        call("steer" + WIDTH[x.dtype], len(x), x, param, y)
        return y

    @staticmethod
    def backward(ctx, d_y):
        x, param = ctx.saved_tensors
        d_x, d_param = torch.empty_like(x), torch.empty_like(param)
        call("steer_pull" + WIDTH[x.dtype], len(x), x, param, d_y.contiguous(), d_x, d_param)
        return d_x, d_param

NPARAM = 64          # steer_nparam of the header
torch.manual_seed(0)
x = torch.randn(2, 16, 16, 2, dtype=torch.float64, requires_grad=True)
w = torch.randn(NPARAM, dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(Steer.apply, (x, w), fast_mode=True)
print("gradcheck: passed")

def turn_rows(a): return torch.rot90(a, 1, (1, 2))                      # a quarter turn, counterclockwise
def turn_field(y):                                                      # (y, x) -> (-x, y): y points down
    y = turn_rows(y)
    return torch.cat([y[..., :1], -y[..., 3:5], y[..., 1:3]], -1)
with torch.no_grad():
    error = (Steer.apply(turn_rows(x), w) - turn_field(Steer.apply(x, w))).abs().max()
assert error < 1e-12, error
print("turned input, turned output: %.0e" % error)

truth = torch.randn(NPARAM)
w = torch.zeros(NPARAM, requires_grad=True)
adam = torch.optim.Adam([w], lr=0.1)
for step in range(200):
    pictures = torch.randn(8, 16, 16, 2)
    loss = (Steer.apply(pictures, w) - Steer.apply(pictures, truth)).square().mean()
    adam.zero_grad()
    loss.backward()
    adam.step()
print("fitted: loss %.1e" % loss.item())
assert loss < 1e-4
