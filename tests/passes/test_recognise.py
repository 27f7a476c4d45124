# SPDX-License-Identifier: Apache-2.0
"""What exporters decompose is found again: one operator is left, and it computes what PyTorch's function does."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.ir import AttrValue, DType, Graph, Quant, TensorType
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.testing.builder import GraphBuilder

Array = npt.NDArray[Any]
SHAPE = (2, 5, 6)


class Written:
    """Writes operators one by one; numbers and arrays become constants."""

    def __init__(self) -> None:
        self.build = GraphBuilder(np.random.default_rng(3))
        self.data = self.build.input(TensorType(DType.FLOAT32, SHAPE))

    def __call__(self, name: str, *inputs: str | float | Array, **attrs: AttrValue) -> str:
        names = [
            value if isinstance(value, str) else self.build.constant(np.asarray(value, self._dtype(value)))
            for value in inputs
        ]
        dtype = DType.BOOL if name.startswith("GREATER") else DType.FLOAT32
        return self.build.node(name, names, attrs=attrs, dtype=dtype)[0]

    def reduced(self, name: str, value: str, *axes: int) -> str:
        return self(name, value, np.array(axes, np.int32), keep_dims=True)

    @staticmethod
    def _dtype(value: float | Array) -> type:
        return np.int32 if isinstance(value, np.ndarray) and value.dtype == np.int32 else np.float32


Write = Callable[[Written], str]


def gelu(order: tuple[int, ...], grouped: bool) -> Write:
    """0.5, x and 1 + erf(x / sqrt(2)) multiplied in some order, from the left or from the right."""

    def write(op: Written) -> str:
        erf = op("ADD", 1.0, op("ERF", op("DIV", op.data, math.sqrt(2))))
        factors: list[str | float] = [[0.5, op.data, erf][index] for index in order]
        if grouped:
            return op("MUL", factors[0], op("MUL", factors[1], factors[2]))
        return op("MUL", op("MUL", factors[0], factors[1]), factors[2])

    return write


def gelu_halved(op: Written) -> str:
    erf = op("ERF", op("MUL", op.data, 0.7071067811865475))
    return op("MUL", op("DIV", op.data, 2.0), op("ADD", erf, 1.0))


def cube(op: Written) -> str:
    return op("MUL", op("MUL", op.data, op.data), op.data)


def gelu_tanh(op: Written) -> str:
    inner = op("MUL", op("ADD", op.data, op("MUL", cube(op), 0.044715)), math.sqrt(2 / math.pi))
    return op("MUL", op("MUL", op.data, op("ADD", op("TANH", inner), 1.0)), 0.5)


def gelu_tanh_factored(op: Written) -> str:
    square = op("ADD", op("MUL", op("SQUARE", op.data), 0.044715), 1.0)
    inner = op("MUL", op("MUL", op.data, math.sqrt(2 / math.pi)), square)
    return op("MUL", op("MUL", op.data, 0.5), op("ADD", 1.0, op("TANH", inner)))


def silu(op: Written) -> str:
    return op("MUL", op("LOGISTIC", op.data), op.data)


def silu_of_exp(op: Written) -> str:
    return op("DIV", op.data, op("ADD", op("EXP", op("NEG", op.data)), 1.0))


def logistic(op: Written) -> str:
    return op("DIV", 1.0, op("ADD", 1.0, op("EXP", op("MUL", op.data, -1.0))))


def clipped(op: Written, value: str, low: float, high: float) -> str:
    return op("MINIMUM", op("MAXIMUM", value, low), high)


def hard_swish(op: Written) -> str:
    return op("DIV", op("MUL", op.data, op("RELU6", op("ADD", op.data, 3.0))), 6.0)


def hard_swish_by_clip(op: Written) -> str:
    return op("MUL", op.data, op("MUL", clipped(op, op("ADD", 3.0, op.data), 0.0, 6.0), 1 / 6))


def hard_swish_by_gate(op: Written) -> str:
    line = op("ADD", op("MUL", op.data, 1 / 6), 0.5)
    return op("MUL", op("RELU_0_TO_1", line), op.data)


def hard_sigmoid(op: Written) -> str:
    return op("DIV", op("RELU6", op("ADD", op.data, 3.0)), 6.0)


def hard_sigmoid_by_clip(op: Written) -> str:
    return op("MAXIMUM", op("MINIMUM", op("ADD", op("DIV", op.data, 6.0), 0.5), 1.0), 0.0)


def leaky_by_maximum(op: Written) -> str:
    return op("MAXIMUM", op("MUL", 0.1, op.data), op.data)


def leaky_by_select(op: Written) -> str:
    return op("SELECT_V2", op("GREATER", op.data, 0.0), op.data, op("MUL", op.data, 0.1))


def leaky_by_parts(op: Written) -> str:
    return op("ADD", op("RELU", op.data), op("MUL", op("MINIMUM", op.data, 0.0), 0.1))


SCALE, BIAS = (np.random.default_rng(9).normal(1, 0.3, (2, 6)).astype(np.float32)).reshape(2, 6)


def affine(op: Written, value: str) -> str:
    return op("ADD", op("MUL", value, SCALE), BIAS.reshape(1, 6))


def layer_norm(op: Written) -> str:
    centred = op("SUB", op.data, op.reduced("MEAN", op.data, 2))
    variance = op.reduced("MEAN", op("MUL", centred, centred), -1)
    return affine(op, op("DIV", centred, op("SQRT", op("ADD", variance, 1e-5))))


def layer_norm_by_rsqrt(op: Written) -> str:
    mean = op.reduced("MEAN", op.data, 2)
    variance = op.reduced("MEAN", op("SQUARED_DIFFERENCE", op.data, mean), 2)
    inverse = op("RSQRT", op("ADD", 1e-5, variance))
    return affine(op, op("MUL", op("SUB", op.data, mean), inverse))


def layer_norm_of_keras(op: Written) -> str:
    mean = op.reduced("MEAN", op.data, 2)
    variance = op.reduced("MEAN", op("SQUARED_DIFFERENCE", op.data, mean), 2)
    gain = op("MUL", op("RSQRT", op("ADD", variance, 1e-5)), SCALE)
    return op("ADD", op("MUL", op.data, gain), op("SUB", BIAS, op("MUL", mean, gain)))


def layer_norm_of_sums(op: Written) -> str:
    """Computed twice, as some exporters do, with sums over counts."""
    centred = [op("SUB", op.data, op("MUL", op.reduced("SUM", op.data, 2), 1 / 6)) for _ in range(2)]
    variance = op("DIV", op.reduced("SUM", op("SQUARE", centred[0]), 2), 6.0)
    return affine(op, op("DIV", centred[1], op("SQRT", op("ADD", variance, 1e-5))))


def layer_norm_of_planes(op: Written) -> str:
    centred = op("SUB", op.data, op.reduced("MEAN", op.data, 1, 2))
    variance = op.reduced("MEAN", op("SQUARE", centred), 1, 2)
    return op("DIV", centred, op("SQRT", op("ADD", variance, 1e-5)))


def rms_norm(op: Written) -> str:
    mean = op.reduced("MEAN", op("SQUARE", op.data), 2)
    inverse = op("DIV", 1.0, op("SQRT", op("ADD", mean, 1e-6)))
    return op("MUL", SCALE, op("MUL", op.data, inverse))


def l2(op: Written) -> str:
    total = op.reduced("SUM", op("SQUARE", op.data), 2)
    return op("DIV", op.data, op("MAXIMUM", op("SQRT", total), 1e-6))


def l2_by_rsqrt(op: Written) -> str:
    total = op.reduced("SUM", op("MUL", op.data, op.data), 2)
    return op("MUL", op("RSQRT", op("MAXIMUM", total, 1e-12)), op.data)


def softmax(op: Written) -> str:
    terms = op("EXP", op("SUB", op.data, op.reduced("REDUCE_MAX", op.data, 2)))
    return op("DIV", terms, op.reduced("SUM", terms, 2))


def bare_softmax(op: Written) -> str:
    terms = op("EXP", op.data)
    return op("DIV", terms, op.reduced("SUM", terms, 2))


def log_softmax(op: Written) -> str:
    centred = op("SUB", op.data, op.reduced("REDUCE_MAX", op.data, 2))
    return op("SUB", centred, op("LOG", op.reduced("SUM", op("EXP", centred), 2)))


def mean_of_means(op: Written) -> str:
    return op.reduced("MEAN", op.reduced("MEAN", op.data, 2), 1)


def mean_of_dropped_means(op: Written) -> str:
    inner = op("MEAN", op.data, np.array([1], np.int32))
    return op("RESHAPE", op("MEAN", inner, np.array([1], np.int32)), new_shape=(2, 1, 1))


ORDERS = {
    f"gelu {order}{' grouped' if grouped else ''}": (gelu(order, grouped), "GELU", "gelu")
    for order, grouped in itertools.product(itertools.permutations(range(3)), (False, True))
}
# How it is written, the operator that must be left, and PyTorch's function of the tensor and the module F.
CASES: dict[str, tuple[Write, str, str]] = {
    **ORDERS,
    "gelu halved": (gelu_halved, "GELU", "gelu"),
    "gelu by tanh": (gelu_tanh, "GELU", "gelu_tanh"),
    "gelu by tanh, factored": (gelu_tanh_factored, "GELU", "gelu_tanh"),
    "silu": (silu, "SILU", "silu"),
    "silu of exponentials": (silu_of_exp, "SILU", "silu"),
    "logistic": (logistic, "LOGISTIC", "sigmoid"),
    "hard swish": (hard_swish, "HARD_SWISH", "hardswish"),
    "hard swish by clip": (hard_swish_by_clip, "HARD_SWISH", "hardswish"),
    "hard swish by gate": (hard_swish_by_gate, "HARD_SWISH", "hardswish"),
    "hard sigmoid": (hard_sigmoid, "HARD_SIGMOID", "hardsigmoid"),
    "hard sigmoid by clip": (hard_sigmoid_by_clip, "HARD_SIGMOID", "hardsigmoid"),
    "leaky by maximum": (leaky_by_maximum, "LEAKY_RELU", "leaky_relu"),
    "leaky by select": (leaky_by_select, "LEAKY_RELU", "leaky_relu"),
    "leaky by parts": (leaky_by_parts, "LEAKY_RELU", "leaky_relu"),
    "relu6": (lambda op: clipped(op, op.data, 0.0, 6.0), "RELU6", "relu6"),
    "hardtanh": (lambda op: clipped(op, op.data, -1.0, 1.0), "RELU_N1_TO_1", "hardtanh"),
    "layer norm": (layer_norm, "LAYER_NORM", "layer_norm"),
    "layer norm by rsqrt": (layer_norm_by_rsqrt, "LAYER_NORM", "layer_norm"),
    "layer norm of Keras": (layer_norm_of_keras, "LAYER_NORM", "layer_norm"),
    "layer norm of sums": (layer_norm_of_sums, "LAYER_NORM", "layer_norm"),
    "layer norm of planes": (layer_norm_of_planes, "LAYER_NORM", "layer_norm_of_planes"),
    "rms norm": (rms_norm, "RMS_NORM", "rms_norm"),
    "l2": (l2, "L2_NORMALIZATION", "normalize"),
    "l2 by rsqrt": (l2_by_rsqrt, "L2_NORMALIZATION", "normalize"),
    "softmax": (softmax, "SOFTMAX", "softmax"),
    "softmax without maximum": (bare_softmax, "SOFTMAX", "softmax"),
    "log softmax": (log_softmax, "LOG_SOFTMAX", "log_softmax"),
    "mean of means": (mean_of_means, "MEAN", "mean"),
    "mean of dropped means": (mean_of_dropped_means, "MEAN", "mean"),
}


def pytorch(name: str, data: Array) -> Array:
    """PyTorch's function of that name."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    tensor, scale, bias = (torch.from_numpy(array) for array in (data, SCALE, BIAS))
    functional = torch.nn.functional
    special: dict[str, Callable[[], Any]] = {
        "gelu_tanh": lambda: functional.gelu(tensor, approximate="tanh"),
        "leaky_relu": lambda: functional.leaky_relu(tensor, 0.1),
        "layer_norm": lambda: functional.layer_norm(tensor, (6,), scale, bias, 1e-5),
        "layer_norm_of_planes": lambda: functional.layer_norm(tensor, (5, 6), None, None, 1e-5),
        "rms_norm": lambda: functional.rms_norm(tensor, (6,), scale, 1e-6),
        "normalize": lambda: functional.normalize(tensor, dim=2, eps=1e-6),
        "softmax": lambda: functional.softmax(tensor, dim=2),
        "log_softmax": lambda: functional.log_softmax(tensor, dim=2),
        "mean": lambda: tensor.mean((1, 2), keepdim=True),
        "sigmoid": lambda: tensor.sigmoid(),
    }
    call = special.get(name, lambda: getattr(functional, name)(tensor))
    return np.asarray(call().numpy())


def ops(graph: Graph) -> set[str]:
    return {node.op for node in graph.nodes} - {"RESHAPE"}


@pytest.mark.parametrize("name", CASES)
def test_one_operator_is_left(name: str) -> None:
    write, op, function = CASES[name]
    written = Written()
    write(written)
    graph = written.build.graph()
    result = optimise(graph)
    assert [node.op for node in result.nodes if node.op != "RESHAPE"] == [op]
    data = np.random.default_rng(4).normal(0, 2, SHAPE).astype(np.float32)
    expected = pytorch(function, data)
    for form in (graph, result):
        np.testing.assert_allclose(Interpreter(form).run([data])[0], expected, rtol=3e-6, atol=2e-6)


def other_slope(op: Written) -> str:
    return op("MUL", op.data, op("LOGISTIC", op("MUL", op.data, 1.702)))


def read_inside(op: Written) -> str:
    """The gate is an output, too: it would be computed twice."""
    gate = op("LOGISTIC", op.data)
    op("NEG", gate)
    return op("MUL", op.data, gate)


def other_data(op: Written) -> str:
    return op("MUL", op.data, op("LOGISTIC", op("ABS", op.data)))


def steep_leak(op: Written) -> str:
    return op("MAXIMUM", op.data, op("MUL", op.data, 1.5))


def wrong_axis(op: Written) -> str:
    terms = op("EXP", op("SUB", op.data, op.reduced("REDUCE_MAX", op.data, 1)))
    return op("DIV", terms, op.reduced("SUM", terms, 1))


def integers_behind(op: Written) -> str:
    value = silu(op)
    op.build.node("QUANTIZE", (value,), dtype=DType.INT8, quant=Quant((0.125,), (0,)))
    return value


STAYS: dict[str, Write] = {
    "another slope": other_slope,
    "a gate that others read": read_inside,
    "a gate of other data": other_data,
    "a leak above one": steep_leak,
    "a softmax over another axis": wrong_axis,
    "integers behind": integers_behind,
}


@pytest.mark.parametrize("name", STAYS)
def test_stays(name: str) -> None:
    written = Written()
    STAYS[name](written)
    graph = written.build.graph()
    assert ops(optimise(graph)) == ops(graph)


def test_long_chains_end() -> None:
    """More operators in a row than Python can recurse along."""
    written = Written()
    value = written.data
    for _ in range(1050):
        value = written("NEG", value)
    assert ops(optimise(written.build.graph())) == {"NEG"}
