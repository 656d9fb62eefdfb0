"""Prepared folders -> scores of two published networks, in the columns of `trainer evaluate`'s scores.csv.

    python3 -m venv peers && peers/bin/pip install onnxruntime numpy pillow
    peers/bin/python tests/bench/peers.py --data data/mine --weights onnx --out runs/peers
    trainer compare --scores Bonafide=runs/finetune/scores.csv --scores MiniFASNetV2=runs/peers/MiniFASNetV2.csv \\
        --scores MiniFASNetV1SE=runs/peers/MiniFASNetV1SE.csv --out runs/peers

`--weights` holds MiniFASNetV2.onnx and MiniFASNetV1SE.onnx, the two models of minivision-ai/Silent-Face-Anti-Spoofing
(Apache-2.0), input [1, 3, 80, 80], three outputs. Written are one CSV a model and, as that repository decides, their mean
(MiniFASNet.csv): development and test rows, non-responses with an empty score.

Preprocessing is that repository's: a region 2.7 (V2) or 4.0 (V1SE) times the face box around its centre, no larger than the
picture and shifted to lie within it, bilinear without smoothing to 80 x 80, BGR from 0 to 255; of the softmax, class 1 is
bona fide. The networks see less than they were trained on where the stored crop ends before the region does: prepare with
more around the face (`margin` times `reach` of prepared.json) to be fair to them. Their boxes come from a RetinaFace, which
reach from forehead to chin, ours from eyebrows to chin: `--faces` takes the boxes that `trainer detect --detector retinaface`
prints for the crops; without it, or where it found none, the box is `face` of the crop's record, or the centred square that
the crop was cut around.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

SCALES = {"MiniFASNetV2": 2.7, "MiniFASNetV1SE": 4.0}
MEAN = "MiniFASNet"
SIDE = 80
BONA_FIDE = 1
COLUMNS = ["source", "subject", "class", "score", "split"]


def region(width, height, face, scale):
    """Left, top, right, bottom in whole pixels, the last ones included."""
    x, y, box_width, box_height = face
    scale = min((height - 1) / box_height, (width - 1) / box_width, scale)
    new_width, new_height = box_width * scale, box_height * scale
    left, top = x + (box_width - new_width) / 2, y + (box_height - new_height) / 2
    left = min(max(left, 0), width - 1 - new_width)
    top = min(max(top, 0), height - 1 - new_height)
    return int(left), int(top), int(left + new_width), int(top + new_height)


def resize(pixels, side):
    """Bilinear between the nearest pixels, as OpenCV's INTER_LINEAR: Pillow would smooth."""

    def places(length):
        at = np.clip((np.arange(side) + 0.5) * length / side - 0.5, 0, length - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, length - 1), (at - low).astype(np.float32)

    (top, bottom, down), (left, right, across) = places(pixels.shape[0]), places(pixels.shape[1])
    down, across = down[:, None, None], across[None, :, None]
    rows = pixels[top] * (1 - down) + pixels[bottom] * down
    return np.rint(rows[:, left] * (1 - across) + rows[:, right] * across)


def network_input(image, face, scale):
    left, top, right, bottom = region(image.width, image.height, face, scale)
    pixels = np.asarray(image, dtype=np.float32)[top : bottom + 1, left : right + 1]
    return resize(pixels, SIDE)[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)


def score(session, values):
    logits = session.run(None, {session.get_inputs()[0].name: values})[0][0]
    if not np.isfinite(logits).all():
        raise ValueError(f"the network answered {logits}")
    powers = np.exp(logits - logits.max())
    return float(powers[BONA_FIDE] / powers.sum())


def kind(attack):
    """The class column: a species, finer where an instrument is named."""
    if attack is None:
        return "bona fide"
    return attack["species"] + (f"/{attack['instrument']}" if attack.get("instrument") else "")


def records(folder):
    """The last line of each number counts, as for the trainer."""
    lines = (folder / "records.jsonl").read_text().splitlines()
    by_number = {record["number"]: record for record in map(json.loads, lines)}
    return [by_number[number] for number in sorted(by_number)]


def boxes(file):
    """The largest face of each picture, by path; none where the detector found none."""
    found = {}
    for line in map(json.loads, file.read_text().splitlines()):
        faces = [face["box"] for face in line.get("faces", [])]
        if faces:
            found[line["file"]] = max(faces, key=lambda box: box[2] * box[3])
    return found


def rows(folder, sessions, found):
    """Source, subject, class and split of each presentation, and its score by model or None."""
    header = json.loads((folder / "prepared.json").read_text())
    if not header["complete"]:
        sys.exit(f"{folder} is not finished: go on with the same `trainer prepare` command")
    around = header.get("margin", 1.5) * header.get("reach", 1.3)
    for record in records(folder):
        if record["split"] not in ("development", "test"):
            continue
        who = record["source"], record["subject"]
        if "crops" not in record["outcome"]:
            yield *who, kind(record["attack"]), record["split"], None
            continue
        for crop in record["outcome"]["crops"]:
            image = Image.open(folder / crop["image"]).convert("RGB")
            side = image.width / around
            face = found.get(str(folder / crop["image"])) or crop.get("face") or [(image.width - side) / 2, (image.height - side) / 2, side, side]
            scores = {
                name: score(session, network_input(image, face, SCALES[name])) for name, session in sessions.items()
            }
            yield *who, kind(crop["attack"]), record["split"], scores


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders that `trainer prepare` wrote")
    parser.add_argument("--weights", type=Path, required=True, help="folder of the .onnx files")
    parser.add_argument("--faces", type=Path, help="what `trainer detect` printed for the crops")
    parser.add_argument("--out", type=Path, required=True, help="folder for the CSV files")
    args = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = {
        name: onnxruntime.InferenceSession(args.weights / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
        for name in SCALES
    }
    found = boxes(args.faces) if args.faces else {}
    args.out.mkdir(parents=True, exist_ok=True)
    all_rows = [row for folder in args.data for row in rows(folder, sessions, found)]
    for name in [*SCALES, MEAN]:
        with (args.out / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for source, subject, which, split, scores in all_rows:
                value = "" if scores is None else (sum(scores.values()) / len(scores) if name == MEAN else scores[name])
                writer.writerow([source, subject, which, value, split])
    print(f"{len(all_rows)} presentations: {args.out}")


if __name__ == "__main__":
    main()
