# SPDX-License-Identifier: Apache-2.0
"""UNIDIRECTIONAL_SEQUENCE_LSTM: a long short-term memory over a sequence, with its state kept between runs.

Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; TFLite `kernels/lstm_eval.cc`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops import float_functions, gemmlowp_16
from milliwatt.ops.fixed_point import requantize, wrap_int32
from milliwatt.ops.lstm_gates import (
    CELL,
    FORGET,
    GATE_BITS,
    INPUT,
    OUTPUT,
    IntegerGate,
    cell_shift,
    gate_indices,
    gates,
    hidden_scale,
    integer_clip,
    integer_gates,
    is_coupled,
)
from milliwatt.ops.operator import Attribute, Call, Operator, Signature, TypeRow, as_output

Array = npt.NDArray[Any]

INPUTS = 24
"""Inputs of the operator; old files give only the first 20."""


def rank_3(signature: Signature) -> bool:
    """The data has three dimensions: batch, time and features, or time first when it is time-major."""
    return len(signature.input(0).shape) == 3


def two_states(signature: Signature) -> bool:
    """There are two state variables, for the hidden state and for the cell state."""
    return len(signature.states) == 2


def no_peephole(signature: Signature) -> bool:
    """There are no peephole weights."""
    return not any(signature.has_input(index) for index in (9, 10, 11))


def no_projection(signature: Signature) -> bool:
    """There is no projection layer."""
    return not any(signature.has_input(index) for index in (16, 17))


def no_layer_norm(signature: Signature) -> bool:
    """There is no layer normalisation."""
    return not any(signature.has_input(index) for index in (20, 21, 22, 23))


def tanh_activation(signature: Signature) -> bool:
    """The activation of the cell is TANH."""
    return bool(signature.attrs["fused_activation_function"] == "TANH")


def input_gate_whole(signature: Signature) -> bool:
    """The input gate's weights, recurrent weights and bias are all given, or none of them."""
    return len({signature.has_input(index) for index in (1, 5, 12)}) == 1


def constant_weights(signature: Signature) -> bool:
    """All weights and biases are constants of the model."""
    return all(
        signature.constant(first + gate) is not None
        for gate in gate_indices(signature)
        for first in (1, 5, 12)
    )


def fitting_shapes(signature: Signature) -> bool:
    """Weights are [cells, features], recurrent weights [cells, cells], biases [cells], states of batch * cells."""
    batch, _, features = sizes(signature)
    cells = signature.input(4).shape[0]
    wanted = ((1, (cells, features)), (5, (cells, cells)), (12, (cells,)))
    fit = all(
        signature.input(first + gate).shape == shape
        for gate in gate_indices(signature)
        for first, shape in wanted
    )
    return fit and all(state.size == batch * cells for state in signature.states)


def state_types(signature: Signature) -> bool:
    """The hidden state has the element type of the output; the cell state is int16 for int8 data, else float32."""
    output = signature.outputs[0].dtype if signature.outputs else signature.input(0).dtype
    cell = DType.INT16 if output is DType.INT8 else output
    return signature.states[0].dtype is output and signature.states[1].dtype is cell


def quantised(signature: Signature) -> bool:
    """Quantised weights have one scale and zero point 0; the cell state's scale is a power of two, 2^-15 to 2^-9."""
    if signature.input(0).dtype is DType.FLOAT32:
        return True
    weights = [signature.input(first + gate).quant for gate in gate_indices(signature) for first in (1, 5)]
    symmetric = all(quant is not None and quant.zero_point == (0,) for quant in weights)
    others = (signature.input(0).quant, *(state.quant for state in signature.states))
    single = all(quant is not None and len(quant.scale) == 1 for quant in others)
    cell = signature.states[1].quant
    powers = [2.0**power for power in range(-15, -8)]
    return symmetric and single and cell is not None and cell.scale[0] in powers


def hidden_quantised(signature: Signature) -> bool:
    """Quantised data come with five intermediate tensors, of which the last has the scale of the hidden state."""
    scales, zeros = signature.attrs["intermediate_scales"], signature.attrs["intermediate_zero_points"]
    known = len(scales) == 5 and len(zeros) == 5 and scales[4] > 0
    return bool(known or signature.input(0).dtype is DType.FLOAT32)


def sizes(signature: Signature) -> tuple[int, int, int]:
    """Batch, steps and features."""
    first, second, features = signature.input(0).shape
    return (second, first, features) if signature.attrs["time_major"] else (first, second, features)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape with the cells in place of the features."""
    return ((*signature.input(0).shape[:2], signature.input(4).shape[0]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Step by step; both states are left as the last step leaves them."""
    steps = call.input(0) if call.signature.attrs["time_major"] else call.input(0).transpose(1, 0, 2)
    batch = steps.shape[1]
    hidden, cell = (state.reshape(batch, -1) for state in call.states)
    run = _integer_steps if call.input(0).dtype == np.int8 else _float_steps
    outputs = run(call, steps, hidden, cell)
    ordered = outputs if call.signature.attrs["time_major"] else outputs.transpose(1, 0, 2)
    return (as_output(ordered, call.signature),)


def _float_steps(call: Call, steps: Array, hidden: Array, cell: Array) -> Array:
    """[steps, batch, cells] in float32; ``hidden`` and ``cell`` are views of the states."""
    outputs = []
    clip = np.float32(call.signature.attrs["cell_clip"])
    operands = {gate.index: gate for gate in gates(call.signature)}
    for step in steps:
        sums = {
            index: gate.bias + step @ gate.weights.T + hidden @ gate.recurrent.T
            for index, gate in operands.items()
        }
        forget = float_functions.logistic(sums[FORGET])
        entering = (
            np.float32(1) - forget if is_coupled(call.signature) else float_functions.logistic(sums[INPUT])
        )
        cell[...] = forget * cell + float_functions.tanh(sums[CELL]) * entering
        if clip > 0:
            cell[...] = np.clip(cell, -clip, clip)
        hidden[...] = float_functions.logistic(sums[OUTPUT]) * float_functions.tanh(cell)
        outputs.append(hidden.copy())
    return np.stack(outputs)


def _integer_steps(call: Call, steps: Array, hidden: Array, cell: Array) -> Array:
    """[steps, batch, cells] in int8: gates in int16 with three integer bits, the cell in int16."""
    outputs = []
    signature, bits = call.signature, GATE_BITS
    operands, shift, clip = integer_gates(signature), cell_shift(signature), integer_clip(signature)
    mantissa, exponent, zero = hidden_scale(signature)
    for step in steps:
        sums = {item.gate.index: _gate_sum(call, item, step, hidden) for item in operands}
        forget = gemmlowp_16.logistic(sums[FORGET], integer_bits=bits)
        coupled = is_coupled(signature)
        entering = 32767 - forget if coupled else gemmlowp_16.logistic(sums[INPUT], integer_bits=bits)
        kept = gemmlowp_16.divide_by_power(forget * cell.astype(np.int64), 15)
        new = gemmlowp_16.tanh(sums[CELL], integer_bits=bits)
        total = np.clip(kept + gemmlowp_16.divide_by_power(entering * new, 30 + shift), -32768, 32767)
        cell[...] = np.clip(total, -clip, clip) if clip > 0 else total
        shown = gemmlowp_16.tanh(cell.astype(np.int64), integer_bits=15 + shift)
        product = gemmlowp_16.logistic(sums[OUTPUT], integer_bits=bits) * shown
        hidden[...] = np.clip(requantize(product, mantissa, exponent, call.rounding) + zero, -128, 127)
        outputs.append(hidden.copy())
    return np.stack(outputs)


def _gate_sum(call: Call, item: IntegerGate, step: Array, hidden: Array) -> Array:
    """Both products of a gate, each rescaled to int16 in steps of 2**-12 and saturated."""
    ahead = step.astype(np.int64) @ item.gate.weights.T.astype(np.int64) + item.bias
    back = hidden.astype(np.int64) @ item.gate.recurrent.T.astype(np.int64) + item.recurrent_bias
    first = np.clip(requantize(wrap_int32(ahead), *item.scale, call.rounding), -32768, 32767)
    second = requantize(wrap_int32(back), *item.recurrent_scale, call.rounding)
    total: Array = np.clip(first + second, -32768, 32767)
    return total


def macs(signature: Signature) -> int:
    """Steps times gates times cells times (features + cells)."""
    batch, steps, features = sizes(signature)
    cells = signature.input(4).shape[0]
    return batch * steps * len(gate_indices(signature)) * cells * (features + cells)


def _row(weights: DType, bias: DType, vector: DType) -> TypeRow:
    optional = (weights, None)
    projection = (optional, (bias, None))
    return TypeRow(
        (
            weights,
            *(optional, weights, weights, weights),
            *(optional, weights, weights, weights),
            *((vector, None),) * 3,
            *((bias, None), bias, bias, bias),
            *projection,
            *(None, None),
            *((vector, None),) * 4,
        ),
        (weights,),
    )


OPERATOR = Operator(
    name="UNIDIRECTIONAL_SEQUENCE_LSTM",
    summary="A long short-term memory over a sequence, with its state kept between runs.",
    attributes={
        "fused_activation_function": Attribute("enum", "TANH", enum="ActivationFunctionType"),
        "cell_clip": Attribute("float", 0.0),
        "proj_clip": Attribute("float", 0.0),
        "time_major": Attribute("bool", False),
        "intermediate_scales": Attribute("floats", ()),
        "intermediate_zero_points": Attribute("ints", ()),
    },
    types=(_row(DType.INT8, DType.INT32, DType.INT16), _row(DType.FLOAT32, DType.FLOAT32, DType.FLOAT32)),
    constraints=(
        rank_3,
        two_states,
        no_peephole,
        no_projection,
        no_layer_norm,
        tanh_activation,
        input_gate_whole,
        constant_weights,
        fitting_shapes,
        state_types,
        quantised,
        hidden_quantised,
    ),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    state_inputs=(18, 19),
    hint="a Keras LSTM layer with its default activations converts to what is supported",
)
