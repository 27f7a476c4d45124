# SPDX-License-Identifier: Apache-2.0
"""SOFTMAX of 8-bit data: integers alone in LiteRT's reference kernels, float32 in its default engine.

The two differ by one where a probability is almost half a step, a few times in a million random elements:
the tests look there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.measure.host import HostRunner
from milliwatt.measure.litert import LiteRT, LiteRTWorker
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.tflite_writer import write

Array = npt.NDArray[Any]

# Of a classifier of digits; the largest probability is 254.4998 / 256.
DIGIT_SCALE = 0.04315683990716934
DIGIT = [-72, -62, -66, -87, -39, -68, -110, 109, -39, -88]
PAIRS = [
    (DType.INT8, DType.INT8),
    (DType.UINT8, DType.UINT8),
    (DType.INT8, DType.INT16),
    (DType.UINT8, DType.INT16),
]


@pytest.fixture(scope="module")
def worker() -> Iterator[LiteRTWorker]:
    with LiteRTWorker() as process:
        yield process


def model(shape: tuple[int, int], data: DType, output: DType, *, scale: float, beta: float = 1.0) -> Graph:
    """One SOFTMAX."""
    kinds = {
        "data": TensorType(data, shape, Quant((float(np.float32(scale)),), (0,))),
        "share": TensorType(output, shape, Quant((2.0 ** (-8 * output.bytes),), (output.limits[0],))),
    }
    node = Node("SOFTMAX", ("data",), ("share",), {"beta": float(np.float32(beta))}, source="softmax")
    return Graph("softmax", kinds, {}, ("data",), ("share",), (node,))


def litert(graph: Graph, data: Array, worker: LiteRTWorker, *, reference: bool) -> Array:
    engine = LiteRT(write(graph), worker=worker, reference=reference)
    [output] = engine.run([data])
    engine.close()
    return output


def host(graph: Graph, data: Array, numerics: Numerics) -> Array:
    build = compile_graph(graph, Options(board=board("host"), numerics=numerics, name="softmax"))
    return HostRunner(build.emitted).run([data])[0]


def near_halves(scale: float, depth: int, random: np.random.Generator) -> Array:
    """The rows, of many random ones, in which a share is nearest to half a step of 1/256."""
    rows = random.integers(-128, 128, (40000, depth)).astype(np.int8)
    terms = np.exp(scale * (rows.astype(np.float64) - rows.max(axis=1, keepdims=True)))
    steps = 256 * terms / terms.sum(axis=1, keepdims=True)
    distance = np.abs(steps - np.floor(steps) - 0.5).min(axis=1)
    nearest: Array = rows[np.argsort(distance)[:200]]
    return nearest


@pytest.mark.parametrize("numerics", [Numerics.LITERT, Numerics.TFLM])
def test_a_share_of_almost_half_a_step_is_rounded_as_by_the_reference_kernel(
    numerics: Numerics, worker: LiteRTWorker
) -> None:
    graph = model((1, 10), DType.INT8, DType.INT8, scale=DIGIT_SCALE)
    data = np.array([DIGIT], np.int8)
    expected = litert(graph, data, worker, reference=True)
    assert expected[0, 7] == 127
    assert litert(graph, data, worker, reference=False)[0, 7] == 126
    np.testing.assert_array_equal(Interpreter(graph, numerics).run([data])[0], expected)
    np.testing.assert_array_equal(host(graph, data, numerics), expected)


@pytest.mark.parametrize("scale", [0.01, DIGIT_SCALE, 0.2, 1.5])
def test_rows_near_halves(scale: float, worker: LiteRTWorker) -> None:
    data = near_halves(scale, 6, np.random.default_rng(3))
    graph = model(data.shape, DType.INT8, DType.INT8, scale=scale)
    expected = litert(graph, data, worker, reference=True)
    np.testing.assert_array_equal(Interpreter(graph).run([data])[0], expected)
    np.testing.assert_array_equal(host(graph, data, Numerics.LITERT), expected)
    # The float32 of the default engine is another sum here and there: the meaning is the contract of FAST.
    single = Interpreter(graph, Numerics.FAST).run([data])[0]
    np.testing.assert_array_equal(host(graph, data, Numerics.FAST), single)
    default = litert(graph, data, worker, reference=False).astype(np.int32)
    assert np.abs(single - default).max() <= 1
    assert np.count_nonzero(single != default) < 0.05 * len(data)


@pytest.mark.parametrize(("data", "output"), PAIRS, ids=lambda kind: kind.value)
@pytest.mark.parametrize(
    ("scale", "beta"), [(2.0**-25, 1.0), (2.0**-9, 0.3), (0.11, 1.0), (37.0, 2.3), (200.0, 1.0)]
)
def test_all_types_scales_and_betas(
    data: DType, output: DType, scale: float, beta: float, worker: LiteRTWorker
) -> None:
    random = np.random.default_rng(5)
    array = random.integers(*data.limits, (60, 33), endpoint=True).astype(data.numpy)
    graph = model(array.shape, data, output, scale=scale, beta=beta)
    expected = litert(graph, array, worker, reference=True)
    np.testing.assert_array_equal(Interpreter(graph).run([array])[0], expected)
    np.testing.assert_array_equal(host(graph, array, Numerics.LITERT), expected)


@pytest.mark.parametrize("depth", [512, 4096, 5000])
def test_rows_too_long_for_the_reference_kernel_give_zero(depth: int) -> None:
    """LiteRT's reference kernel aborts on equal elements of that number; each share is less than half a step."""
    graph = model((1, depth), DType.INT8, DType.INT8, scale=0.1)
    data = np.full((1, depth), 5, np.int8)
    for result in (Interpreter(graph).run([data])[0], host(graph, data, Numerics.LITERT)):
        assert (result <= -128 + (depth == 512)).all()
    np.testing.assert_array_equal(Interpreter(graph).run([data])[0], host(graph, data, Numerics.LITERT))
