# SPDX-License-Identifier: Apache-2.0
"""What is known of each channel (last dimension) of each value: is it constant, and does anybody need it?

Forwards: a channel is constant when every element of it has the same value for every input. Backwards: a
channel is needed when an output, or a weight that is not zero, depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops import Call, Numerics, Signature, find, signature
from milliwatt.ops.conv_2d import axes as conv_axes
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]

# Operators that treat each channel on its own: channel c of the output depends on channel c of the inputs only.
PER_CHANNEL = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D"})
ELEMENTWISE_PAIRS = frozenset({"ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM"})


@dataclass(frozen=True)
class Known:
    """Constant channels of one value: a mask and the integers (valid where the mask is set), [channels]."""

    mask: Array
    value: Array

    @staticmethod
    def nothing(channels: int) -> Known:
        """No channel is constant."""
        return Known(np.zeros(channels, np.bool_), np.zeros(channels, np.int64))


def channel_count(kind: TensorType) -> int:
    """Length of the last dimension (1 for a scalar)."""
    return kind.shape[-1] if kind.shape else 1


def is_plain_conv(graph: Graph, node: Node) -> bool:
    """A CONV_2D or FULLY_CONNECTED on int8 with constant weights and bias, one group, per-row depth."""
    if node.op not in ("CONV_2D", "FULLY_CONNECTED") or not _constant_parameters(graph, node):
        return False
    data, weights = graph.values[str(node.inputs[0])], graph.values[str(node.inputs[1])]
    quant = weights.quant
    return (
        data.dtype is DType.INT8
        and bool(data.shape)
        and data.shape[-1] == weights.shape[-1]
        and quant is not None
        and not any(quant.zero_point)
    )


def is_plain_depthwise(graph: Graph, node: Node) -> bool:
    """A DEPTHWISE_CONV_2D on int8 with constant weights and one output channel per input channel."""
    if node.op != "DEPTHWISE_CONV_2D" or not _constant_parameters(graph, node):
        return False
    data, weights = graph.values[str(node.inputs[0])], graph.values[str(node.inputs[1])]
    return data.dtype is DType.INT8 and data.shape[-1] == weights.shape[-1]


def _constant_parameters(graph: Graph, node: Node) -> bool:
    """Whether the data are computed and all else is constant. Layers of constants alone are folded elsewhere."""
    data, *rest = node.inputs
    return data not in graph.constants and all(name is None or name in graph.constants for name in rest)


def pads(graph: Graph, node: Node) -> bool:
    """Whether a window of this convolution reaches over the border."""
    if node.op == "FULLY_CONNECTED":
        return False
    kind = signature(graph, node)
    rows, columns = conv_axes(kind) if node.op == "CONV_2D" else _depthwise_axes(kind)
    return any(axis.before > 0 or axis.after > 0 for axis in (rows, columns))


def _depthwise_axes(kind: Signature) -> tuple[Axis, Axis]:
    from milliwatt.ops.depthwise_conv_2d import axes

    return axes(kind)


def constant_channels(graph: Graph, numerics: Numerics) -> dict[str, Known]:
    """What the forward walk finds for every value that is not a constant."""
    known: dict[str, Known] = {}
    for name in graph.inputs:
        known[name] = Known.nothing(channel_count(graph.values[name]))
    for node in graph.nodes:
        for output in node.outputs:
            known[output] = Known.nothing(channel_count(graph.values[output]))
        if len(node.outputs) == 1 and graph.values[node.outputs[0]].dtype is DType.INT8:
            known[node.outputs[0]] = _forward(graph, node, known, numerics)
    return known


def _forward(graph: Graph, node: Node, known: dict[str, Known], numerics: Numerics) -> Known:
    channels = channel_count(graph.values[node.outputs[0]])
    if not node.inputs or node.inputs[0] not in known:
        return Known.nothing(channels)
    source = known[str(node.inputs[0])]
    if is_plain_conv(graph, node):
        return _through_conv(graph, node, source, numerics)
    if is_plain_depthwise(graph, node):
        return _through_depthwise(graph, node, source, numerics)
    operator = find(node.op)
    if operator.view and source.mask.any():
        return _through_view(graph, node, source)
    if node.op in PER_CHANNEL or (
        operator.elementwise and graph.values[str(node.inputs[0])].dtype is DType.INT8
    ):
        return _through_alone(graph, node, source, numerics)
    if node.op in ELEMENTWISE_PAIRS:
        return _through_pair(graph, node, known, numerics)
    return Known.nothing(channels)


def _through_pair(graph: Graph, node: Node, known: dict[str, Known], numerics: Numerics) -> Known:
    """A channel is constant where it is constant on both sides (equal shapes only)."""
    kind = signature(graph, node)
    names = [str(name) for name in node.inputs]
    channels = channel_count(kind.outputs[0])
    if any(name not in known or graph.values[name].shape != kind.outputs[0].shape for name in names):
        return Known.nothing(channels)
    mask: Array = known[names[0]].mask & known[names[1]].mask
    if not mask.any():
        return Known.nothing(channels)
    arrays = tuple(np.where(mask, known[name].value, 0).astype(np.int8) for name in names)
    line = replace(
        kind,
        inputs=tuple(replace(graph.values[name], shape=(channels,)) for name in names),
        outputs=(replace(kind.outputs[0], shape=(channels,)),),
    )
    value = find(node.op).evaluate(Call(line, arrays, numerics))[0]
    return Known(mask, value.astype(np.int64))


def _through_view(graph: Graph, node: Node, source: Known) -> Known:
    before, after = (channel_count(graph.values[name]) for name in (str(node.inputs[0]), node.outputs[0]))
    if after % before:
        return Known.nothing(after)
    return Known(np.tile(source.mask, after // before), np.tile(source.value, after // before))


def _evaluate_pixel(
    graph: Graph, node: Node, pixel: Array, numerics: Numerics, *, weights: Array | None
) -> Array:
    """The node's meaning on one pixel [1, 1, 1, channels] (1x1 window), with other weights where given."""
    kind = signature(graph, node)
    shape = (1, 1, 1, len(pixel)) if len(kind.input(0).shape) == 4 else (1, len(pixel))
    channels = channel_count(kind.outputs[0])
    inputs: list[TensorType | None] = [replace(kind.input(0), shape=shape), *kind.inputs[1:]]
    arrays: list[Array | None] = [pixel.astype(np.int8).reshape(shape)]
    arrays += [None if name is None else graph.constants[name] for name in node.inputs[1:]]
    if weights is not None:
        inputs[1], arrays[1] = replace(kind.input(1), shape=weights.shape), weights
    attrs = dict(kind.attrs)
    attrs.update(
        {
            name: 1
            for name in (
                "stride_h",
                "stride_w",
                "filter_height",
                "filter_width",
                "dilation_h_factor",
                "dilation_w_factor",
            )
            if name in attrs
        }
    )
    if "explicit_padding" in attrs:
        attrs["explicit_padding"] = ()
    output = replace(kind.outputs[0], shape=(*shape[:-1], channels))
    line = replace(kind, inputs=tuple(inputs), outputs=(output,), constants=tuple(arrays), attrs=attrs)
    return find(node.op).evaluate(Call(line, tuple(arrays), numerics))[0].reshape(-1).astype(np.int64)


def _through_conv(graph: Graph, node: Node, source: Known, numerics: Numerics) -> Known:
    weights = graph.constants[str(node.inputs[1])]
    taps = weights.reshape(weights.shape[0], -1, weights.shape[-1])
    used = taps.any(axis=1)
    zero_point = _zero_point(graph, node)
    silent = source.mask & (source.value == zero_point)
    # A constant that is not the zero point sums to less at the border: it counts as varying where windows pad.
    steady = silent if pads(graph, node) else source.mask
    mask: Array = np.logical_not(np.any(used & ~steady[None, :], axis=1))
    pixel = np.where(source.mask, source.value, zero_point)
    summed = taps.sum(axis=1, dtype=np.int64)
    if np.abs(summed).max(initial=0) > 127:
        quiet: Array = mask & ~np.any(used & ~silent[None, :], axis=1)
        return Known(quiet, _silent_output(graph, node, numerics))
    one = summed.astype(np.int8).reshape((weights.shape[0], *(1,) * (weights.ndim - 2), weights.shape[-1]))
    return Known(mask, _evaluate_pixel(graph, node, pixel, numerics, weights=one))


def _silent_output(graph: Graph, node: Node, numerics: Numerics) -> Array:
    """What each output channel is when the accumulator is the bias alone."""
    weights = graph.constants[str(node.inputs[1])]
    none = np.zeros((weights.shape[0], *(1,) * (weights.ndim - 2), weights.shape[-1]), np.int8)
    pixel = np.full(weights.shape[-1], _zero_point(graph, node))
    return _evaluate_pixel(graph, node, pixel, numerics, weights=none)


def _through_depthwise(graph: Graph, node: Node, source: Known, numerics: Numerics) -> Known:
    weights = graph.constants[str(node.inputs[1])]
    unread: Array = ~np.any(weights, axis=(0, 1, 2))
    silent = np.logical_or(source.mask & (source.value == _zero_point(graph, node)), unread)
    none = np.zeros((1, 1, 1, weights.shape[-1]), np.int8)
    pixel = np.full(weights.shape[-1], _zero_point(graph, node))
    return Known(silent, _evaluate_pixel(graph, node, pixel, numerics, weights=none))


def _through_alone(graph: Graph, node: Node, source: Known, numerics: Numerics) -> Known:
    if not source.mask.any():
        return source
    pixel = np.where(source.mask, source.value, 0)
    return Known(source.mask, _evaluate_pixel(graph, node, pixel, numerics, weights=None))


def _zero_point(graph: Graph, node: Node) -> int:
    quant = graph.values[str(node.inputs[0])].quant
    if quant is None:
        raise ValueError("quantised data expected")
    return quant.scalar[1]
