# SPDX-License-Identifier: Apache-2.0
"""SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM: what LiteRT cannot run, the functions of the gates, and a whole model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from milliwatt.importers import load
from milliwatt.ir import AttrValue, DType, Quant, State, TensorType
from milliwatt.measure.litert import LiteRT
from milliwatt.ops import Numerics, gemmlowp_16
from milliwatt.ops.interpret import Interpreter
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare

RAW = np.arange(-32768, 32768, dtype=np.int64)


@pytest.mark.parametrize("bits", range(7))
def test_tanh_is_close_to_the_real_one(bits: int) -> None:
    """gemmlowp states no bound; seen are 3.5 steps of 2**-15 for few integer bits, less for many."""
    result = gemmlowp_16.tanh(RAW, integer_bits=bits) / 32768
    assert np.abs(result - np.tanh(RAW / 2.0 ** (15 - bits))).max() < 20 / 32768
    assert np.array_equal(result[1:][::-1], -result[1:])


@pytest.mark.parametrize("bits", range(6))
def test_logistic_is_close_to_the_real_one(bits: int) -> None:
    result = gemmlowp_16.logistic(RAW, integer_bits=bits) / 32768
    assert np.abs(result - 1 / (1 + np.exp(-RAW / 2.0 ** (15 - bits)))).max() < 10 / 32768


def svdf_with_narrow_state(seed: int) -> GraphBuilder:
    """int8 time weights and an int8 state with a zero point, as only TFLM has it."""
    build = GraphBuilder(np.random.default_rng(seed))
    data = build.input(TensorType(DType.INT8, (2, 5), Quant((0.0625,), (-7,))))
    weights = build.constant(
        build.random.integers(-127, 128, (6, 5)).astype(np.int8), Quant((0.0078125,), (0,))
    )
    time = build.constant(build.random.integers(-127, 128, (6, 4)).astype(np.int8), Quant((0.015625,), (0,)))
    bias = build.constant(
        build.random.integers(-3000, 3000, 3).astype(np.int32), Quant((0.00048828125,), (0,))
    )
    kind = TensorType(DType.INT8, (2, 24), Quant((0.03125,), (11,)))
    state = State("memory", kind, np.full(kind.shape, 11, np.int8))
    attrs: dict[str, AttrValue] = {"rank": 2, "fused_activation_function": "RELU"}
    output = Quant((0.02,), (-128,))
    build.node(
        "SVDF",
        (data, weights, time, bias, None),
        attrs=attrs,
        dtype=DType.INT8,
        quant=output,
        states=(state,),
    )
    return build


@pytest.mark.parametrize("seed", range(3))
def test_svdf_with_narrow_state_is_what_its_formula_says(seed: int) -> None:
    """A second implementation in real numbers; rounding twice to the state's and to the output's steps stays near."""
    build = svdf_with_narrow_state(seed)
    graph = build.graph()
    _, weights, time, bias, _ = (
        None if name is None else graph.constants.get(name) for name in graph.nodes[0].inputs
    )
    assert weights is not None
    assert time is not None
    assert bias is not None
    interpreter = Interpreter(graph, Numerics.TFLM)
    memory = np.zeros((2, 6, 4))
    for _ in range(6):
        sample = build.sample(graph.values[graph.inputs[0]])
        (got,) = interpreter.run([sample])
        memory = np.roll(memory, -1, axis=2)
        memory[:, :, -1] = 0.0625 * (sample.astype(int) + 7) @ (weights * 0.0078125).T
        memory[:, :, -1] = np.clip(np.round(memory[:, :, -1] / 0.03125), -139, 116) * 0.03125
        sums = (memory * (time * 0.015625)).sum(2).reshape(2, 3, 2).sum(2) + bias * 0.00048828125
        expected = np.clip(np.round(sums / 0.02) - 128, -128, 127)
        # A tie in the state moves it by one step, which the time weights enlarge.
        assert np.abs(got - expected).max() <= 2 * 127 * 0.015625 * 0.03125 / 0.02 + 1
        assert np.mean(got == expected) > 0.8


@pytest.mark.parametrize("seed", range(3))
def test_svdf_with_narrow_state_in_c(seed: int) -> None:
    graph = svdf_with_narrow_state(seed).graph()
    compare(graph, boards=("host",), implementations=("host",), numerics=Numerics.TFLM, samples=6, seed=seed)


def test_a_whole_lstm_model_is_litert_s_bit_for_bit(shared_model: Callable[[str], Path]) -> None:
    path = shared_model("mnist_lstm_int8.tflite")
    graph = load(path)
    interpreter, random = Interpreter(graph), np.random.default_rng(5)
    with LiteRT(path.read_bytes(), all_tensors=True) as litert:
        for _ in range(10):
            sample = random.integers(-128, 128, (1, 28, 28)).astype(np.int8)
            expected, got = litert.tensors([sample]), interpreter.values([sample])
            for node in graph.nodes:
                np.testing.assert_array_equal(
                    got[node.outputs[0]], expected[node.outputs[0]], err_msg=node.source
                )
