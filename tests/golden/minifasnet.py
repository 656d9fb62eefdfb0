"""MiniFASNetV2 and V1SE with computed weights on a computed picture, run by onnxruntime -> minifasnet.json.

Written from the structure of Minivision's MiniFASNet.py, layer by layer, batch norms not folded, under its state dict's
names. The Rust test fills its own networks through a checkpoint with these names. Run it again only if a network changes:

    pip install numpy onnx onnxruntime
    python3 tests/golden/minifasnet.py
"""

import json
from pathlib import Path

import formula
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SIZE = 80
# Channels within the bottlenecks of each stage: of the one that halves the map, then of the residual ones.
V2 = [(103, [13] * 4), (231, [231, 52, 26, 77, 26, 26]), (308, [26, 26])]
V1SE = [(103, [13, 26, 13, 52]), (231, [154, 52, 26, 52, 26, 26]), (308, [26, 26])]
PLACES = [("conv_23", "conv_3", 64), ("conv_34", "conv_4", 128), ("conv_45", "conv_5", 128)]


class Graph:
    """Nodes and their computed constants, added one after the other."""

    def __init__(self):
        self.nodes, self.constants, self.shapes, self.count = [], [], {}, 0

    def node(self, kind, inputs, **attributes):
        self.count += 1
        self.nodes.append(helper.make_node(kind, inputs, [f"y{self.count}"], **attributes))
        return f"y{self.count}"

    def constant(self, name, shape, stored=None):
        value = formula.values(f"module.{name}", shape)
        self.shapes[f"module.{name}"] = shape
        self.constants.append(numpy_helper.from_array(value.reshape(stored or shape), name))
        return name

    def norm(self, x, name, channels):
        parts = [self.constant(f"{name}.{part}", [channels]) for part in ("weight", "bias", "running_mean", "running_var")]
        return self.node("BatchNormalization", [x, *parts], epsilon=1e-5)

    def conv(self, x, name, shape, stride=1, padding=0, groups=1):
        weight = self.constant(f"{name}.weight", shape)
        return self.node("Conv", [x, weight], kernel_shape=shape[2:], strides=[stride] * 2, pads=[padding] * 4, group=groups)

    def block(self, x, name, inp, out, kernel=1, stride=1, padding=0, groups=1, prelu=True):
        x = self.conv(x, f"{name}.conv", [out, inp // groups, kernel, kernel], stride, padding, groups)
        x = self.norm(x, f"{name}.bn", out)
        if not prelu:
            return x
        return self.node("PRelu", [x, self.constant(f"{name}.prelu.weight", [out], [out, 1, 1])])

    def squeeze(self, x, name, channels):
        y = self.node("GlobalAveragePool", [x])
        y = self.norm(self.conv(y, f"{name}.fc1", [channels // 4, channels, 1, 1]), f"{name}.bn1", channels // 4)
        y = self.conv(self.node("Relu", [y]), f"{name}.fc2", [channels, channels // 4, 1, 1])
        return self.node("Mul", [x, self.node("Sigmoid", [self.norm(y, f"{name}.bn2", channels)])])

    def bottleneck(self, x, name, inp, width, out, stride, squeeze=False):
        y = self.block(x, f"{name}.conv", inp, width)
        y = self.block(y, f"{name}.conv_dw", width, width, 3, stride, 1, width)
        y = self.block(y, f"{name}.project", width, out, prelu=False)
        if squeeze:
            y = self.squeeze(y, f"{name}.se_module", out)
        return self.node("Add", [x, y]) if stride == 1 else y


def run(stages, squeezes):
    graph = Graph()
    x = graph.block("x", "conv1", 3, 32, 3, 2, 1)
    x = graph.block(x, "conv2_dw", 32, 32, 3, 1, 1, 32)
    inp = 32
    for (width, residuals), (halving, residual, out) in zip(stages, PLACES):
        x = graph.bottleneck(x, halving, inp, width, out, 2)
        inp = out
        for at, width in enumerate(residuals):
            last = at == len(residuals) - 1
            x = graph.bottleneck(x, f"{residual}.model.{at}", inp, width, out, 1, squeezes and last)
    x = graph.block(x, "conv_6_sep", inp, 512)
    x = graph.block(x, "conv_6_dw", 512, 512, 5, groups=512, prelu=False)
    x = graph.node("Gemm", [graph.node("Flatten", [x]), graph.constant("linear.weight", [128, 512])], transB=1)
    x = graph.norm(x, "bn", 128)
    graph.node("Gemm", [x, graph.constant("prob.weight", [3, 128])], transB=1)
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    model = helper.make_model(
        helper.make_graph(graph.nodes, "g", [value("x", [1, 3, SIZE, SIZE])], [value(f"y{graph.count}", [1, 3])], graph.constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    outputs = session.run(None, {"x": 255 * formula.pixels(SIZE)})[0].reshape(-1)
    print(outputs)
    return {"shapes": graph.shapes, "outputs": {"classes": {"length": 3, "stride": 1, "values": [float(f"{v:.8g}") for v in outputs]}}}


if __name__ == "__main__":
    golden = {
        "made": f"python tests/golden/minifasnet.py, onnxruntime {onnxruntime.__version__}",
        "minifasnet-v2": run(V2, False),
        "minifasnet-v1se": run(V1SE, True),
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")
