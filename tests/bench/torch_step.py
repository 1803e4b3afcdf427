"""torch_step.py: a training step in PyTorch, for the programs that time one; shared by the networks."""
import torch, torch.nn.functional as F


def step(network, optimizer, pictures, classes, mode):
    """pictures: their shape. The optimiser is PyTorch's fused one; the batch lies still, as it does for gdlc's programs."""
    layout = torch.contiguous_format if mode == "eager" else torch.channels_last
    network = network.train().to(memory_format=layout)
    rule = optimizer(network.parameters(), fused=True)
    x = torch.rand(*pictures).contiguous(memory_format=layout)
    y = torch.randint(0, classes, (pictures[0],))

    def loss(x, y):
        return F.cross_entropy(network(x), y)
    if mode == "compiled":
        loss = torch.compile(loss, dynamic=False)

    def run():
        rule.zero_grad(set_to_none=True)
        loss(x, y).backward()
        rule.step()
    return run


def sgd(parameters, fused):
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9, fused=fused)


def adamw(parameters, fused):
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.05, fused=fused)
