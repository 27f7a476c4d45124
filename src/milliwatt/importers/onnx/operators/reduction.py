# SPDX-License-Identifier: Apache-2.0
"""Reductions over axes, and the indices of extremes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from milliwatt.importers.channel_first import to_channel_first, to_channel_last
from milliwatt.importers.moving import reshape
from milliwatt.importers.onnx.operators.movement import listed_axes
from milliwatt.importers.onnx.site import Handler, Result, Site
from milliwatt.ir import DType

_AXES_INPUT = {"ReduceSum": 13}
"""Since which operator set axes are an input; 18 for the others."""


def reduced(site: Site, op: str, value: str) -> str:
    """A value reduced over the node's axes."""
    build = site.build
    shape, keep = build.shape_of(value), bool(site.integer("keepdims", 1))
    axes = listed_axes(site, since=_AXES_INPUT.get(site.node.op, 18))
    if not axes:
        if site.integer("noop_with_empty_axes", 0):
            return value
        axes = tuple(range(len(shape)))
    places = tuple(sorted({site.axis(axis, len(shape)) for axis in axes}))
    if not places:
        return value
    if len(shape) == 4 and places == (2, 3):
        # Channel last, as the operators around it.
        inputs = [to_channel_last(build, value), build.integers((1, 2), stem="axes")]
        whole = to_channel_first(build, build.node(op, inputs, {"keep_dims": True}), 4)
        return whole if keep else reshape(build, whole, shape[:2])
    inputs = [value, build.integers(places, stem="axes")]
    return build.node(op, inputs, {"keep_dims": keep})


def _plain(op: str) -> Handler:
    def handle(site: Site) -> Result:
        return reduced(site, op, site.value(0))

    return handle


def _composed(before: str, after: str) -> Handler:
    """A sum of something, and something of the sum; either may be nothing."""

    def handle(site: Site) -> Result:
        build = site.build
        value = build.node(before, [site.value(0)]) if before else site.value(0)
        total = reduced(site, "SUM", value)
        return build.node(after, [total]) if after else total

    return handle


def log_sum_exp(site: Site) -> Result:
    """ReduceLogSumExp, around the largest element, so that nothing overflows."""
    build, value = site.build, site.value(0)
    everything = build.integers(range(len(site.shape(0))), stem="axes")
    largest = build.node("REDUCE_MAX", [value, everything], {"keep_dims": False}) if site.shape(0) else value
    shifted = build.node("EXP", [build.node("SUB", [value, largest])])
    return build.node("ADD", [build.node("LOG", [reduced(site, "SUM", shifted)]), largest])


def _extreme(op: str) -> Handler:
    def handle(site: Site) -> Result:
        build, shape = site.build, site.shape(0)
        if site.integer("select_last_index", 0):
            raise site.refusal(f"{site.node.op} with select_last_index is not supported")
        axis = site.axis(site.integer("axis", 0), len(shape))
        inputs = [site.value(0), build.constant(np.array(axis, np.int32), stem="axis")]
        found = build.node(op, inputs, {"output_type": "INT64"}, dtype=DType.INT64)
        if not site.integer("keepdims", 1):
            return found
        return reshape(build, found, (*shape[:axis], 1, *shape[axis + 1 :]))

    return handle


def cumulative_sum(site: Site) -> Result:
    """CumSum of floats: a product with a triangle of ones."""
    shape, kind = site.shape(0), site.dtype(0)
    axis = site.axis(site.known_integers(1, "axis")[0], len(shape))
    extent = shape[axis]
    if kind is not DType.FLOAT32 or extent > 1024:
        raise site.refusal("CumSum is supported for floats, along at most 1024 elements")
    ones = np.tril(np.ones((extent, extent), np.float32), -1 if site.integer("exclusive", 0) else 0)
    if site.integer("reverse", 0):
        ones = ones.T
    return along_axis(site, site.value(0), axis, ones)


def along_axis(site: Site, value: str, axis: int, matrix: np.ndarray) -> str:
    """The matrix [out, in] applied to every line along an axis."""
    from milliwatt.importers.moving import transpose
    from milliwatt.importers.onnx.operators.matrix import dense

    build = site.build
    rank = len(build.shape_of(value))
    order = [*(index for index in range(rank) if index != axis), axis]
    moved = dense(
        site, transpose(build, value, order), build.constant(matrix.astype(np.float32), stem="matrix"), None
    )
    return transpose(build, moved, [order.index(index) for index in range(rank)])


HANDLERS: dict[str, Callable[[Site], Result | tuple[Result, ...]]] = {
    "ArgMax": _extreme("ARG_MAX"),
    "ArgMin": _extreme("ARG_MIN"),
    "CumSum": cumulative_sum,
    "ReduceL1": _composed("ABS", ""),
    "ReduceL2": _composed("SQUARE", "SQRT"),
    "ReduceLogSum": _composed("", "LOG"),
    "ReduceLogSumExp": log_sum_exp,
    "ReduceMax": _plain("REDUCE_MAX"),
    "ReduceMean": _plain("MEAN"),
    "ReduceMin": _plain("REDUCE_MIN"),
    "ReduceProd": _plain("REDUCE_PROD"),
    "ReduceSum": _plain("SUM"),
    "ReduceSumSquare": _composed("SQUARE", ""),
}
