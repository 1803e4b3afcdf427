"""escnn_p4m.py THREADS: the network of w3.gdl in escnn; the protocol is that of peer.py.

    w3 MODE           eager; compiled
"""
import sys
import torch
from escnn import gspaces, nn
from peer import serve
from torch_step import sgd, step


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        space = gspaces.flipRot2dOnR2(N=4)
        self.input, hidden = nn.FieldType(space, [space.trivial_repr]), nn.FieldType(space, 10 * [space.regular_repr])
        layers, before = [], self.input
        for i in range(7):
            layers += [nn.R2Conv(before, hidden, kernel_size=3, padding=1), nn.InnerBatchNorm(hidden), nn.ReLU(hidden)]
            layers += [nn.PointwiseMaxPool(hidden, 2)] if i in (2, 5) else []
            before = hidden
        self.layers, self.pool, self.out = nn.SequentialModule(*layers), nn.GroupPooling(hidden), torch.nn.Linear(10, 10)

    def forward(self, x):
        y = self.layers(nn.GeometricTensor(x, self.input))
        y = nn.GeometricTensor(y.tensor.mean((2, 3), keepdim=True), y.type)
        return self.out(self.pool(y).tensor.flatten(1))


def make(name, mode):
    return step(Network(), sgd, (128, 1, 28, 28), 10, mode)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(0)
    serve(make)
