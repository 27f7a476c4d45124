# SPDX-License-Identifier: Apache-2.0
"""SVDF on int8, with int8 or int16 state, and on float32."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.program import Argument, KernelCall, Table
from milliwatt.lower.site import Site
from milliwatt.ops.activation_range import float_range
from milliwatt.ops.operator import Array
from milliwatt.ops.svdf import multipliers, state_quant

OPERATORS = ("SVDF",)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the state's element type."""
    yield (floating(site) if site.signature.input(0).dtype is DType.FLOAT32 else integer(site),)


def integer(site: Site) -> KernelCall:
    """int8 data; the input's zero point goes into a bias of each filter."""
    signature = site.signature
    (feature_mantissa, feature_exponent), (mantissa, exponent) = multipliers(signature)
    params: dict[str, int | float] = {
        **_geometry(site),
        "feature_mantissa": feature_mantissa,
        "feature_exponent": feature_exponent,
        "mantissa": mantissa,
        "exponent": exponent,
        "output_offset": signature.output_quant()[1],
        "rounding": int(site.rounding),
    }
    narrow = signature.states[0].dtype is DType.INT8
    if narrow:
        params["state_zero"] = state_quant(signature)[1]
    features = _constant(site, 1)
    row_sums = features.astype(np.int64).sum(1)
    tables = (
        Table("features", features),
        Table("feature_bias", (-signature.quant(0)[1] * row_sums).astype(np.int32)),
        Table("time", _constant(site, 2)),
        _bias(site, np.zeros(signature.outputs[0].shape[1], np.int32)),
    )
    kernel = "mw_svdf_s8" if narrow else "mw_svdf_s16"
    return site.call(kernel, params, (*_pointers(site), *tables))


def floating(site: Site) -> KernelCall:
    """float32."""
    low, high = float_range(site.signature.attrs["fused_activation_function"])
    tables = (
        Table("features", _constant(site, 1)),
        Table("time", _constant(site, 2)),
        _bias(site, np.zeros(site.signature.outputs[0].shape[1], np.float32)),
    )
    params = {**_geometry(site), "low": low, "high": high}
    return site.call("mw_svdf_f32", params, (*_pointers(site), *tables))


def _geometry(site: Site) -> dict[str, int | float]:
    batches, features = site.signature.input(0).shape
    return {
        "batches": batches,
        "features": features,
        "units": site.signature.outputs[0].shape[1],
        "rank": site.signature.attrs["rank"],
        "steps": site.signature.input(2).shape[1],
    }


def _pointers(site: Site) -> tuple[Argument, ...]:
    return (site.read(0), site.write(), site.state(0))


def _constant(site: Site, index: int) -> Array:
    array = site.signature.constant(index)
    if array is None:
        raise ValueError("the weights are not constant")
    return array


def _bias(site: Site, zeros: Array) -> Table:
    bias = site.signature.constant(3)
    return Table("bias", zeros if bias is None else bias)
