# SPDX-License-Identifier: Apache-2.0
"""Tables of element-wise operators: what they hold, which widths there are, and where the output may lie."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.lower.program import Table
from milliwatt.measure.host import HostRunner
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Build, Options, compile_graph
from milliwatt.targets import board

EVERY_BYTE = np.arange(256, dtype=np.uint8)
KERNELS = {
    DType.INT8: "mw_lookup_8",
    DType.UINT8: "mw_lookup_8",
    DType.INT16: "mw_lookup_8_s16",
}


def quantize(source: DType, target: DType, count: int) -> Build:
    """A QUANTIZE of that many elements, built for this computer."""
    kinds = {
        "x": TensorType(source, (count,), Quant((0.0625,), (3,))),
        "y": TensorType(target, (count,), Quant((0.03,), (0,))),
    }
    node = Node("QUANTIZE", ("x",), ("y",), source="quantize")
    return compile_graph(Graph("q", kinds, {}, ("x",), ("y",), (node,)), Options(board("host")))


@pytest.mark.parametrize("source", [DType.INT8, DType.UINT8], ids=lambda dtype: dtype.value)
@pytest.mark.parametrize("target", KERNELS, ids=lambda dtype: dtype.value)
def test_every_input_is_what_the_meaning_says(source: DType, target: DType) -> None:
    build = quantize(source, target, 256)
    [call] = build.program.calls
    assert call.kernel == KERNELS[target]
    data = EVERY_BYTE.view(source.numpy)
    [expected] = Interpreter(build.imported).run([data])
    [found] = HostRunner(build.emitted).run([data])
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8])
def test_any_count(count: int) -> None:
    """The loop takes four at a time; the rest must not be forgotten."""
    build = quantize(DType.INT8, DType.INT16, count)
    data = np.arange(-3, count - 3, dtype=np.int8)
    assert np.array_equal(
        HostRunner(build.emitted).run([data])[0], Interpreter(build.imported).run([data])[0]
    )


def test_wide_output_ends_where_the_input_ends() -> None:
    """An int16 output of n bytes more than its input: the two share the input's bytes, and no more RAM is taken."""
    build = quantize(DType.INT8, DType.INT16, 1000)
    assert build.plan.arena_bytes <= 2000 + 16
    data = np.random.default_rng(0).integers(-128, 128, 1000).astype(np.int8)
    assert np.array_equal(
        HostRunner(build.emitted).run([data])[0], Interpreter(build.imported).run([data])[0]
    )


def test_table_is_in_the_order_of_bytes() -> None:
    build = quantize(DType.INT8, DType.INT8, 4)
    [call] = build.program.calls
    [table] = [argument for argument in call.arguments if isinstance(argument, Table)]
    zero_to_highest, lowest_to_minus_one = table.array[:128].view(np.int8), table.array[128:].view(np.int8)
    assert table.array.dtype == np.uint8
    assert (np.diff(zero_to_highest.astype(int)) >= 0).all()
    assert (np.diff(lowest_to_minus_one.astype(int)) >= 0).all()
    assert lowest_to_minus_one[-1] <= zero_to_highest[0]
