# SPDX-License-Identifier: Apache-2.0
"""FULLY_CONNECTED where products with the scale are ties, which LiteRT's reference kernel takes away from zero."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ir import AttrValue, DType, Graph, Quant, TensorType
from milliwatt.lower.real_scale import in_one_word
from milliwatt.ops import Numerics, Rounding, signature
from milliwatt.ops.accumulate import rescale
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare

FINE, COARSE = 2.0**-4, 2.0**-5
ZERO = {DType.INT8: 0, DType.UINT8: 128, DType.INT16: 0}
WIDTH = {np.int32: "INT32", np.int64: "INT64"}


def layer(divisor: float, dtype: DType, *, per_channel: bool, bias: type | None, units: int = 64) -> Graph:
    """A layer whose data's scale times the filter's is the output's over ``divisor``; sums are small integers."""
    build = GraphBuilder(np.random.default_rng(5))
    zero = ZERO[dtype]
    output = Quant((FINE * COARSE * divisor,), (zero,))
    data = build.input(TensorType(dtype, (2, 8), Quant((FINE,), (zero,))))
    numbers = build.random.integers(-3, 4, (units, 8))
    if dtype is DType.UINT8:
        weights = build.constant((numbers + 128).astype(np.uint8), Quant((COARSE,), (128,)))
    else:
        one = Quant((COARSE,), (0,))
        each = Quant((COARSE,) * units, (0,) * units, 0)
        weights = build.constant(numbers.astype(np.int8), each if per_channel else one)
    attrs: dict[str, AttrValue] = {}
    given = None
    if bias is not None:
        quant = (
            Quant((FINE * COARSE,) * units, (0,) * units, 0) if per_channel else Quant((FINE * COARSE,), (0,))
        )
        largest = int(divisor * 100)
        given = build.constant(build.random.integers(-largest, largest, units).astype(bias), quant)
        attrs = {"quantized_bias_type": WIDTH[bias]} if dtype is DType.INT16 else {}
    build.node("FULLY_CONNECTED", (data, weights, given), attrs=attrs, dtype=dtype, quant=output)
    return build.graph()


@pytest.mark.parametrize("bias", [None, np.int32], ids=["plain", "bias"])
@pytest.mark.parametrize("per_channel", [False, True], ids=["one scale", "scales"])
@pytest.mark.parametrize("divisor", [2, 4, 6, 10, 16, 22])
def test_int8(divisor: int, per_channel: bool, bias: type | None) -> None:
    compare(layer(divisor, DType.INT8, per_channel=per_channel, bias=bias), samples=3)


@pytest.mark.parametrize("divisor", [2, 6, 16])
def test_uint8(divisor: int) -> None:
    compare(layer(divisor, DType.UINT8, per_channel=False, bias=np.int32), samples=3)


@pytest.mark.parametrize("bias", [None, np.int32, np.int64], ids=["plain", "narrow", "wide"])
@pytest.mark.parametrize("divisor", [2, 6, 16])
def test_int16(divisor: int, bias: type | None) -> None:
    compare(layer(divisor, DType.INT16, per_channel=False, bias=bias), samples=3)


@pytest.mark.parametrize("optimize", ["speed", "ram", "flash"])
@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "nucleo-g0b1re", "esp32-c3-devkitm-1"])
def test_emulated_cores(board: str, optimize: str) -> None:
    graph = layer(6, DType.INT8, per_channel=True, bias=np.int32)
    compare(graph, boards=(board,), implementations=("litert", "emulator"), samples=2, optimize=optimize)


@pytest.mark.parametrize("seed", [0])
@pytest.mark.parametrize("dtype", [DType.INT8, DType.UINT8])
def test_scales_that_want_two_words(dtype: DType, seed: int) -> None:
    """Scales so fine that neighbouring sums lie closer to a tie than 31 bits tell; biases on both sides of each."""
    random = np.random.default_rng(seed)
    output = float(np.float32(FINE * COARSE * 2.0 ** random.uniform(22.5, 23.5)))
    build = GraphBuilder(random)
    zero = ZERO[dtype]
    data = build.input(TensorType(dtype, (1, 4), Quant((FINE,), (zero,))))
    ties = np.rint((np.arange(-127, 127) + 0.5) * (output / (FINE * COARSE)))
    biases = (ties[:, None] + np.arange(-1, 2)).astype(np.int32).reshape(-1)
    weights = build.constant(np.full((len(biases), 4), zero, dtype.numpy), Quant((COARSE,), (zero,)))
    bias = build.constant(biases, Quant((FINE * COARSE,), (0,)))
    build.node("FULLY_CONNECTED", (data, weights, bias), dtype=dtype, quant=Quant((output,), (zero,)))
    graph = build.graph()
    constants = rescale(signature(graph, graph.nodes[0]), len(biases), Rounding.REAL)
    assert in_one_word(constants).rounding is Rounding.REAL
    compare(graph, samples=2)


@pytest.mark.parametrize("numerics", [Numerics.TFLM, Numerics.FAST])
def test_other_contracts(numerics: Numerics) -> None:
    compare(layer(2, DType.INT8, per_channel=True, bias=np.int32), samples=3, numerics=numerics)
