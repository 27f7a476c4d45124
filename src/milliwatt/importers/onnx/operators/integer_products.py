# SPDX-License-Identifier: Apache-2.0
"""MatMulInteger, ConvInteger and DynamicQuantizeLinear: integers whose scale is found at run time.

There are no integer operators for them: the products are computed in floats, which is exact as long as sums stay
below 2**24. Models that are quantised statically run faster and take less memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.onnx.operators.convolution import convolved
from milliwatt.importers.onnx.operators.matrix import product
from milliwatt.importers.onnx.site import Result, Site
from milliwatt.importers.scalars import scalar
from milliwatt.ir import DType

Array = npt.NDArray[Any]

_EXACT = 2**24


def dynamic_quantize_linear(site: Site) -> tuple[Result, ...]:
    """DynamicQuantizeLinear: uint8 data, their scale and their zero point, from the data's own range."""
    build, value = site.build, site.value(0)
    axes = build.integers(range(len(site.shape(0))), stem="axes")
    zero, most = scalar(build, 0.0), scalar(build, 255.0)
    high = build.node("MAXIMUM", [build.node("REDUCE_MAX", [value, axes], {"keep_dims": False}), zero])
    low = build.node("MINIMUM", [build.node("REDUCE_MIN", [value, axes], {"keep_dims": False}), zero])
    wide = build.node("DIV", [build.node("SUB", [high, low]), most])
    # Where all data are 0 any scale will do.
    scale = build.node("MAXIMUM", [wide, scalar(build, float(np.finfo(np.float32).tiny))])

    def limited(real: str) -> str:
        return build.node("MINIMUM", [build.node("MAXIMUM", [real, zero]), most])

    point = build.node("ROUND", [limited(build.node("DIV", [build.node("NEG", [low]), scale]))])
    steps = build.node("ADD", [build.node("ROUND", [build.node("DIV", [value, scale])]), point])
    return _cast(site, limited(steps), DType.UINT8), scale, _cast(site, point, DType.UINT8)


def _cast(site: Site, value: str, target: DType) -> str:
    source = site.build.type_of(value).dtype
    names = {"in_data_type": source.name, "out_data_type": target.name}
    return site.build.node("CAST", [value], names, dtype=target)


def _centred(site: Site, index: int, point: int) -> str:
    """An input minus its zero point, as floats."""
    build, zero = site.build, site.constant(point)
    array = site.constant(index)
    if array is not None and (zero is not None or not site.has(point)):
        return build.constant((array.astype(np.float32) - _spread(site, index, zero)).astype(np.float32))
    real = _cast(site, site.value(index), DType.FLOAT32)
    if not site.has(point) or (zero is not None and not zero.any()):
        return real
    if len(site.shape(point)) > 0 and site.shape(point) != (1,):
        raise site.refusal(f"{site.node.op} needs its zero points per row as a constant of the model")
    return build.node("SUB", [real, _cast(site, site.value(point), DType.FLOAT32)])


def _spread(site: Site, index: int, zero: Array | None) -> Array:
    """Zero points as they apply to each element: per column of MatMulInteger, per filter of ConvInteger."""
    if zero is None:
        return np.zeros((), np.float32)
    real = zero.astype(np.float32)
    if real.size == 1:
        return real.reshape(())
    rank = len(site.shape(index))
    return real if site.node.op == "MatMulInteger" else real.reshape(-1, *(1,) * (rank - 1))


def _check_exact(site: Site, value: str, terms: int) -> None:
    array = site.build.constant_of(value)
    largest = 255.0 if array is None else float(np.abs(array).max(initial=0))
    if largest * 255 * terms >= _EXACT:
        raise site.refusal(
            f"sums of {site.node.op} may pass 2**24, up to which floats are exact",
            "quantise the model statically, with calibration data",
        )


def matmul_integer(site: Site) -> Result:
    """MatMulInteger: an int32 product of integers minus their zero points."""
    left, right = _centred(site, 0, 2), _centred(site, 1, 3)
    _check_exact(site, right, site.shape(0)[-1])
    return _cast(site, product(site, left, right), DType.INT32)


def conv_integer(site: Site) -> Result:
    """ConvInteger: an int32 convolution of integers minus their zero points."""
    data, weights = _centred(site, 0, 2), _centred(site, 1, 3)
    _check_exact(site, weights, int(np.prod(site.shape(1)[1:])))
    return _cast(site, convolved(site.with_inputs(data, weights)), DType.INT32)


HANDLERS = {
    "ConvInteger": conv_integer,
    "DynamicQuantizeLinear": dynamic_quantize_linear,
    "MatMulInteger": matmul_integer,
}
