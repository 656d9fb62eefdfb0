"""`trainer detect --detector retinaface` against the same network as ONNX, run by onnxruntime: prints the boxes' overlaps.

Not part of the tests, for it needs the published weights in both forms, which the repository does not hold:

    pip install numpy onnxruntime pillow
    python3 tests/golden/retinaface_onnx.py TRAINER CHECKPOINT.pth NETWORK.onnx PHOTOS...

It sees the photos as the trainer does: the whole frame as a square of 640 x 640, black around it, by means of bilinear
samples. Decoding and suppression are its own, in Pytorch_Retinaface's normalised coordinates.
"""

import json
import subprocess
import sys

import numpy as np
import onnxruntime
from PIL import Image

SIZE = 640


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
    photo = np.asarray(Image.open(path).convert("RGB"))
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


def main(trainer, checkpoint, network, photos):
    session = onnxruntime.InferenceSession(network)
    prior = np.array(list(priors()), dtype=np.float32)
    command = [trainer, "detect", *photos, "--detector", "retinaface", "--retinaface", checkpoint]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
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
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
