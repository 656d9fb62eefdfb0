"""Weights and pictures that every language computes alike, for the networks whose published weights are not in the tests.

A tensor's value number i (row-major) is w = ((i * 7919 + s) mod 2003) / 2003 - 0.5, where s is the sum of its name's bytes.
Of that become: convolutions 2 w sqrt(3 / fan-in), fan-in being the product of all dimensions but the first; biases and
running means 0.2 w; norms' weights 1 + 0.4 w; running variances 1 + 0.8 w. A transposed convolution's first dimension is
its input, so that its fan-in is not quite one; the formula stays the same.
A picture's value at (channel, y, x) is ((x * 7 + y * 13 + channel * 29 + x * y mod 11) mod 64) / 63.
"""

import json
from math import prod
from pathlib import Path

import numpy as np


def values(name, shape):
    i = np.arange(prod(shape), dtype=np.int64)
    w = ((i * 7919 + sum(name.encode())) % 2003) / 2003.0 - 0.5
    if name.endswith("running_var"):
        w = 1 + 0.8 * w
    elif name.endswith(("running_mean", "bias")):
        w = 0.2 * w
    elif len(shape) == 1:
        w = 1 + 0.4 * w
    else:
        w = 2 * w * np.sqrt(3.0 / prod(shape[1:]))
    return w.reshape(shape).astype(np.float32)


def pixels(size):
    y, x = np.mgrid[0:size, 0:size]
    planes = [((x * 7 + y * 13 + channel * 29 + x * y % 11) % 64) / 63.0 for channel in range(3)]
    return np.stack(planes)[None].astype(np.float32)


def tensor(name, shape):
    import torch

    return torch.tensor(values(name, shape))


def picture(size):
    import torch

    return torch.tensor(pixels(size))


def write(script, network, x, strides):
    """Runs the filled network and keeps every `stride`-th value of each output beside the script."""
    import torch

    state = network.state_dict()
    shapes = {name: list(value.shape) for name, value in state.items() if not name.endswith("num_batches_tracked")}
    network.load_state_dict({**state, **{name: tensor(name, shape) for name, shape in shapes.items()}})
    with torch.no_grad():
        outputs = network.eval()(x)
    golden = {"made": f"python tests/golden/{Path(script).name}, PyTorch {torch.__version__}", "shapes": shapes, "outputs": {}}
    for name, values in outputs.items():
        values = values.reshape(-1)
        kept = [float(f"{value:.8g}") for value in values[:: strides[name]].tolist()]
        golden["outputs"][name] = {"length": len(values), "stride": strides[name], "values": kept}
        print(name, "from", min(kept), "to", max(kept), "deviation", values.std().item())
    path = Path(script).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")
