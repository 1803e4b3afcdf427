"""torch_expanded.py THREADS: the D(4) networks of w3.gdl and fashion.gdl in PyTorch, on expanded filters; see peer.py.

    w3|fashion MODE   eager: NCHW; channels_last; compiled: channels_last

A filter is a gather of the weights, which are one number for each orbit of D(4) on (offset, component in, component out):
72 of a 3 x 3 filter between regular fields, as in gdlc; the convolution is dense then. Channels are [copy][element] in
NCHW, so that the norm of a field is BatchNorm3d as it is, and [element][copy] in channels_last, where vectors run along
the copies.
"""
import sys
import torch, torch.nn as nn, torch.nn.functional as F
from peer import serve
from torch_step import adamw, sgd, step


def product(a, b):
    return tuple(sum(a[2 * i + k] * b[2 * k + j] for k in range(2)) for i in range(2) for j in range(2))


def elements():
    """D(4) in the order r^k, r^k m, as 2 x 2 matrices on (row, column)."""
    turn, mirror, out = (0, -1, 1, 0), (1, 0, 0, -1), []
    for g in ((1, 0, 0, 1), mirror):
        for _ in range(4):
            out.append(g)
            g = product(turn, g)
    return out


def orbits(kernel, nin):
    """index[offset][in][out]: the orbit of an entry of a filter from nin (8: regular, 1: scalar) components to 8; how many."""
    group = elements()
    number = {g: i for i, g in enumerate(group)}
    times = [[number[product(a, b)] for b in group] for a in group]
    index, count, c = {}, 0, (kernel - 1) / 2
    for w in range(kernel * kernel):
        for h in range(nin):
            for g in range(8):
                if (w, h, g) in index:
                    continue
                for a, m in enumerate(group):
                    y, x = w // kernel - c, w % kernel - c
                    moved = round(m[0] * y + m[1] * x + c) * kernel + round(m[2] * y + m[3] * x + c)
                    index[moved, times[a][h] if nin == 8 else 0, times[a][g]] = count
                count += 1
    table = torch.zeros(kernel * kernel, nin, 8, dtype=torch.long)
    for (w, h, g), i in index.items():
        table[w, h, g] = i
    return table, count


class Conv(nn.Module):
    """nin copies of a field of hin components to nout regular ones; last: channels_last and [element][copy]."""

    def __init__(self, nin, hin, nout, kernel, pad, last):
        super().__init__()
        table, count = orbits(kernel, hin)
        self.register_buffer("table", table)
        self.shape, self.pad, self.last = (8 * nout, hin * nin, kernel, kernel), pad, last
        self.weight = nn.Parameter(torch.randn(count, nin, nout) * (2 / (hin * nin * kernel * kernel)) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(nout))

    def forward(self, x):
        f = self.weight[self.table]                        # [offset][in][out][copy in][copy out]
        if self.last:
            f = f.permute(2, 4, 1, 3, 0).reshape(self.shape).contiguous(memory_format=torch.channels_last)
            return F.conv2d(x, f, self.bias.repeat(8), padding=self.pad)
        return F.conv2d(x, f.permute(4, 2, 3, 1, 0).reshape(self.shape), self.bias.repeat_interleave(8), padding=self.pad)


class Norm(nn.Module):
    """One mean and one variance for each regular field."""

    def __init__(self, copies, last):
        super().__init__()
        self.copies, self.last, self.norm = copies, last, nn.BatchNorm3d(copies)

    def forward(self, x):
        if not self.last:
            return self.norm(x.reshape(x.shape[0], self.copies, 8, *x.shape[2:])).reshape(x.shape)
        y = x.reshape(x.shape[0], 8, self.copies, -1)
        mean = y.mean((0, 1, 3), keepdim=True)
        variance = ((y - mean) ** 2).mean((0, 1, 3), keepdim=True)
        with torch.no_grad():
            self.norm.running_mean.lerp_(mean.flatten(), 0.1)
            self.norm.running_var.lerp_(variance.flatten(), 0.1)
        scale = torch.rsqrt(variance + 1e-5) * self.norm.weight[None, None, :, None]
        return ((y - mean) * scale + self.norm.bias[None, None, :, None]).reshape(x.shape)


class Network(nn.Module):
    """blocks: (copies, kernel, padding, pool: its arguments or None)"""

    def __init__(self, blocks, last):
        super().__init__()
        layers, nin, hin = [], 1, 1
        for copies, kernel, pad, pool in blocks:
            layers += [Conv(nin, hin, copies, kernel, pad, last), Norm(copies, last), nn.ReLU()]
            layers += [nn.MaxPool2d(*pool)] if pool else []
            nin, hin = copies, 8
        self.layers, self.copies, self.last, self.out = nn.Sequential(*layers), nin, last, nn.Linear(nin, 10)

    def forward(self, x):
        x = self.layers(x).mean((2, 3))
        x = x.reshape(-1, 8, self.copies).amax(1) if self.last else x.reshape(-1, self.copies, 8).amax(2)
        return self.out(x)


def make(name, mode):
    three = [(10, 3, 1, None)]
    pooled = [(10, 3, 1, (2,))]
    blocks, batch, rule = {
        "w3": (three * 2 + pooled + three * 2 + pooled + three, 128, sgd),
        "fashion": ([(8, 5, 2, (2,)), (16, 3, 1, (2,)), (32, 3, 1, (3, 2)), (64, 3, 0, None)], 64, adamw),
    }[name]
    return step(Network(blocks, mode != "eager"), rule, (batch, 1, 28, 28), 10, mode)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(0)
    serve(make)
