# SPDX-License-Identifier: Apache-2.0
"""Sums, means, extremes and variances over axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from milliwatt.importers.torch.site import Site, first_result
from milliwatt.ir import DType


def axes_of(site: Site, name: str = "dim") -> tuple[int, ...]:
    """The reduced axes, counted from the front; without any all of them."""
    rank = len(site.shape("self"))
    given = site.integers(name) if name in site.arguments and site.has(name) else ()
    return tuple(sorted(site.positive(axis, rank) for axis in given)) or tuple(range(rank))


def keeps(site: Site) -> bool:
    """Whether reduced axes stay with extent 1."""
    return bool(site.arguments.get("keepdim", False))


def reduced(site: Site, op: str, value: str, axes: Sequence[int], *, keep: bool) -> str:
    """One reduction. What has no axes is its own."""
    if not site.build.shape_of(value):
        return value
    table = site.build.integers(axes, stem="axes")
    return site.emit(op, [value, table], {"keep_dims": keep})


def reduction(op: str) -> Callable[[Site], str]:
    """The translation of a reduction that TFLite has too."""

    def translated(site: Site) -> str:
        value = site.cast(site.value("self"), site.output_type)
        return reduced(site, op, value, axes_of(site), keep=keeps(site))

    return translated


def extreme_with_index(value_op: str, index_op: str) -> Callable[[Site], tuple[str | None, ...]]:
    """The translation of max and min along an axis, which give the index too."""

    def translated(site: Site) -> tuple[str | None, ...]:
        used, value, axis = site.used_outputs(), site.value("self"), site.axis()
        best = reduced(site, value_op, value, (axis,), keep=keeps(site)) if 0 in used else None
        return best, index_of(site, index_op, axis, keep=keeps(site)) if 1 in used else None

    return translated


def arg_extreme(op: str) -> Callable[[Site], str]:
    """The translation of argmax and argmin."""

    def translated(site: Site) -> str:
        axis = site.axis() if site.has("dim") else None
        return index_of(site, op, axis, keep=keeps(site))

    return translated


def index_of(site: Site, op: str, axis: int | None, *, keep: bool) -> str:
    """The index of the first extreme element, along an axis or in the whole tensor."""
    value, shape = site.value("self"), site.shape("self")
    if axis is None or not shape:
        value, axis, left = site.reshape(value, (math.prod(shape),)), 0, (1,) * len(shape) if keep else ()
    else:
        left = tuple(
            1 if index == axis else extent for index, extent in enumerate(shape) if keep or index != axis
        )
    inputs = [value, site.build.integers([axis], stem="axis")]
    index = site.emit(op, inputs, {"output_type": "INT64"}, dtype=DType.INT64)
    return site.reshape(index, left)


def variance_of(site: Site, correction: float) -> tuple[str, str]:
    """(mean of squares of differences over n - correction, mean), axes as the node says."""
    value, axes, keep = site.value("self"), axes_of(site), keeps(site)
    mean = reduced(site, "MEAN", value, axes, keep=True)
    square = site.emit("SQUARED_DIFFERENCE", [value, mean])
    count = math.prod(site.shape("self")[axis] for axis in axes)
    found = reduced(site, "MEAN", square, axes, keep=keep)
    if correction:
        factor = count / (count - correction) if count > correction else math.inf
        found = site.emit("MUL", [found, site.scalar(factor, DType.FLOAT32)])
    shape = tuple(int(extent) for extent in first_result(site.node).shape)
    return found, site.reshape(mean, shape)


def correction_of(site: Site) -> float:
    """What is taken from the count: 1 unless the node says otherwise."""
    if "unbiased" in site.arguments:
        return 1.0 if site.flag("unbiased") else 0.0
    return site.number("correction") if site.has("correction") else 1.0


def variance(site: Site) -> str:
    """The variance over axes."""
    return variance_of(site, correction_of(site))[0]


def deviation(site: Site) -> str:
    """The standard deviation over axes."""
    return site.emit("SQRT", [variance(site)])


def variance_and_mean(site: Site) -> tuple[str, str]:
    """Both."""
    return variance_of(site, correction_of(site))


def norm(site: Site) -> str:
    """The sum of absolute values (order 1), or the root of the sum of squares (order 2)."""
    order, value = site.number("ord"), site.value("self")
    if order not in (1, 2):
        raise site.unsupported(f"the norm of order {order:g}")
    terms = site.emit("ABS" if order == 1 else "SQUARE", [value])
    total = reduced(site, "SUM", terms, axes_of(site), keep=keeps(site))
    return total if order == 1 else site.emit("SQRT", [total])


def any_of(site: Site) -> str:
    """Whether any element is not zero."""
    return _counted(site, "REDUCE_MAX")


def all_of(site: Site) -> str:
    """Whether every element is not zero."""
    return _counted(site, "REDUCE_MIN")


def _counted(site: Site, op: str) -> str:
    value = site.value("self")
    kind = site.build.type_of(value).dtype
    if kind is not DType.BOOL:
        value = site.emit("NOT_EQUAL", [value, site.scalar(0, kind)], dtype=DType.BOOL)
    numbers = site.cast(value, DType.INT32)
    return site.cast(reduced(site, op, numbers, axes_of(site), keep=keeps(site)), DType.BOOL)


def cumulative_sum(site: Site) -> str:
    """Running sums along an axis, as a product with a triangle of ones."""
    import numpy as np

    value, axis, kind = site.value("self"), site.axis(), site.output_type
    if kind is not DType.FLOAT32:
        raise site.unsupported("running sums of integers")
    shape = site.build.shape_of(value)
    if not shape:
        return value
    order = [*(index for index in range(len(shape)) if index != axis), axis]
    rows = site.transpose(site.cast(value, kind), order)
    ones = site.build.constant(np.tri(shape[axis], dtype=np.float32), stem="triangle")
    flat = site.reshape(rows, (math.prod(shape) // shape[axis], shape[axis]))
    sums = site.reshape(site.emit("FULLY_CONNECTED", [flat, ones, None]), site.build.shape_of(rows))
    return site.transpose(sums, [order.index(index) for index in range(len(order))])


TABLE = {
    "aten.mean.dim": reduction("MEAN"),
    "aten.mean.default": reduction("MEAN"),
    "aten.sum.dim_IntList": reduction("SUM"),
    "aten.sum.default": reduction("SUM"),
    "aten.amax.default": reduction("REDUCE_MAX"),
    "aten.amin.default": reduction("REDUCE_MIN"),
    "aten.max.default": reduction("REDUCE_MAX"),
    "aten.min.default": reduction("REDUCE_MIN"),
    "aten.prod.default": reduction("REDUCE_PROD"),
    "aten.prod.dim_int": reduction("REDUCE_PROD"),
    "aten.max.dim": extreme_with_index("REDUCE_MAX", "ARG_MAX"),
    "aten.min.dim": extreme_with_index("REDUCE_MIN", "ARG_MIN"),
    "aten.argmax.default": arg_extreme("ARG_MAX"),
    "aten.argmin.default": arg_extreme("ARG_MIN"),
    "aten.var.correction": variance,
    "aten.var.dim": variance,
    "aten.std.correction": deviation,
    "aten.std.dim": deviation,
    "aten.var_mean.correction": variance_and_mean,
    "aten.linalg_vector_norm.default": norm,
    "aten.any.default": any_of,
    "aten.any.dim": any_of,
    "aten.any.dims": any_of,
    "aten.all.default": all_of,
    "aten.all.dim": all_of,
    "aten.cumsum.default": cumulative_sum,
}
