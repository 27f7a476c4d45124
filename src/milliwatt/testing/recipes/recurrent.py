# SPDX-License-Identifier: Apache-2.0
"""SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM, with their state."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Quant, State, TensorType
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe


def _zero_state(build: GraphBuilder, kind: TensorType) -> State:
    """A state that starts as LiteRT resets it: with its zero point, but int16 and float32 with 0."""
    zero = kind.quant.scalar[1] if kind.quant is not None and kind.dtype is DType.INT8 else 0
    name = f"state_{build.integer(0, 1 << 30)}"
    return State(name, kind, np.full(kind.shape, zero, kind.dtype.numpy))


def _scale(value: float) -> float:
    return float(np.float32(value))


def svdf(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """int16 state for int8 data, which is what LiteRT has; scales that use most of the integers' range."""
    batch, features = build.integer(1, 2), build.integer(1, 9)
    rank, units, steps = build.integer(1, 3), build.integer(1, 5), build.integer(1, 6)
    data = build.value(dtype, shape=(batch, features))
    weights = build.weights((rank * units, features), dtype)
    if dtype is DType.INT8:
        kind, time, bias, quant = _integer_memory(build, data, (rank * units, steps), units)
    else:
        kind, time, quant = TensorType(dtype, ()), build.weights((rank * units, steps), dtype), None
        bias = build.constant(build.random.normal(0, 1, units).astype(np.float32))
    state = _zero_state(build, TensorType(kind.dtype, (batch, rank * units * steps), kind.quant))
    activation = "RELU" if dtype is DType.INT8 else build.choice(["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
    attrs = {"rank": rank, "fused_activation_function": activation}
    inputs = (data, weights, time, bias if build.random.random() < 0.8 else None, None)
    return build.node("SVDF", inputs, attrs=attrs, dtype=dtype, quant=quant, states=(state,))


def _integer_memory(
    build: GraphBuilder, data: str, shape: tuple[int, int], units: int
) -> tuple[TensorType, str, str, Quant]:
    """The state's type, time weights, bias and the output's quantisation of an int8 SVDF."""
    data_quant = build.type_of(data).quant
    if data_quant is None:
        raise ValueError("quantised data expected")
    state_scale = _scale(data_quant.scale[0] * 2.0 ** build.random.uniform(-12, -7))
    time_scale = _scale(2.0 ** build.random.uniform(-15, -10))
    bias_scale = _scale(state_scale * time_scale)
    time = build.random.integers(-2047, 2048, shape).astype(np.int16)
    bias = build.random.integers(-(1 << 20), 1 << 20, units).astype(np.int32)
    output = Quant((_scale(bias_scale * 2.0 ** build.random.uniform(16, 22)),), (build.choice([-128, 0, 5]),))
    return (
        TensorType(DType.INT16, (), Quant((state_scale,), (0,))),
        build.constant(time, Quant((time_scale,), (0,))),
        build.constant(bias, Quant((bias_scale,), (0,))),
        output,
    )


def lstm(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """With and without an input gate and a clipped cell; time first or batch first."""
    time_major = bool(build.integer(0, 1))
    data = build.value(dtype, shape=(build.integer(1, 3), build.integer(1, 4), build.integer(1, 7)))
    shape = build.type_of(data).shape
    batch, features, cells = shape[1 if time_major else 0], shape[2], build.integer(1, 6)
    gates = (False, True, True, True) if build.random.random() < 0.3 else (True,) * 4
    quant = None
    if dtype is DType.INT8:
        quant = Quant((_scale(2.0 ** build.random.uniform(-8.5, -6.5)),), (build.choice([0, 0, -5, 17]),))
    inputs: list[str | None] = [data]
    inputs += [build.weights((cells, features), dtype) if gate else None for gate in gates]
    inputs += [build.weights((cells, cells), dtype) if gate else None for gate in gates]
    inputs += [None] * 3
    inputs += [_bias(build, dtype, cells) if gate else None for gate in gates]
    inputs += [None] * 8
    cell_quant = Quant((2.0 ** -build.integer(9, 15),), (0,)) if dtype is DType.INT8 else None
    states = (
        _zero_state(build, TensorType(dtype, (batch, cells), quant)),
        _zero_state(build, TensorType(DType.INT16 if quant else dtype, (batch, cells), cell_quant)),
    )
    attrs = {
        "fused_activation_function": "TANH",
        "cell_clip": build.choice([0.0, 0.5, 10.0]),
        "proj_clip": 0.0,
        "time_major": time_major,
        "intermediate_scales": () if quant is None else (0.0, 0.0, 0.0, 0.0, quant.scale[0]),
        "intermediate_zero_points": () if quant is None else (0, 0, 0, 0, quant.zero_point[0]),
    }
    op = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    return build.node(op, inputs, attrs=attrs, dtype=dtype, quant=quant, states=states)


def _bias(build: GraphBuilder, dtype: DType, cells: int) -> str:
    if dtype is DType.FLOAT32:
        return build.constant(build.random.normal(0, 1, cells).astype(np.float32))
    return build.constant(
        build.random.integers(-20000, 20000, cells).astype(np.int32), Quant((2.0**-14,), (0,))
    )


RECIPES = (
    Recipe("SVDF", svdf, (DType.INT8, DType.FLOAT32)),
    Recipe("UNIDIRECTIONAL_SEQUENCE_LSTM", lstm, (DType.INT8, DType.FLOAT32)),
)
