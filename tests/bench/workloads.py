"""workloads.py: what is measured: programs, their flop, the peers that do the same work, and the bars.

Flop are those of the mathematics, the same for us and for the peer: 2 m n k of a product; of a convolution 2 k^2 in out
at every pixel, padded ones too; a training step is three of them, without the first layer's derivative by the
picture, which nobody needs. A rate above the machine's is an algorithm that needs fewer.
"""
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"


@dataclass
class Peer:
    name: str              # "PyTorch channels_last"
    script: str            # of this folder
    words: tuple           # what the script is asked for: workload and mode
    alone: bool            # a process of its own, so that its memory is that of this mode


@dataclass
class Workload:
    name: str              # in the CSV and for ONLY
    group: str             # "steps", "products", "convolutions"
    title: str
    entry: str             # of the program: infer, step
    batch: int
    flop: float
    peers: list
    path: Path | None = None
    text: str = ""         # the source, where there is no file
    bars: tuple = ()       # (start of a peer's name, least ratio to the fastest of them); "" are all
    share: float = 0       # least share of the machine's flop rate


def convolution(kernel, nin, nout, grid, batch):
    return 2 * kernel**2 * nin * nout * grid**2 * batch


def step(layers, batch):
    """layers: (kernel, channels in, channels out, side of the result)"""
    forward = [convolution(*l, batch) for l in layers]
    return 3 * sum(forward) - forward[0]


def network(name, path, title, batch, layers, modes, bars):
    peers = [Peer(who, script, (name, mode), True) for who, script, mode in modes]
    return Workload(name + "_step", "steps", title, "step", batch, step(layers, batch), peers, path=path, bars=bars)


def plain(script):
    return [("PyTorch eager", script, "eager"), ("PyTorch channels_last", script, "channels_last"),
            ("PyTorch compiled", script, "compiled")]


def sweep(name, words, group, title, batch, flop, text, modes):
    peers = [Peer("PyTorch " + m, "torch_sweep.py", words + (m,), False) for m in modes]
    return Workload(name, group, title, "infer", batch, flop, peers, text=text, bars=(("PyTorch", 1.0),), share=0.85)


def product(m, n, k):
    text = f"model product(x: {k} scalar) -> (y: {n} scalar) {{ y = x |> linear({n}, bias: false) }}\n"
    return sweep(f"gemm_{m}x{n}x{k}", ("gemm", m, n, k), "products", f"GEMM {m} x {n} x {k}", m, 2 * m * n * k, text,
                 ("mm", "linear", "compiled"))


def filters(nin, nout, grid, batch=64):
    text = (f"domain X = grid({grid}, {grid})\nmodel filters(x: {nin} scalar on X) -> (y: {nout} scalar on X) "
            f"{{ y = x |> conv({nout} scalar, kernel: 3, pad: 1, bias: false) }}\n")
    return sweep(f"conv_{nin}x{nout}_at_{grid}", ("conv", nin, nout, grid, batch), "convolutions",
                 f"3 x 3 conv {nin} -> {nout} at {grid} x {grid}", batch, convolution(3, nin, nout, grid, batch), text,
                 ("eager", "channels_last", "compiled"))


STEPS = [
    network("w2", HERE / "w2.gdl", "W2: CNN, batch 128", 128,
            [(3, 3, 32, 32), (3, 32, 64, 32), (3, 64, 128, 16), (3, 128, 256, 8)],
            plain("torch_cnn.py"), (("", 1.3),)),
    network("w3", HERE / "w3.gdl", "W3: P4M CNN, batch 128", 128,
            [(3, 1, 80, 28)] + 2 * [(3, 80, 80, 28)] + 3 * [(3, 80, 80, 14)] + [(3, 80, 80, 7)],
            plain("torch_expanded.py") + [("escnn eager", "escnn_p4m.py", "eager"),
                                          ("escnn compiled", "escnn_p4m.py", "compiled")],
            (("escnn", 2.5), ("PyTorch", 1.5))),
    network("fashion", EXAMPLES / "fashion" / "fashion.gdl", "fashion: D(4) CNN, batch 64", 64,
            [(5, 1, 64, 28), (3, 64, 128, 14), (3, 128, 256, 7), (3, 256, 512, 1)],
            plain("torch_expanded.py"), (("PyTorch", 1.5),)),
]
# Cubes on and off the vectors' and tiles' widths; then flat and narrow ones.
CUBES = [(n, n, n) for n in (64, 65, 80, 95, 100, 127, 128, 192, 200, 256, 384, 500, 512, 768, 999, 1024)]
PRODUCTS = [product(*s) for s in CUBES + [
    (4096, 64, 64), (4096, 17, 256), (17, 1024, 1024), (1024, 1024, 17), (1000, 100, 999), (128, 256, 2304)]]
CONVOLUTIONS = [filters(*s) for s in (
    (64, 64, 32), (64, 64, 16), (64, 64, 8), (65, 65, 32), (80, 80, 28), (96, 96, 16), (100, 100, 14), (128, 128, 32),
    (128, 128, 16), (128, 128, 8), (192, 192, 16), (192, 192, 8), (250, 250, 8), (250, 250, 17), (256, 256, 16), (256, 256, 8),
    (64, 128, 32), (128, 64, 16), (256, 250, 7))]
WORKLOADS = STEPS + PRODUCTS + CONVOLUTIONS
