# SPDX-License-Identifier: Apache-2.0
"""Matrix products: FULLY_CONNECTED where one side is constant, else BATCH_MATMUL."""

from __future__ import annotations

import math

from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType


def linear(site: Site) -> str:
    """input @ weight.T + bias."""
    data, weight, bias = site.value("input"), site.value("weight"), site.optional("bias")
    known = site.is_known(weight)
    if len(site.build.shape_of(weight)) == 1:
        weight = site.reshape(weight, (1, *site.build.shape_of(weight)))
    if not known:
        return site.reshape(added(site, product(site, data, weight, turned=True), bias), site.output_shape)
    return site.reshape(fully_connected(site, data, weight, bias), site.output_shape)


def fully_connected(site: Site, data: str, weight: str, bias: str | None) -> str:
    """Rows of ``data`` times a filter [units, depth] plus bias; all but the last axis are kept."""
    if len(site.build.shape_of(data)) < 2:
        data = site.reshape(data, (1, site.build.shape_of(data)[0]))
    keep = len(site.build.shape_of(data)) > 2
    return site.emit("FULLY_CONNECTED", [data, weight, bias], {"keep_num_dims": keep})


def matmul(site: Site) -> str:
    """self @ other, of any ranks."""
    left, right = site.value("self"), site.value("mat2" if "mat2" in site.arguments else "other")
    return site.reshape(multiplied(site, left, right), site.output_shape)


def addmm(site: Site) -> str:
    """beta * self + alpha * (mat1 @ mat2)."""
    names = ("mat1", "mat2") if "mat1" in site.arguments else ("batch1", "batch2")
    result = multiplied(site, *(site.value(name) for name in names))
    result = scaled(site, result, site.number("alpha"))
    if site.number("beta") != 0:
        result = added(site, result, scaled(site, site.value("self"), site.number("beta")))
    return site.reshape(result, site.output_shape)


def multiplied(site: Site, left: str, right: str) -> str:
    """A matrix product of values of at least one axis each; a vector is a row at the left, a column at the right."""
    if len(site.build.shape_of(left)) == 1:
        left = site.reshape(left, (1, *site.build.shape_of(left)))
    if len(site.build.shape_of(right)) == 1:
        right = site.reshape(right, (*site.build.shape_of(right), 1))
    is_float = site.build.type_of(left).dtype is DType.FLOAT32
    if is_float and len(site.build.shape_of(right)) == 2 and site.is_known(right):
        return fully_connected(site, left, site.transpose(right, (1, 0)), None)
    return product(site, left, right)


def product(site: Site, left: str, right: str, *, turned: bool = False) -> str:
    """Products of stacks of matrices, the right ones transposed if they are turned."""
    shapes = [site.build.shape_of(left), site.build.shape_of(right)]
    if len(shapes[1]) == 2 and len(shapes[0]) > 2:
        left = site.reshape(left, (math.prod(shapes[0][:-1]), shapes[0][-1]))
    result = site.emit("BATCH_MATMUL", [left, right], {"adj_y": turned})
    if len(shapes[1]) == 2 and len(shapes[0]) > 2:
        result = site.reshape(result, (*shapes[0][:-1], site.build.shape_of(result)[-1]))
    return result


def with_vector(site: Site) -> str:
    """A matrix or a vector times a vector."""
    name = "vec" if "vec" in site.arguments else "tensor"
    return site.reshape(multiplied(site, site.value("self"), site.value(name)), site.output_shape)


def bilinear(site: Site) -> str:
    """input1 @ weight[o] @ input2 for each output, plus bias: a layer with one row per output and second input."""
    left, right, weight = (site.value(name) for name in ("input1", "input2", "weight"))
    outputs, first, second = site.build.shape_of(weight)
    rows = math.prod(site.build.shape_of(left)[:-1])
    filters = site.reshape(site.transpose(weight, (0, 2, 1)), (outputs * second, first))
    half = fully_connected(site, site.reshape(left, (rows, first)), filters, None)
    column = site.reshape(right, (rows, second, 1))
    whole = product(site, site.reshape(half, (rows, outputs, second)), column)
    return site.reshape(
        added(site, site.reshape(whole, (rows, outputs)), site.optional("bias")), site.output_shape
    )


def scaled(site: Site, value: str, factor: float) -> str:
    """The value times a number; the value itself for 1."""
    kind = site.build.type_of(value).dtype
    return value if factor == 1 else site.emit("MUL", [value, site.scalar(factor, kind)], dtype=kind)


def added(site: Site, value: str, bias: str | None) -> str:
    """The value plus a bias that may be absent."""
    return value if bias is None else site.emit("ADD", [value, bias])


TABLE = {
    "aten.linear.default": linear,
    "aten.bilinear.default": bilinear,
    "aten.matmul.default": matmul,
    "aten.mm.default": matmul,
    "aten.bmm.default": matmul,
    "aten.mv.default": with_vector,
    "aten.dot.default": with_vector,
    "aten.addmm.default": addmm,
    "aten.baddbmm.default": addmm,
}
