# SPDX-License-Identifier: Apache-2.0
"""Random ONNX models of the operators that image and sensor networks are made of, with or without QDQ nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Random = np.random.Generator

OPSET = 17


class RandomOnnx:
    """Builds one model; `data` is its bytes.

    Args:
        random: the source of all randomness.
        quantised: whether every value passes through QuantizeLinear and DequantizeLinear.
    """

    def __init__(self, random: Random, *, quantised: bool = False) -> None:
        self._random = random
        self._quantised = quantised
        self._nodes: list[Any] = []
        self._constants: dict[str, Array] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._scales: dict[str, float] = {}
        self._count = 0

    def model(self, *, layers: int) -> tuple[bytes, tuple[int, ...]]:
        """The bytes of a model of that many layers, and the shape of its input ``x``."""
        from onnx import TensorProto, helper, numpy_helper

        shape = (1, self._integer(1, 5), self._integer(5, 12), self._integer(5, 12))
        self._shapes["x"] = shape
        values = [self._marked("x", 4.0)]
        for _ in range(layers):
            maker = LAYERS[self._integer(0, len(LAYERS) - 1)]
            source = values[-1] if self._random.random() < 0.7 else values[self._integer(0, len(values) - 1)]
            made = maker(self, source)
            if made is not None:
                values.append(self._marked(made, 4.0))
        last = self._marked(self.dense(values[-1]), 8.0)
        graph = helper.make_graph(
            self._nodes,
            "random",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        return whole.SerializeToString(), shape

    def convolution(self, source: str) -> str | None:
        """A convolution: plain, grouped or depthwise, with any stride, padding and dilation."""
        _, channels, height, width = self._shapes[source]
        groups = self._choice([1, 1, channels])
        outputs = groups * self._integer(1, 3) if groups > 1 else self._integer(1, 6)
        window = [self._integer(1, 3), self._integer(1, 3)]
        stride, dilation = self._integer(1, 2), self._integer(1, 2)
        pads = [self._integer(0, 1) for _ in range(4)]
        if min(height, width) < 6:
            stride, dilation = 1, 1
        weights = self._random.normal(0, 0.4, (outputs, channels // groups, *window)).astype(np.float32)
        bias = self._constant(self._random.normal(0, 0.5, outputs).astype(np.float32))
        attributes = {"strides": [stride] * 2, "dilations": [dilation] * 2, "pads": pads, "group": groups}
        spans = [
            (extent + pads[axis] + pads[axis + 2] - (window[axis] - 1) * dilation - 1) // stride + 1
            for axis, extent in enumerate((height, width))
        ]
        if min(spans) < 1:
            return None
        return self._node("Conv", [source, self._weights(weights), bias], (1, outputs, *spans), **attributes)

    def activation(self, source: str) -> str | None:
        """An element-wise operator of one input."""
        op = self._choice(
            ["Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Elu", "Softplus", "Neg", "Abs"]
        )
        return self._node(op, [source], self._shapes[source])

    def pool(self, source: str) -> str | None:
        """A pool with any padding and rounding."""
        shape = self._shapes[source]
        op = self._choice(["MaxPool", "AveragePool"])
        attributes: dict[str, Any] = {"kernel_shape": [2, 3], "strides": [self._integer(1, 2), 1]}
        attributes |= {"pads": [1, 1, self._integer(0, 1), 1], "ceil_mode": self._integer(0, 1)}
        if op == "AveragePool":
            attributes["count_include_pad"] = self._integer(0, 1)
        if min(shape[2:]) < 4:
            return None
        extents = []
        for axis in (0, 1):
            span = shape[axis + 2] + attributes["pads"][axis] + attributes["pads"][axis + 2]
            steps = (span - attributes["kernel_shape"][axis]) / attributes["strides"][axis]
            count = int(np.ceil(steps) if attributes["ceil_mode"] else np.floor(steps)) + 1
            if (count - 1) * attributes["strides"][axis] >= shape[axis + 2] + attributes["pads"][axis]:
                return None  # ONNX Runtime's shape inference and its kernels disagree about such a window
            extents.append(count)
        return self._node(op, [source], (*shape[:2], *extents), **attributes)

    def sum(self, source: str) -> str | None:
        """A sum or product of two values of one shape."""
        shape = self._shapes[source]
        others = [name for name, other in self._shapes.items() if other == shape and name != source]
        others = [name for name in others if not self._quantised or name.endswith("_real")]
        other = self._choice(others) if others else source
        return self._node(self._choice(["Add", "Sub", "Mul"]), [source, other], shape)

    def concatenation(self, source: str) -> str | None:
        """A value beside itself."""
        batch, channels, height, width = self._shapes[source]
        if channels > 8:
            return None
        return self._node("Concat", [source, source], (batch, 2 * channels, height, width), axis=1)

    def normalisation(self, source: str) -> str | None:
        """Batch normalisation with constant statistics."""
        channels = self._shapes[source][1]
        rows = [self._random.uniform(0.5, 1.5, channels), self._random.normal(0, 0.5, channels)]
        rows += [self._random.normal(0, 0.5, channels), self._random.uniform(0.5, 1.5, channels)]
        names = [self._constant(row.astype(np.float32)) for row in rows]
        return self._node("BatchNormalization", [source, *names], self._shapes[source])

    def upsampling(self, source: str) -> str | None:
        """Twice the size, by nearest or linear interpolation."""
        batch, channels, height, width = self._shapes[source]
        if height * width > 100:
            return None
        scales = self._constant(np.array([1, 1, 2, 2], np.float32))
        mode = self._choice(["nearest", "linear"])
        where = self._choice(["half_pixel", "asymmetric", "align_corners"])
        attributes = {"mode": mode, "coordinate_transformation_mode": where, "nearest_mode": "floor"}
        shape = (batch, channels, 2 * height, 2 * width)
        return self._node("Resize", [source, "", scales], shape, **attributes)

    def dense(self, source: str) -> str:
        """Flattened, a matrix product with bias, and a softmax of it half of the time."""
        size = int(np.prod(self._shapes[source]))
        flat = self._node("Flatten", [source], (1, size))
        weights = self._weights(self._random.normal(0, 1 / np.sqrt(size), (4, size)).astype(np.float32))
        bias = self._constant(self._random.normal(0, 0.5, 4).astype(np.float32))
        return self._node("Gemm", [flat, weights, bias], (1, 4), transB=1)

    def _node(self, op: str, inputs: list[str], shape: tuple[int, ...], **attributes: Any) -> str:
        from onnx import helper

        name = self._name()
        self._nodes.append(helper.make_node(op, inputs, [name], **attributes))
        self._shapes[name] = tuple(int(extent) for extent in shape)
        return name

    def _marked(self, value: str, largest: float) -> str:
        """The value behind QuantizeLinear and DequantizeLinear, in quantised models."""
        if not self._quantised:
            return value
        scale = self._constant(np.array(largest / self._random.uniform(90, 127), np.float32))
        point = self._constant(np.array(self._integer(-20, 20), np.int8))
        shape = self._shapes[value]
        integers = self._node("QuantizeLinear", [value, scale, point], shape)
        real = self._node("DequantizeLinear", [integers, scale, point], shape)
        self._shapes[f"{real}_real"] = shape
        self._nodes[-1].output[0] = f"{real}_real"
        return f"{real}_real"

    def _weights(self, real: Array) -> str:
        """Weights, as int8 per output channel in quantised models."""
        from onnx import helper

        if not self._quantised:
            return self._constant(real)
        scales = (np.abs(real.reshape(len(real), -1)).max(1) / 127 + 1e-6).astype(np.float32)
        integers = np.rint(real / scales.reshape(-1, *(1,) * (real.ndim - 1))).astype(np.int8)
        names = [self._constant(array) for array in (integers, scales, np.zeros(len(real), np.int8))]
        self._nodes.append(helper.make_node("DequantizeLinear", names, [name := self._name()], axis=0))
        return name

    def _constant(self, array: Array) -> str:
        name = self._name()
        self._constants[name] = array
        return name

    def _name(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def _integer(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high + 1))

    def _choice(self, options: list[Any]) -> Any:
        return options[int(self._random.integers(len(options)))]


Layer = Callable[[RandomOnnx, str], "str | None"]
LAYERS: tuple[Layer, ...] = (
    *(RandomOnnx.convolution,) * 3,
    *(RandomOnnx.activation,) * 2,
    *(RandomOnnx.pool,) * 2,
    RandomOnnx.sum,
    RandomOnnx.sum,
    RandomOnnx.concatenation,
    RandomOnnx.normalisation,
    RandomOnnx.upsampling,
)
