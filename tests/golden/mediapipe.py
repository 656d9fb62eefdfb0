"""MediaPipe's .tflite files, run by LiteRT on a computed image -> mediapipe.json, the golden vectors of the import.

Independent of this project's code: another parser, another runtime. Run it again only if the pinned package changes:

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install ai-edge-litert==2.3.0 numpy
    /tmp/golden/bin/python tests/golden/mediapipe.py node_modules/@mediapipe/face_mesh
"""

import json
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

ASSETS = "face_mesh_solution_packed_assets.data"
MODELS = {
    "detector": {"bytes": (3_757_224, 3_986_256), "size": 128, "range": (-1.0, 1.0)},
    "mesh": {"bytes": (2_495_952, 3_737_848), "size": 192, "range": (0.0, 1.0)},
}
# Every value of the small outputs; the detector's boxes are thinned to keep the file small.
STRIDES = {"regressors": 7}


def image(size, low, high):
    """A drawn face on a gradient with a little texture; integer arithmetic up to the last step, so that every language
    computes the same numbers. The Rust test holds the same formula."""
    pixels = np.zeros((size, size, 3), dtype=np.int64)
    for y in range(size):
        for x in range(size):
            # Position in a 1000 x 1000 square.
            u, v = (2 * x + 1) * 500 // size, (2 * y + 1) * 500 // size
            inside = lambda cu, cv, ru, rv: (u - cu) ** 2 * rv * rv + (v - cv) ** 2 * ru * ru <= ru * ru * rv * rv
            colour = (60 + u * 60 // 1000, 80 + v * 80 // 1000, 120)
            if inside(500, 500, 260, 360):
                shade = (abs(u - 480) + abs(v - 480) // 2) * 70 // 360
                colour = (225 - shade, 175 - shade, 150 - shade)
            if inside(400, 420, 50, 24) or inside(600, 420, 50, 24):
                colour = (240, 240, 240)
            if inside(400, 420, 22, 22) or inside(600, 420, 22, 22):
                colour = (40, 25, 20)
            if inside(400, 365, 65, 14) or inside(600, 365, 65, 14):
                colour = (70, 45, 35)
            if inside(500, 560, 45, 22):
                colour = (170, 120, 100)
            if inside(500, 690, 100, 30):
                colour = (165, 70, 75)
            texture = (x * 7 + y * 13 + x * y % 11) % 9 - 4
            pixels[y, x] = [min(max(c + texture, 0), 255) for c in colour]
    values = (pixels / 255.0) * (high - low) + low
    return values.astype(np.float32)[None]


def run(model, x):
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    for output in interpreter.get_output_details():
        values = interpreter.get_tensor(output["index"]).reshape(-1)
        yield output["name"], values


def main(package):
    assets = (Path(package) / ASSETS).read_bytes()
    golden = {
        "made": "python tests/golden/mediapipe.py node_modules/@mediapipe/face_mesh (0.4.1657299874), LiteRT 2.3.0",
        "models": {},
    }
    for name, model in MODELS.items():
        start, end = model["bytes"]
        outputs = {}
        for output, values in run(assets[start:end], image(model["size"], *model["range"])):
            stride = STRIDES.get(output, 1)
            kept = [float(f"{value:.7g}") for value in values[::stride]]
            outputs[output] = {"length": len(values), "stride": stride, "values": kept}
        golden["models"][name] = {"size": model["size"], "range": model["range"], "outputs": outputs}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
