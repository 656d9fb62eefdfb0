"""The experts as `trainer import minifasnet` makes them of published ONNX files, against onnxruntime with the same files:
prints how far the logits are apart, in full precision and as they ship.

Not part of the tests, for it needs the published weights in full precision, which the repository does not hold. Each
photo's middle, reduced to 80 x 80 pixels, goes into both as it is, since an 80 x 80 picture is its own view.

    pip install numpy onnxruntime pillow
    python3 tests/golden/minifasnet_onnx.py TRAINER WEIGHTS MiniFASNetV2.onnx MiniFASNetV1SE.onnx PHOTOS...

WEIGHTS is a folder of weights with experts, such as pkg/weights.
"""

import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

SIZE = 80


def odds(logits):
    one, live, other = logits
    return live - np.logaddexp(one, other)


def main(trainer, weights, v2, v1se, photos):
    sessions = {"minifasnet-v2": v2, "minifasnet-v1se": v1se}
    sessions = {name: onnxruntime.InferenceSession(path) for name, path in sessions.items()}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "views").mkdir()
        views = []
        for at, photo in enumerate(photos):
            square = ImageOps.fit(ImageOps.exif_transpose(Image.open(photo)).convert("RGB"), (SIZE, SIZE), Image.BILINEAR)
            square.save(folder / "views" / f"{at:04}.png")
            views.append(np.asarray(square)[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32))
        expected = {
            name: np.array([odds(session.run(None, {session.get_inputs()[0].name: x})[0][0].astype(float)) for x in views])
            for name, session in sessions.items()
        }
        worst = 0.0
        for precision in ("full", "int8"):
            copy = folder / precision
            shutil.copytree(weights, copy)
            run = lambda *command: subprocess.run([trainer, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
            run("import", "minifasnet", v2, v1se, "--out", copy, "--precision", precision)
            run("fuse", "--block", Path(__file__).parents[2] / "trainer/configs/fusion.json", "--weights", copy)
            run("score", "--whole", folder / "views", "--weights", copy, "--csv", folder / "scores.csv")
            rows = sorted(csv.DictReader(open(folder / "scores.csv")), key=lambda row: row["path"])
            for name, theirs in expected.items():
                ours = np.array([float(row[f"{name}@1.5"]) for row in rows])
                apart = np.abs(ours - theirs)
                print(f"{name}, {precision}: {len(ours)} pictures, logits {theirs.min():.2f} to {theirs.max():.2f}, apart "
                      f"at most {apart.max():.2e}, on average {apart.mean():.2e}, correlation {np.corrcoef(ours, theirs)[0, 1]:.6f}")
                if precision == "full":
                    worst = max(worst, apart.max())
    sys.exit(0 if worst < 1e-3 else 1)


if __name__ == "__main__":
    main(*sys.argv[1:5], sys.argv[5:])
