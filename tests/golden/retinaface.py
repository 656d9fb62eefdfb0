"""An independent PyTorch RetinaFace-MobileNet0.25 with computed weights on a computed picture -> retinaface.json.

Written from the structure of biubug6/Pytorch_Retinaface (`cfg_mnet`), under its tensor names. The Rust test fills its own
network by the same formula through a checkpoint with these names. Run it again only if the network changes:

    pip install numpy torch
    python3 tests/golden/retinaface.py
"""


import formula
import torch
import torch.nn.functional as F
from torch import nn

SIZE = 64


def conv_bn(inp, out, stride=1, kernel=3, act=True):
    layers = [nn.Conv2d(inp, out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(out)]
    return nn.Sequential(*layers, *([nn.LeakyReLU(0.1)] if act else []))


def conv_dw(inp, out, stride):
    return nn.Sequential(
        nn.Conv2d(inp, inp, 3, stride, 1, groups=inp, bias=False), nn.BatchNorm2d(inp), nn.LeakyReLU(0.1),
        nn.Conv2d(inp, out, 1, bias=False), nn.BatchNorm2d(out), nn.LeakyReLU(0.1),
    )


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.stage1 = nn.Sequential(
            conv_bn(3, 8, 2), conv_dw(8, 16, 1), conv_dw(16, 32, 2), conv_dw(32, 32, 1), conv_dw(32, 64, 2), conv_dw(64, 64, 1)
        )
        self.stage2 = nn.Sequential(conv_dw(64, 128, 2), *[conv_dw(128, 128, 1) for _ in range(5)])
        self.stage3 = nn.Sequential(conv_dw(128, 256, 2), conv_dw(256, 256, 1))

    def forward(self, x):
        a = self.stage1(x)
        b = self.stage2(a)
        return a, b, self.stage3(b)


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.output1, self.output2, self.output3 = (conv_bn(c, 64, kernel=1) for c in (64, 128, 256))
        self.merge1, self.merge2 = conv_bn(64, 64), conv_bn(64, 64)

    def forward(self, maps):
        a, b, c = self.output1(maps[0]), self.output2(maps[1]), self.output3(maps[2])
        b = self.merge2(b + F.interpolate(c, size=b.shape[2:], mode="nearest"))
        a = self.merge1(a + F.interpolate(b, size=a.shape[2:], mode="nearest"))
        return a, b, c


class Ssh(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv3X3 = conv_bn(64, 32, act=False)
        self.conv5X5_1 = conv_bn(64, 16)
        self.conv5X5_2 = conv_bn(16, 16, act=False)
        self.conv7X7_2 = conv_bn(16, 16)
        self.conv7x7_3 = conv_bn(16, 16, act=False)

    def forward(self, x):
        shared = self.conv5X5_1(x)
        return F.relu(torch.cat([self.conv3X3(x), self.conv5X5_2(shared), self.conv7x7_3(self.conv7X7_2(shared))], 1))


class Head(nn.Module):
    def __init__(self, values):
        super().__init__()
        self.values, self.conv1x1 = values, nn.Conv2d(64, 2 * values, 1)

    def forward(self, x):
        return self.conv1x1(x).permute(0, 2, 3, 1).reshape(x.shape[0], -1, self.values)


class RetinaFace(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.fpn = Body(), Pyramid()
        self.ssh1, self.ssh2, self.ssh3 = Ssh(), Ssh(), Ssh()
        self.ClassHead, self.BboxHead, self.LandmarkHead = (nn.ModuleList(Head(v) for _ in range(3)) for v in (2, 4, 10))

    def forward(self, x):
        maps = [ssh(m) for ssh, m in zip((self.ssh1, self.ssh2, self.ssh3), self.fpn(self.body(x)))]
        read = lambda heads: torch.cat([head(m) for head, m in zip(heads, maps)], 1)
        return {"classes": read(self.ClassHead).softmax(2), "boxes": read(self.BboxHead), "landmarks": read(self.LandmarkHead)}


if __name__ == "__main__":
    formula.write(__file__, RetinaFace(), formula.picture(SIZE) * 4 - 2, {"boxes": 7, "landmarks": 13, "classes": 5})
