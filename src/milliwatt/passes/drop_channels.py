# SPDX-License-Identifier: Apache-2.0
"""Lossless shrinking: removes channels that are constant or that nobody reads, bit for bit.

A filter whose weights are all zero computes a constant. The constant is folded into the biases of the layers
that read it, the filter is dropped, and so is everything that only it kept alive (pruned or over-regularised
networks have many: half of the work of MLPerf Tiny's visual-wake-words model is dead).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.ir.types import frozen
from milliwatt.ops import Numerics, find
from milliwatt.passes.channels import (
    ELEMENTWISE_PAIRS,
    PER_CHANNEL,
    Known,
    channel_count,
    constant_channels,
    is_plain_conv,
    is_plain_depthwise,
    pads,
)
from milliwatt.passes.rewrite import Pass

Array = npt.NDArray[Any]

_INT32 = 2**31 - 1


class _BiasOverflowError(Exception):
    """A constant that would be folded takes a bias out of int32: this graph is left as it is."""


def _foldable(graph: Graph, node: Node, known: Known) -> Array:
    """Input channels whose constant a convolution can take into its bias: all of them, unless windows pad."""
    quant = graph.values[str(node.inputs[0])].quant
    if quant is None or not pads(graph, node):
        return known.mask
    silent: Array = known.mask & (known.value == quant.scalar[1])
    return silent


def _passes_channels(graph: Graph, node: Node) -> tuple[str, ...]:
    """Inputs of which the node reads channel c only for its own output channel c; empty when there are none."""
    operator = find(node.op)
    single = node.op in PER_CHANNEL or operator.elementwise or is_plain_depthwise(graph, node)
    if single and not node.states and len(node.outputs) == 1:
        data = str(node.inputs[0])
        return () if data in graph.constants else (data,)
    if node.op in ELEMENTWISE_PAIRS:
        names = tuple(str(name) for name in node.inputs)
        same = {graph.values[name].shape for name in (*names, *node.outputs)}
        return names if len(same) == 1 and not any(name in graph.constants for name in names) else ()
    return ()


def needed_channels(graph: Graph, known: dict[str, Known]) -> dict[str, Array]:
    """For every value of the arena, which channels must be computed (backward walk)."""
    needed = {name: np.zeros(channel_count(graph.values[name]), np.bool_) for name in graph.activations()}
    for name in graph.outputs:
        if name in needed:
            needed[name][:] = True
    for node in reversed(graph.nodes):
        _need_inputs(graph, node, known, needed)
    for name in graph.inputs:
        needed[name][:] = True
    return needed


def _need_inputs(graph: Graph, node: Node, known: dict[str, Known], needed: dict[str, Array]) -> None:
    activations = [name for name in node.inputs if name is not None and name in needed]
    if is_plain_conv(graph, node):
        data = str(node.inputs[0])
        weights = graph.constants[str(node.inputs[1])]
        kept = needed[node.outputs[0]]
        used = weights[kept].reshape(int(kept.sum()), -1, weights.shape[-1]).any(axis=(0, 1))
        needed[data] |= used & ~_foldable(graph, node, known[data])
        return
    passed = _passes_channels(graph, node)
    view = find(node.op).view
    for name in activations:
        if name in passed:
            needed[name] |= needed[node.outputs[0]]
        elif view:
            groups = needed[node.outputs[0]]
            width = len(needed[name])
            fits = len(groups) % width == 0
            needed[name] |= groups.reshape(-1, width).any(axis=0) if fits else np.True_
        else:
            needed[name][:] = True


@dataclass(frozen=True)
class _Cut:
    """Which channels of each value stay (index arrays), and what was constant before the cut."""

    keep: dict[str, Array]
    known: dict[str, Known]


def _settle(graph: Graph, needed: dict[str, Array]) -> dict[str, Array]:
    """Make the channels kept agree where a node can only drop them on both sides, until nothing changes."""
    keep = {name: mask.copy() for name, mask in needed.items()}
    for mask in keep.values():
        if not mask.any():
            mask[0] = True
    while True:
        before = sum(int(mask.sum()) for mask in keep.values())
        for node in graph.nodes:
            _agree(graph, node, keep)
        if sum(int(mask.sum()) for mask in keep.values()) == before:
            return keep


def _agree(graph: Graph, node: Node, keep: dict[str, Array]) -> None:
    outputs = [name for name in node.outputs if name in keep]
    if is_plain_conv(graph, node):
        return
    passed = _passes_channels(graph, node)
    if passed:
        both = np.logical_or.reduce([keep[name] for name in (*passed, *outputs)])
        for name in (*passed, *outputs):
            keep[name] = both.copy()
        return
    data = str(node.inputs[0]) if node.inputs else ""
    if find(node.op).view and data in keep and len(keep[outputs[0]]) % len(keep[data]) == 0:
        groups = keep[outputs[0]].reshape(-1, len(keep[data]))
        both = groups.any(axis=0) | keep[data]
        keep[data] = both
        keep[outputs[0]] = np.tile(both, len(groups))
        return
    for name in (*outputs, *(value for value in node.inputs if value is not None and value in keep)):
        keep[name][:] = True


def drop_channels(graph: Graph, numerics: Numerics) -> Graph:
    """Analyse, then cut every value and constant at once."""
    known = constant_channels(graph, numerics)
    keep = _settle(graph, needed_channels(graph, known))
    if all(mask.all() for mask in keep.values()):
        return graph
    try:
        return _apply(graph, _Cut({name: np.flatnonzero(mask) for name, mask in keep.items()}, known))
    except _BiasOverflowError:
        return graph


def _apply(graph: Graph, cut: _Cut) -> Graph:
    values, constants = dict(graph.values), dict(graph.constants)
    nodes = []
    for node in graph.nodes:
        if is_plain_conv(graph, node):
            nodes.append(_cut_conv(graph, node, cut, values, constants))
        elif is_plain_depthwise(graph, node):
            nodes.append(_cut_depthwise(graph, node, cut, values, constants))
        elif find(node.op).view and "new_shape" in find(node.op).attributes:
            nodes.append(
                node.with_attrs(
                    new_shape=_cut_shape(graph.values[node.outputs[0]], cut.keep[node.outputs[0]])
                )
            )
        else:
            nodes.append(node)
    for name, kept in cut.keep.items():
        values[name] = replace(values[name], shape=_cut_shape(values[name], kept))
    return graph.replace(nodes=tuple(nodes), values=values, constants=constants).pruned()


def _cut_shape(kind: TensorType, kept: Array) -> tuple[int, ...]:
    return (*kind.shape[:-1], len(kept)) if kind.shape else kind.shape


def _select(quant: Quant | None, kept: Array, axis: int) -> Quant | None:
    if quant is None or len(quant.scale) == 1:
        return quant
    return Quant(tuple(quant.scale[i] for i in kept), tuple(quant.zero_point[i] for i in kept), axis)


def _cut_conv(
    graph: Graph, node: Node, cut: _Cut, values: dict[str, TensorType], constants: dict[str, Array]
) -> Node:
    data, weights_name, output = str(node.inputs[0]), str(node.inputs[1]), node.outputs[0]
    weights, kept_in, kept_out = graph.constants[weights_name], cut.keep[data], cut.keep[output]
    if len(kept_in) == weights.shape[-1] and len(kept_out) == weights.shape[0]:
        return node
    folded = _folded_bias(graph, node, cut)
    new_weights = graph.fresh(f"{weights_name}.cut.{output}")
    constants[new_weights] = frozen(weights[kept_out][..., kept_in])
    kind = graph.values[weights_name]
    values[new_weights] = TensorType(
        kind.dtype, constants[new_weights].shape, _select(kind.quant, kept_out, 0)
    )
    inputs: list[str | None] = [data, new_weights]
    bias_name = node.inputs[2] if len(node.inputs) > 2 else None
    if bias_name is not None or folded.any():
        inputs.append(_cut_bias(graph, node, folded[kept_out], kept_out, values, constants))
    return replace(node, inputs=tuple(inputs))


def _folded_bias(graph: Graph, node: Node, cut: _Cut) -> Array:
    """The whole bias, [out_channels] int64, with the sums of the dropped constant channels in it."""
    data = str(node.inputs[0])
    weights = graph.constants[str(node.inputs[1])]
    known, quant = cut.known[data], graph.values[data].quant
    if quant is None:
        raise ValueError("quantised data expected")
    dropped = known.mask.copy()
    dropped[cut.keep[data]] = False
    taps = weights.reshape(weights.shape[0], -1, weights.shape[-1]).sum(axis=1, dtype=np.int64)
    sums: Array = taps[:, dropped] @ (known.value[dropped] - quant.scalar[1])
    bias_name = node.inputs[2] if len(node.inputs) > 2 else None
    return sums if bias_name is None else sums + graph.constants[bias_name].reshape(-1).astype(np.int64)


def _cut_bias(
    graph: Graph,
    node: Node,
    bias: Array,
    kept: Array,
    values: dict[str, TensorType],
    constants: dict[str, Array],
) -> str:
    name = graph.fresh(f"{node.outputs[0]}.bias.cut")
    old = node.inputs[2] if len(node.inputs) > 2 else None
    dtype = np.dtype(np.int32) if old is None else graph.constants[old].dtype
    if np.abs(bias).max(initial=0) > _INT32:
        raise _BiasOverflowError
    constants[name] = frozen(bias.astype(dtype))
    quant = None if old is None else _select(graph.values[old].quant, kept, 0)
    values[name] = TensorType(DType(dtype.name), constants[name].shape, quant)
    return name


def _cut_depthwise(
    graph: Graph, node: Node, cut: _Cut, values: dict[str, TensorType], constants: dict[str, Array]
) -> Node:
    kept = cut.keep[node.outputs[0]]
    weights_name = str(node.inputs[1])
    weights = graph.constants[weights_name]
    if len(kept) == weights.shape[-1]:
        return node
    inputs: list[str | None] = [node.inputs[0]]
    bias = [(name, 0) for name in node.inputs[2:] if name is not None]
    for name, axis in [(weights_name, 3), *bias]:
        new = graph.fresh(f"{name}.cut.{node.outputs[0]}")
        constants[new] = frozen(np.take(graph.constants[name], kept, axis=axis))
        kind = graph.values[name]
        values[new] = TensorType(kind.dtype, constants[new].shape, _select(kind.quant, kept, axis))
        inputs.append(new)
    return replace(node, inputs=tuple(inputs))


PASS = Pass(
    "drop-channels",
    60,
    "behind fusion, when clamps sit in the layers whose constants they change",
    drop_channels,
)
