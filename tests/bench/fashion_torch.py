"""The fashion model of examples/fashion in PyTorch, on expanded filters: one training step, timed.

Filters are expanded from the same 25 and 72 orbits a block, by a gather of the weights; convolutions are dense
then. Prints one line a mode: `mode milliseconds` (median of the repetitions after warm-up).
Usage: fashion_torch.py [batch [repetitions]]
"""
import sys, time, statistics
import torch, torch.nn as nn, torch.nn.functional as F

def elements():
    """D(4) in the order r^k, r^k m, as 2x2 integer matrices on (row, column)."""
    import numpy as np
    r, m, e = np.array([[0, -1], [1, 0]]), np.array([[1, 0], [0, -1]]), np.eye(2, dtype=int)
    out = []
    for mirror in (e, m):
        g = e
        for _ in range(4):
            out.append(g @ mirror)
            g = r @ g
    return out

def orbits(k, nin):
    """index[w][h][g]: the orbit of (offset, component in, component out); regular on 8, scalar on 1 component."""
    import numpy as np
    el = elements()
    key = {tuple(g.flatten()): i for i, g in enumerate(el)}
    mul = lambda a, b: key[tuple((el[a] @ el[b]).flatten())]
    index, n = {}, 0
    c = (k - 1) / 2
    for w in range(k * k):
        for h in range(nin):
            for g in range(8):
                if (w, h, g) in index: continue
                for a in range(8):
                    y, x = el[a] @ np.array([w // k - c, w % k - c])
                    index[(int(round(y + c)) * k + int(round(x + c)), mul(a, h) if nin == 8 else 0, mul(a, g))] = n
                n += 1
    t = torch.zeros(k * k, nin, 8, dtype=torch.long)
    for (w, h, g), i in index.items(): t[w, h, g] = i
    return t, n

class Conv(nn.Module):
    def __init__(self, nin, hin, nout, k, pad):
        super().__init__()
        t, n = orbits(k, hin)
        self.register_buffer("t", t)
        self.k, self.pad, self.nin, self.nout, self.hin = k, pad, nin, nout, hin
        self.w = nn.Parameter(torch.randn(n, nin, nout) * (8 / (n * nin)) ** 0.5)
        self.b = nn.Parameter(torch.zeros(nout))
    def forward(self, x):
        f = (self.w * 8 ** -0.5)[self.t]                       # [W][h][g][i][o]
        f = f.permute(2, 4, 1, 3, 0).reshape(8 * self.nout, self.hin * self.nin, self.k, self.k)
        return F.conv2d(x, f.contiguous(memory_format=torch.channels_last), self.b.repeat(8), padding=self.pad)

class Norm(nn.Module):
    """One mean and one variance for each regular copy; channels are [g][copy]."""
    def __init__(self, n):
        super().__init__()
        self.n, self.bn = n, nn.BatchNorm3d(n)
    def forward(self, x):
        b, c, h, w = x.shape
        y = x.reshape(b, 8, self.n, h * w)
        m = y.mean((0, 1, 3), keepdim=True)
        v = ((y - m) ** 2).mean((0, 1, 3), keepdim=True)
        with torch.no_grad():
            self.bn.running_mean.lerp_(m.flatten(), 0.1)
            self.bn.running_var.lerp_(v.flatten(), 0.1)
        y = (y - m) * torch.rsqrt(v + 1e-5) * self.bn.weight[None, None, :, None] + self.bn.bias[None, None, :, None]
        return y.reshape(b, c, h, w)

class Fashion(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.n1 = Conv(1, 1, 8, 5, 2), Norm(8)
        self.c2, self.n2 = Conv(8, 8, 16, 3, 1), Norm(16)
        self.c3, self.n3 = Conv(16, 8, 32, 3, 1), Norm(32)
        self.c4, self.n4 = Conv(32, 8, 64, 3, 0), Norm(64)
        self.out = nn.Linear(64, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.n1(self.c1(x))), 2)
        x = F.max_pool2d(F.relu(self.n2(self.c2(x))), 2)
        x = F.max_pool2d(F.relu(self.n3(self.c3(x))), 3, 2)
        x = F.relu(self.n4(self.c4(x)))
        return self.out(x.mean((2, 3)).reshape(-1, 8, 64).amax(1))

def measure(compiled, batch, reps):
    torch.manual_seed(0)
    net = Fashion().to(memory_format=torch.channels_last)
    opt = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    x = torch.rand(batch, 1, 28, 28).contiguous(memory_format=torch.channels_last)
    y = torch.randint(0, 10, (batch,))
    def loss_of(x, y): return F.cross_entropy(net(x), y)
    f = torch.compile(loss_of) if compiled else loss_of
    times = []
    for i in range(reps + 5):
        t = time.perf_counter()
        opt.zero_grad(set_to_none=True)
        f(x, y).backward()
        opt.step()
        if i >= 5: times.append(time.perf_counter() - t)
    return statistics.median(times) * 1e3

if __name__ == "__main__":
    batch = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    reps = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    torch.set_num_threads(2)
    print(f"eager_channels_last {measure(False, batch, reps):.2f}", flush=True)
    print(f"compiled_channels_last {measure(True, batch, reps):.2f}", flush=True)
