# SPDX-License-Identifier: Apache-2.0
"""SVDF: a fully connected layer over time as a sum of products of a feature filter and a time filter.

Source: Nakkiran et al., "Compressing deep neural networks using a rank-constrained topology", 2015; TFLite
`kernels/internal/reference/svdf.h`; TFLM `kernels/svdf_common.cc`, which alone has the int8 state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.activation_range import FUSABLE, clamp
from milliwatt.ops.fixed_point import quantize_multiplier, requantize, wrap_int32
from milliwatt.ops.operator import ACTIVATION, Attribute, Call, Operator, Signature, TypeRow, as_output

Array = npt.NDArray[Any]

Multiplier = tuple[int, int]


def ranks(signature: Signature) -> bool:
    """Data are [batch, features], feature weights [filters, features], time weights [filters, steps]."""
    data, features, time = (signature.input(index).shape for index in (0, 1, 2))
    fit = len(data) == len(features) == len(time) == 2
    return fit and data[1] == features[1] and features[0] == time[0]


def rank_divides(signature: Signature) -> bool:
    """The rank is at least 1 and divides the number of filters."""
    rank = signature.attrs["rank"]
    return bool(rank >= 1 and signature.input(1).shape[0] % rank == 0)


def constant_weights(signature: Signature) -> bool:
    """Weights and bias are constants of the model."""
    bias = not signature.has_input(3) or signature.constant(3) is not None
    return bias and signature.constant(1) is not None and signature.constant(2) is not None


def bias_length(signature: Signature) -> bool:
    """The bias has one element per unit, which is a group of rank filters."""
    units = signature.input(1).shape[0] // signature.attrs["rank"]
    return not signature.has_input(3) or signature.input(3).size == units


def one_state(signature: Signature) -> bool:
    """There is one state variable of [batch, filters * steps] with the element type of the time weights."""
    wanted = signature.input(0).shape[0] * signature.input(2).size
    fit = all(state.size == wanted and state.dtype is signature.input(2).dtype for state in signature.states)
    return len(signature.states) == 1 and fit


def activation(signature: Signature) -> bool:
    """The activation of int8 data is RELU, that of float data NONE, RELU, RELU_N1_TO_1 or RELU6."""
    name = signature.attrs["fused_activation_function"]
    return name == "RELU" if signature.input(0).dtype is DType.INT8 else name in FUSABLE


def quantised(signature: Signature) -> bool:
    """Quantised data, state and output have one scale, weights also the zero point 0, and so has an int16 state."""
    if signature.input(0).dtype is DType.FLOAT32:
        return True
    kinds = (signature.input(0), signature.states[0], *signature.outputs)
    if any(kind.quant is None or len(kind.quant.scale) != 1 for kind in kinds):
        return False
    weights = all(_symmetric(signature, index) for index in (1, 2))
    state = signature.states[0]
    return weights and (
        state.dtype is DType.INT8 or (state.quant is not None and state.quant.zero_point == (0,))
    )


def _symmetric(signature: Signature, index: int) -> bool:
    quant = signature.input(index).quant
    return quant is not None and quant.zero_point == (0,)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch, filters / rank]."""
    return ((signature.input(0).shape[0], signature.input(1).shape[0] // signature.attrs["rank"]),)


def state_quant(signature: Signature) -> tuple[float, int]:
    """Scale and zero point of the state."""
    quant = signature.states[0].quant
    if quant is None:
        raise ValueError("the state is not quantised")
    return quant.scalar


def multipliers(signature: Signature) -> tuple[Multiplier, Multiplier]:
    """Mantissa and exponent of the feature sums and of the time sums; TFLite computes the scales in float32."""
    data, features, time = (np.float32(signature.quant(index)[0]) for index in (0, 1, 2))
    state, output = np.float32(state_quant(signature)[0]), np.float32(signature.output_quant()[0])
    return quantize_multiplier(float(data * features / state)), quantize_multiplier(
        float(state * time / output)
    )


def evaluate(call: Call) -> tuple[Array, ...]:
    """The feature filters' newest results join the state, which the time filters then weigh."""
    filters, steps = call.input(2).shape
    memory = call.states[0].reshape(-1, filters, steps)
    memory[:, :, :-1] = memory[:, :, 1:].copy()
    run = _integer if call.input(0).dtype == np.int8 else _float
    return (as_output(run(call, memory), call.signature),)


def _float(call: Call, memory: Array) -> Array:
    memory[:, :, -1] = call.input(0) @ call.input(1).T
    sums = (memory * call.input(2)).sum(2).reshape(len(memory), -1, call.signature.attrs["rank"]).sum(2)
    total = sums if call.inputs[3] is None else sums + call.inputs[3]
    return clamp(total, call.signature.attrs["fused_activation_function"], call.signature.outputs[0])


def _integer(call: Call, memory: Array) -> Array:
    first, second = multipliers(call.signature)
    zero = state_quant(call.signature)[1]
    limits = np.iinfo(memory.dtype)
    data = call.input(0).astype(np.int64) - call.signature.quant(0)[1]
    newest = requantize(wrap_int32(data @ call.input(1).T.astype(np.int64)), *first, call.rounding)
    memory[:, :, -1] = np.clip(newest + zero, limits.min, limits.max)
    weighed = ((memory.astype(np.int64) - zero) * call.input(2)).sum(2)
    sums = weighed.reshape(len(memory), -1, call.signature.attrs["rank"]).sum(2)
    total = sums if call.inputs[3] is None else sums + call.inputs[3]
    # RELU is left to the output's range, as in TFLite: its zero point is the smallest integer.
    scaled = requantize(wrap_int32(total), *second, call.rounding) + call.signature.output_quant()[1]
    limited: Array = np.clip(scaled, -128, 127)
    return limited


def macs(signature: Signature) -> int:
    """Batch times filters times (features + steps)."""
    batch, features = signature.input(0).shape
    filters, steps = signature.input(2).shape
    return batch * filters * (features + steps)


OPERATOR = Operator(
    name="SVDF",
    summary="A fully connected layer over time, as a sum of products of a feature filter and a time filter.",
    attributes={"rank": Attribute("int", 1), "fused_activation_function": ACTIVATION},
    types=(
        TypeRow(
            (DType.INT8, DType.INT8, (DType.INT16, DType.INT8), (DType.INT32, None), None), (DType.INT8,)
        ),
        TypeRow((DType.FLOAT32, DType.FLOAT32, DType.FLOAT32, (DType.FLOAT32, None), None), (DType.FLOAT32,)),
    ),
    constraints=(ranks, rank_divides, constant_weights, bias_length, one_state, activation, quantised),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    state_inputs=(4,),
)
