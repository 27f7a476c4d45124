# SPDX-License-Identifier: Apache-2.0
"""Float operators between DEQUANTIZE and QUANTIZE become integer operators that give what ONNX Runtime gives.

ONNX Runtime computes in floats and rounds half to even; the integer operators may be off by one where that is a tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import NodeProto
from tests.importers.onnx_models import floats, imported, model, node, results, runtime

from milliwatt.ir import DType, Graph

Array = npt.NDArray[Any]


class Model:
    """A QDQ model: every float value between two nodes passes through QuantizeLinear and DequantizeLinear."""

    def __init__(self, dtype: str = "int8") -> None:
        self.dtype = np.dtype(dtype)
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, Array] = {}

    def quantised(self, name: str, *, scale: float = 0.05, zero_point: int | None = None) -> str:
        """The value behind a QuantizeLinear and a DequantizeLinear."""
        point = (3 if self.dtype.kind == "i" else 131) if zero_point is None else zero_point
        if self.dtype.itemsize == 2:
            scale, point = scale / 200, 0
        self.constants |= {f"{name}_s": np.float32(scale), f"{name}_z": np.array(point, self.dtype)}
        self.nodes.append(node("QuantizeLinear", f"{name} {name}_s {name}_z", f"{name}_q"))
        self.nodes.append(node("DequantizeLinear", f"{name}_q {name}_s {name}_z", f"{name}_d"))
        return f"{name}_d"

    def weights(
        self, name: str, real: Array, *, axis: int | None = None, dtype: str = "int8", zero_point: int = 0
    ) -> str:
        """Constant integers behind a DequantizeLinear."""
        moved = np.moveaxis(real, axis or 0, 0).reshape(real.shape[axis or 0], -1)
        largest = np.abs(moved).max(1) if axis is not None else np.abs(real).max()
        scale = np.asarray(largest / 120, np.float32)
        shape = tuple(-1 if index == axis else 1 for index in range(real.ndim)) if axis is not None else ()
        integers = np.clip(np.rint(real / scale.reshape(shape)) + zero_point, *_limits(dtype)).astype(dtype)
        points = np.full(scale.shape, zero_point, dtype)
        self.constants |= {f"{name}_w": integers, f"{name}_s": scale, f"{name}_z": points}
        attributes = {} if axis is None else {"axis": axis}
        self.nodes.append(node("DequantizeLinear", f"{name}_w {name}_s {name}_z", f"{name}_d", **attributes))
        return f"{name}_d"

    def apply(self, op: str, inputs: str, output: str, **attributes: Any) -> str:
        """A float node."""
        self.nodes.append(node(op, inputs, output, **attributes))
        return output

    def data(self, inputs: dict[str, Sequence[int]], output: str) -> bytes:
        """The bytes of the model."""
        return model(self.nodes, inputs=inputs, outputs=[output], constants=self.constants, opset=21)


def _limits(dtype: str) -> tuple[int, int]:
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def integer(data: bytes, arrays: Sequence[Array], scale: float, *, most: float = 0.02) -> Graph:
    """Compare with ONNX Runtime: at most one step, in few elements; and no float arithmetic is left."""
    graph = imported(data)
    (expected,) = runtime(data, arrays, exact=True)
    for (found,) in results(graph, arrays):
        steps = np.abs(found - expected) / scale
        assert steps.max() < 1.01
        assert (steps > 0.5).mean() <= most
    for item in graph.nodes:
        floating = [
            graph.values[name].dtype is DType.FLOAT32 for name in (*item.outputs, *item.inputs[:1]) if name
        ]
        assert item.op in ("QUANTIZE", "DEQUANTIZE") or not any(floating), item
    return graph


TYPES = ("int8", "uint8", "int16")


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("activation", ["", "Relu", "Clip"])
def test_convolution(dtype: str, activation: str) -> None:
    build = Model(dtype)
    data = build.quantised("x")
    weights = build.weights("w", floats(6, 3, 3, 3, seed=1) * 0.1, axis=0)
    build.constants["b"] = floats(6, seed=2)
    value = build.apply("Conv", f"{data} {weights} b", "c", pads=[1, 1, 1, 1], strides=[2, 1])
    if activation:
        build.constants |= {"low": np.float32(0), "high": np.float32(6)}
        value = build.apply(activation, value if activation == "Relu" else f"{value} low high", "a")
    end = build.quantised(value, scale=0.03)
    scale = float(build.constants[f"{value}_s"])
    graph = integer(build.data({"x": (1, 3, 8, 7)}, end), [floats(1, 3, 8, 7)], scale)
    assert "CONV_2D" in [item.op for item in graph.nodes]


@pytest.mark.parametrize("dtype", TYPES)
def test_depthwise_per_channel_and_matmul_with_bias(dtype: str) -> None:
    build = Model(dtype)
    data = build.quantised("x")
    weights = build.weights("w", floats(4, 1, 3, 3, seed=1), axis=0)
    first = build.quantised(build.apply("Conv", f"{data} {weights}", "c", group=4), scale=0.1)
    pooled = build.quantised(build.apply("GlobalAveragePool", first, "p"), scale=0.02)
    flat = build.apply("Flatten", pooled, "f")
    dense = build.weights("v", floats(5, 4, seed=3), axis=0)
    build.constants["b"] = floats(5, seed=2)
    end = build.quantised(build.apply("Gemm", f"{flat} {dense} b", "g", transB=1), scale=0.05)
    graph = integer(
        build.data({"x": (1, 4, 8, 7)}, end), [floats(1, 4, 8, 7)], float(build.constants["g_s"]), most=0.3
    )
    ops = [item.op for item in graph.nodes]
    assert {"DEPTHWISE_CONV_2D", "MEAN", "FULLY_CONNECTED"} <= set(ops)


PAIRS = {"Add": 0.0817, "Sub": 0.0771, "Mul": 0.0513}


@pytest.mark.parametrize("op", PAIRS)
@pytest.mark.parametrize("dtype", TYPES)
def test_pairs(op: str, dtype: str) -> None:
    build = Model(dtype)
    left, right = build.quantised("x"), build.quantised("y", scale=0.03)
    end = build.quantised(build.apply(op, f"{left} {right}", "c"), scale=PAIRS[op])
    arrays = [floats(1, 3, 5, 5), floats(1, 3, 5, 5, seed=1)]
    integer(
        build.data({"x": (1, 3, 5, 5), "y": (1, 3, 5, 5)}, end),
        arrays,
        float(build.constants["c_s"]),
        most=0.05,
    )


def test_a_product_with_one_number() -> None:
    build = Model()
    build.constants["k"] = np.float32(0.37)
    end = build.quantised(build.apply("Mul", f"{build.quantised('x')} k", "c"), scale=0.02)
    integer(build.data({"x": (1, 3, 5)}, end), [floats(1, 3, 5)], 0.02, most=0.1)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(
    "op", ["Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Softplus", "Mish", "Elu", "Softsign", "Sqrt"]
)
def test_activations_become_tables(op: str, dtype: str) -> None:
    build = Model(dtype)
    data = build.quantised("x")
    end = build.quantised(build.apply(op, build.apply("Abs", data, "a"), "c"), scale=0.01)
    graph = integer(build.data({"x": (1, 40)}, end), [floats(1, 40)], 0.01, most=0.1)
    assert [item.op for item in graph.nodes].count("LOOKUP") == 1


def test_x_times_sigmoid_is_one_table() -> None:
    build = Model()
    data = build.quantised("x")
    build.apply("Sigmoid", data, "g")
    end = build.quantised(build.apply("Mul", f"{data} g", "c"), scale=0.02)
    graph = integer(build.data({"x": (1, 40)}, end), [floats(1, 40)], 0.02, most=0.1)
    assert [item.op for item in graph.nodes] == ["QUANTIZE", "LOOKUP", "DEQUANTIZE"]


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_moves_and_choices_are_carried(dtype: str) -> None:
    build = Model(dtype)
    data = build.quantised("x")
    build.apply("MaxPool", data, "m", kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1])
    build.apply("Transpose", "m", "t", perm=[0, 2, 3, 1])
    build.constants["target"] = np.array([1, -1, 3])
    build.apply("Reshape", "t target", "r")
    build.apply("Concat", "r r", "c", axis=1)
    end = build.quantised("c", scale=0.05)
    graph = integer(build.data({"x": (1, 3, 6, 6)}, end), [floats(1, 3, 6, 6)], 0.05, most=0)
    assert "MAX_POOL_2D" in [item.op for item in graph.nodes]


def test_concatenated_parts_are_brought_to_one_scale() -> None:
    build = Model()
    left, right = build.quantised("x"), build.quantised("y", scale=0.02)
    end = build.quantised(build.apply("Concat", f"{left} {right}", "c", axis=1), scale=0.06)
    arrays = [floats(1, 3, 4), floats(1, 2, 4, seed=1)]
    integer(build.data({"x": (1, 3, 4), "y": (1, 2, 4)}, end), arrays, 0.06, most=0.05)


def test_average_pools_round_once() -> None:
    build = Model()
    value = build.apply("AveragePool", build.quantised("x"), "p", kernel_shape=[3, 3], strides=[2, 2])
    end = build.quantised(value, scale=0.011)
    graph = integer(build.data({"x": (1, 3, 9, 9)}, end), [floats(1, 3, 9, 9)], 0.011, most=0.05)
    assert "DEPTHWISE_CONV_2D" in [item.op for item in graph.nodes]


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_softmax(dtype: str) -> None:
    build = Model(dtype)
    point = -128 if dtype == "int8" else 0
    end = build.quantised(build.apply("Softmax", build.quantised("x"), "s"), scale=1 / 256, zero_point=point)
    integer(build.data({"x": (3, 10)}, end), [floats(3, 10)], 1 / 256, most=0.1)


def test_asymmetric_uint8_weights_keep_uint8_operators() -> None:
    build = Model("uint8")
    weights = build.weights("w", floats(4, 3, 3, 3, seed=1) * 0.1 - 0.02, dtype="uint8", zero_point=117)
    end = build.quantised(build.apply("Conv", f"{build.quantised('x')} {weights}", "c"), scale=0.04)
    graph = integer(build.data({"x": (1, 3, 8, 7)}, end), [floats(1, 3, 8, 7)], 0.04)
    assert {graph.values[item.outputs[0]].dtype for item in graph.nodes if item.op == "CONV_2D"} == {
        DType.UINT8
    }


def test_weights_that_stay_floats_keep_the_operator_float() -> None:
    build = Model()
    build.constants["w"] = floats(4, 3, 3, 3, seed=1)
    end = build.quantised(build.apply("Conv", f"{build.quantised('x')} w", "c"), scale=0.2)
    data = build.data({"x": (1, 3, 8, 7)}, end)
    graph = imported(data)
    (expected,) = runtime(data, [floats(1, 3, 8, 7)], exact=True)
    for (found,) in results(graph, [floats(1, 3, 8, 7)]):
        assert np.abs(found - expected).max() <= 0.2 * 1.01
