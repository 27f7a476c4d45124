# SPDX-License-Identifier: Apache-2.0
"""Matrix products. One with constant weights becomes FULLY_CONNECTED, whose weights are [units, depth]."""

from __future__ import annotations

import math

import numpy as np

from milliwatt.importers.moving import reshape, transpose
from milliwatt.importers.onnx.site import Result, Site
from milliwatt.importers.scalars import scalar


def is_weight(site: Site, value: str) -> bool:
    """Whether a value is a constant, or the DEQUANTIZE of one."""
    if site.build.constant_of(value) is not None:
        return True
    maker = site.build.producer(value)
    return maker is not None and maker.op == "DEQUANTIZE" and is_weight(site, str(maker.inputs[0]))


def matmul(site: Site) -> Result:
    """MatMul by NumPy's rules: a vector on the left is a row, on the right a column."""
    return product(site, site.value(0), site.value(1))


def product(site: Site, left: str, right: str) -> str:
    """The product of two values of any rank."""
    build = site.build
    first, second = build.shape_of(left), build.shape_of(right)
    if not first or not second:
        raise site.damage("a matrix product of a scalar")
    if len(first) == 1 or len(second) == 1:
        row = reshape(build, left, (1, *first)) if len(first) == 1 else left
        column = reshape(build, right, (*second, 1)) if len(second) == 1 else right
        whole = build.shape_of(wide := product(site, row, column))
        kept = whole[: -1 if len(second) == 1 else len(whole)]
        if len(first) == 1:
            kept = kept[:-2] + whole[-1:] if len(second) > 1 else kept[:-1]
        return reshape(build, wide, kept)
    if first[-1] != second[-2]:
        raise site.damage(f"a matrix product of {list(first)} and {list(second)}")
    if len(second) == 2 and is_weight(site, right):
        return dense(site, left, transpose(build, right, (1, 0)), None)
    if len(first) == 2 and len(second) == 2 and is_weight(site, left):
        return build.node("BATCH_MATMUL", [left, right])
    return build.node("BATCH_MATMUL", [left, right])


def dense(site: Site, data: str, weights: str, bias: str | None) -> str:
    """FULLY_CONNECTED with weights [units, depth]; the data keep their leading axes."""
    keep = len(site.build.shape_of(data)) != 2
    inputs = [data, weights] + ([] if bias is None else [bias])
    return site.build.node("FULLY_CONNECTED", inputs, {"keep_num_dims": keep})


def gemm(site: Site) -> Result:
    """Gemm: alpha * A * B + beta * C, A and B transposed on request."""
    build, left, right = site.build, site.value(0), site.value(1)
    if len(build.shape_of(left)) != 2 or len(build.shape_of(right)) != 2:
        raise site.damage("Gemm multiplies matrices")
    if site.integer("transA", 0):
        left = transpose(build, left, (1, 0))
    alpha, beta = site.number("alpha", 1.0), site.number("beta", 1.0)
    weights = right if site.integer("transB", 0) else transpose(build, right, (1, 0))
    if build.shape_of(left)[1] != build.shape_of(weights)[1]:
        raise site.damage("Gemm multiplies matrices that do not fit")
    if not is_weight(site, right):
        result = build.node("BATCH_MATMUL", [left, weights], {"adj_y": True})
        return _plus(site, _times(site, result, alpha), beta)
    bias = _bias(site, build.shape_of(weights)[0], beta) if alpha == 1.0 else None
    result = _times(site, dense(site, left, weights, bias), alpha)
    return result if bias is not None else _plus(site, result, beta)


def _bias(site: Site, units: int, beta: float) -> str | None:
    """C as one number per unit, where it is a constant of that kind."""
    if not site.has(2):
        return None
    value, shape, array = site.value(2), site.shape(2), site.constant(2)
    if (
        array is not None
        and array.dtype.kind == "f"
        and math.prod(shape) in (1, units)
        and shape[-1:] != (1,)
    ):
        return site.build.constant((beta * array.reshape(-1)).astype(np.float32), stem=value)
    if array is not None and array.size == 1:
        return site.build.constant(np.full(units, beta * array.reshape(-1)[0], np.float32), stem=value)
    if beta == 1.0 and is_weight(site, value) and shape in ((units,), (1, units)):
        return reshape(site.build, value, (units,))
    return None


def _times(site: Site, value: str, factor: float) -> str:
    return value if factor == 1.0 else site.build.node("MUL", [value, scalar(site.build, factor)])


def _plus(site: Site, value: str, beta: float) -> str:
    if not site.has(2) or beta == 0.0:
        return value
    return site.build.node("ADD", [value, _times(site, site.value(2), beta)])


HANDLERS = {"Gemm": gemm, "MatMul": matmul}
