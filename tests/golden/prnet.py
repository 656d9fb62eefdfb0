"""An independent PyTorch PRNet (resfcn256) with computed weights on a computed picture -> prnet.json.

Written from the structure of YadiraF/PRNet's predictor.py, with TensorFlow's `SAME` padding, under pytorchcv's tensor
names. The Rust test fills its own network by the same formula through a checkpoint with these names. Run it again only if
the network changes:

    pip install numpy torch
    python3 tests/golden/prnet.py
"""

import formula
import torch
import torch.nn.functional as F
from torch import nn

SIZE = 64


class Same(nn.Conv2d):
    """A convolution that pads like TensorFlow: what is odd is added at the end."""

    def forward(self, x):
        total = max(self.kernel_size[0] - self.stride[0], 0)
        ends = (total // 2, total - total // 2)
        return super().forward(F.pad(x, ends * 2))


class SameTransposed(nn.ConvTranspose2d):
    """The gradient of `Same`: the full transposed convolution without what padding stood for."""

    def forward(self, x):
        full = super().forward(x)
        before = (self.kernel_size[0] - self.stride[0]) // 2
        height, width = (side * self.stride[0] for side in x.shape[2:])
        return full[:, :, before : before + height, before : before + width]


def down(inp, out, kernel, stride=1):
    return nn.Sequential(dict_of(conv=Same(inp, out, kernel, stride, bias=False), bn=nn.BatchNorm2d(out, eps=1e-3), activ=nn.ReLU()))


def up(inp, out, stride=1, activation=nn.ReLU):
    return nn.Sequential(
        dict_of(conv=SameTransposed(inp, out, 4, stride, bias=False), bn=nn.BatchNorm2d(out, eps=1e-3), activ=activation())
    )


def dict_of(**layers):
    from collections import OrderedDict

    return OrderedDict(layers)


class Unit(nn.Module):
    def __init__(self, inp, out, stride):
        super().__init__()
        if stride != 1 or inp != out:
            self.identity_conv = Same(inp, out, 1, stride, bias=False)
        half = out // 2
        self.body = nn.Sequential(
            dict_of(conv1=down(inp, half, 1), conv2=down(half, half, 4, stride), conv3=Same(half, out, 1, bias=False))
        )
        self.norm_activ = nn.Sequential(dict_of(bn=nn.BatchNorm2d(out, eps=1e-3), activ=nn.ReLU()))

    def forward(self, x):
        skip = self.identity_conv(x) if hasattr(self, "identity_conv") else x
        return self.norm_activ(self.body(x) + skip)


class Prnet(nn.Module):
    def __init__(self):
        super().__init__()
        inp, encoder, decoder = 16, {}, {}
        for stage, out in enumerate((32, 64, 128, 256, 512), 1):
            encoder[f"stage{stage}"] = nn.Sequential(dict_of(unit1=Unit(inp, out, 2), unit2=Unit(out, out, 1)))
            inp = out
        for stage, (out, layers) in enumerate(((512, 1), (256, 3), (128, 3), (64, 3), (32, 2), (16, 2)), 1):
            units = {}
            for unit in range(1, layers + 1):
                units[f"unit{unit}"] = up(inp, out, 2 if unit == 1 and stage > 1 else 1)
                inp = out
            decoder[f"stage{stage}"] = nn.Sequential(dict_of(**units))
        self.features = nn.Sequential(
            dict_of(
                init_block=down(3, 16, 4),
                encoder=nn.Sequential(dict_of(**encoder)),
                decoder=nn.Sequential(dict_of(**decoder)),
            )
        )
        self.output = nn.Sequential(dict_of(conv1=up(16, 3), conv2=up(3, 3), conv3=up(3, 3, activation=nn.Sigmoid)))

    def forward(self, x):
        return {"positions": self.output(self.features(x))}


if __name__ == "__main__":
    network = Prnet()
    parameters = sum(p.numel() for p in network.parameters())
    # pytorchcv's own count of its `prnet`.
    assert parameters == 13_353_618, parameters
    formula.write(__file__, network, formula.picture(SIZE), {"positions": 17})
