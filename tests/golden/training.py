"""Golden values of training: networks, losses and one optimiser step in PyTorch, from formula weights.

    python -m venv venv && venv/bin/pip install torch numpy && venv/bin/python tests/golden/training.py

writes tests/golden/training.json (made with PyTorch 2.15, float32, CPU). trainer/tests/parity.rs fills our networks with the
same formula, takes the same steps, and compares. This is an independent implementation, from the paper and the shapes that
the networks document; only the tensors' names are ours.
"""

import json
import re
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SIDE, BATCH = 64, 4


def uniform(name, count):
    """`count` numbers in [-1, 1): splitmix64 of FNV-1a(name) + index, its upper 24 bits."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) % 2**64
    with np.errstate(over="ignore"):
        z = (np.uint64(seed) + np.arange(count, dtype=np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0).astype(np.float32)


def fill(module, prefix):
    """Weights of filters: uniform within sqrt(3 / fan-in). Batch norms: 1 + 0.2 u and 0.1 u. Biases: 0.1 u."""
    norms = {name for name, part in module.named_modules() if isinstance(part, nn.BatchNorm2d)}
    with torch.no_grad():
        for name, tensor in module.named_parameters():
            owner, kind = name.rsplit(".", 1)
            u = torch.from_numpy(uniform(f"{prefix}.{name}", tensor.numel())).reshape(tensor.shape)
            if owner in norms:
                tensor.copy_(1.0 + 0.2 * u if kind == "weight" else 0.1 * u)
            elif kind == "weight":
                tensor.copy_(u * (3.0 / tensor[0].numel()) ** 0.5)
            else:
                tensor.copy_(0.1 * u)
    return module


class ConvNorm(nn.Module):
    def __init__(self, cin, cout, kernel, stride):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(cout)

    def forward(self, x):
        return self.norm(self.conv(x))


class Down(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.first, self.second = ConvNorm(cin, cout, 3, stride), ConvNorm(cout, cout, 3, 1)
        if stride != 1 or cin != cout:
            self.shortcut = ConvNorm(cin, cout, 1, stride)

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        return F.relu(y + (self.shortcut(x) if hasattr(self, "shortcut") else x))


class Up(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.first, self.second = ConvNorm(cin, cout, 3, 1), ConvNorm(cout, cout, 3, 1)
        self.shortcut = ConvNorm(cin, cout, 1, 1)

    def forward(self, x):
        up = lambda t: F.interpolate(t, scale_factor=2, mode="nearest")
        return F.relu(self.second(up(F.relu(self.first(x)))) + up(self.shortcut(x)))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(3, 16, 7, 2)
        shape = [(16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
        self.stages = nn.ModuleList(Down(*s) for s in shape)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, 1)
        for stage in self.stages:
            x = stage(x)
        return x


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [128, 64, 32, 16, 16, 8]
        self.blocks = nn.ModuleList(Up(a, b) for a, b in zip(widths, widths[1:]))
        self.head = nn.Conv2d(8, 1, 3, 1, 1)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return torch.sigmoid(self.head(x))


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(1, 8, 7, 2)
        self.blocks = nn.ModuleList(Down(a, b, 2) for a, b in zip([8, 16, 32, 64], [16, 32, 64, 64]))
        self.truth = nn.Linear(64, 1)
        self.add_module("class", nn.Linear(64, 1))

    def forward(self, x):
        x = F.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        x = x.mean((2, 3))
        return self.truth(x)[:, 0], getattr(self, "class")(x)[:, 0]


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.hidden1, self.hidden2, self.output = nn.Linear(128, 64), nn.Linear(64, 32), nn.Linear(32, 1)

    def forward(self, x):
        x = self.encoder(x).mean((2, 3))
        return self.output(F.relu(self.hidden2(F.relu(self.hidden1(x)))))[:, 0]


def batch():
    """Of eight such batches (images/0, ...) the one whose gradients PyTorch itself computes alike in float32 and float64, to
    6e-5: in the others some ReLU's, maximum's or absolute value's kink lies within rounding, and the gradient on either side
    of it."""
    image = torch.from_numpy(uniform("images/1", BATCH * 3 * SIDE * SIDE)).reshape(BATCH, 3, SIDE, SIDE) / 2 + 0.5
    depth = torch.from_numpy(uniform("depth/1", BATCH * SIDE * SIDE)).reshape(BATCH, 1, SIDE, SIDE) / 2 + 0.5
    attack = torch.tensor([0.0, 1.0, 0.0, 1.0])
    return image, depth * (1 - attack).reshape(-1, 1, 1, 1), attack


def digest(values, name):
    """Norm of a tensor, and its products with three vectors of the formula: enough to see any other tensor."""
    flat = values.detach().double().numpy().reshape(-1)
    along = [float(flat @ uniform(f"{name}/{k}", flat.size).astype(np.float64)) for k in range(3)]
    return {"norm": float(np.linalg.norm(flat)), "along": along}


def changes(module, prefix, before):
    after = {name: tensor for name, tensor in module.named_parameters()}
    return {
        f"{prefix}.{name}": {
            "value": digest(tensor, f"{prefix}.{name}"),
            "gradient": digest(tensor.grad, f"{prefix}.{name}"),
            "change": digest(tensor.detach() - before[name], f"{prefix}.{name}"),
        }
        for name, tensor in after.items()
    }


def snapshot(module):
    return {name: tensor.detach().clone() for name, tensor in module.named_parameters()}


def running(module, prefix):
    """PyTorch's running variance is unbiased, burn's is not: Bessel's correction is left to the reader of the values."""
    return {
        f"{prefix}.{name}": digest(tensor, f"{prefix}.{name}")
        for name, tensor in module.named_buffers()
        if name.endswith("running_mean")
    }


def pretraining(adversarial):
    images, depth, attack = batch()
    generator, critic = fill(Generator(), "generator").train(), fill(Critic(), "critic").train()
    adam = torch.optim.Adam(generator.parameters(), lr=1e-4, betas=(0.5, 0.999), eps=1e-8)
    sgd = torch.optim.SGD(critic.parameters(), lr=1e-5, momentum=0)
    before = snapshot(generator), snapshot(critic)
    bce = F.binary_cross_entropy_with_logits
    one, zero = torch.ones(BATCH), torch.zeros(BATCH)

    generated = generator(images)
    l1 = (depth - generated).abs().mean()
    loss = 50.0 * l1
    if adversarial:
        truth, kind = critic(generated)
        loss = loss + 0.2 * bce(truth, one) + 0.1 * bce(kind, attack)
    adam.zero_grad()
    loss.backward()
    adam.step()
    out = {
        "generated": digest(generated, "generated"),
        "l1": l1.item(),
        "generator_loss": loss.item(),
        "generator": changes(generator, "generator", before[0]),
        "running": running(generator, "generator"),
    }
    if adversarial:
        truth, kind = critic(depth)
        truth2, kind2 = critic(generated.detach())
        loss = bce(truth, one) + bce(truth2, zero) + bce(kind, attack) + bce(kind2, attack)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        out |= {"critic_loss": loss.item(), "critic": changes(critic, "critic", before[1])}
    return out


def finetuning():
    images, _, attack = batch()
    classifier = fill(Classifier(), "classifier").train()
    adam = torch.optim.Adam(classifier.parameters(), lr=1e-3, eps=1e-8)
    before = snapshot(classifier)
    logits = classifier(images)
    loss = F.binary_cross_entropy_with_logits(logits, 1 - attack)
    loss.backward()
    adam.step()
    return {
        "logits": logits.tolist(),
        "loss": loss.item(),
        "classifier": changes(classifier, "classifier", before),
        "running": running(classifier, "classifier"),
    }


if __name__ == "__main__":
    torch.manual_seed(0)
    golden = {
        "pytorch": torch.__version__.split("+")[0],
        "warm_up": pretraining(False),
        "adversarial": pretraining(True),
        "finetuning": finetuning(),
    }
    path = Path(__file__).with_suffix(".json")
    text = json.dumps(golden, separators=(",", ":"), default=float)
    # Nine digits are all that a float has; a line a tensor keeps differences readable.
    text = re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda number: f"{float(number[0]):.9g}", text).replace("},\"", "},\n\"")
    path.write_text(text + "\n")
    print(path, path.stat().st_size, "bytes")
