"""One training step in PyTorch, the other side of `make bench-train`; networks are those of tests/golden/training.py."""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))
import torch
from torch.nn import functional as F
from training import Classifier, Critic, Generator


def peak_mb():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["classifier", "generator", "generator-and-critic"])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=5)
    args = parser.parse_args()
    torch.manual_seed(1)
    images, depth = torch.rand(args.batch, 3, 224, 224), torch.rand(args.batch, 1, 224, 224)
    attack = torch.arange(args.batch).remainder(2).float()
    one, zero = torch.ones_like(attack), torch.zeros_like(attack)
    bce = F.binary_cross_entropy_with_logits
    if args.step == "classifier":
        network = Classifier().train()
        adam = torch.optim.Adam(network.parameters(), lr=1e-3)

        def step():
            adam.zero_grad()
            bce(network(images), 1 - attack).backward()
            adam.step()
    else:
        generator, critic = Generator().train(), Critic().train()
        adam = torch.optim.Adam(generator.parameters(), lr=1e-4, betas=(0.5, 0.999))
        sgd = torch.optim.SGD(critic.parameters(), lr=1e-5)

        def step():
            adam.zero_grad()
            generated = generator(images)
            critic.requires_grad_(False)
            truth, kind = critic(generated)
            (50 * (depth - generated).abs().mean() + 0.2 * bce(truth, one) + 0.1 * bce(kind, attack)).backward()
            adam.step()
            critic.requires_grad_(True)
            if args.step == "generator-and-critic":
                sgd.zero_grad()
                truth, kind = critic(depth)
                truth2, kind2 = critic(generated.detach())
                (bce(truth, one) + bce(truth2, zero) + bce(kind, attack) + bce(kind2, attack)).backward()
                sgd.step()

    step()
    before = time.process_time()
    for _ in range(args.steps):
        step()
    spent = (time.process_time() - before) * 1e3 / (args.steps * args.batch)
    print(json.dumps({"cpu_ms_per_image": spent, "peak_mb": peak_mb(), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
