"""torch_cnn.py THREADS: the network of w2.gdl in PyTorch; the protocol is that of peer.py.

    w2 MODE           eager: NCHW; channels_last; compiled: channels_last
"""
import sys
import torch, torch.nn as nn
from peer import serve
from torch_step import sgd, step


def block(nin, nout, *rest):
    return [nn.Conv2d(nin, nout, 3, padding=1), nn.BatchNorm2d(nout), nn.ReLU(), *rest]


def make(name, mode):
    net = nn.Sequential(*block(3, 32), *block(32, 64, nn.MaxPool2d(2)), *block(64, 128, nn.MaxPool2d(2)), *block(128, 256),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))
    return step(net, sgd, (128, 3, 32, 32), 10, mode)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(0)
    serve(make)
