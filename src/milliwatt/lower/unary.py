# SPDX-License-Identifier: Apache-2.0
"""Operators of one input that need no constants but their own: one kernel per operator and element type."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Site

_FLOAT_KERNELS = {
    "ABS": "mw_abs_f32",
    "CEIL": "mw_ceil_f32",
    "ELU": "mw_elu_f32",
    "ERF": "mw_erf_f32",
    "EXP": "mw_exp_f32",
    "FLOOR": "mw_floor_f32",
    "GELU": "mw_gelu_f32",
    "HARD_SIGMOID": "mw_hard_sigmoid_f32",
    "HARD_SWISH": "mw_hard_swish_f32",
    "LEAKY_RELU": "mw_leaky_relu_f32",
    "LOG": "mw_log_f32",
    "LOGISTIC": "mw_logistic_f32",
    "NEG": "mw_neg_f32",
    "RELU": "mw_relu_f32",
    "RELU6": "mw_clip_f32",
    "RELU_0_TO_1": "mw_clip_f32",
    "RELU_N1_TO_1": "mw_clip_f32",
    "ROUND": "mw_round_f32",
    "RSQRT": "mw_rsqrt_f32",
    "SILU": "mw_silu_f32",
    "SQRT": "mw_sqrt_f32",
    "SQUARE": "mw_square_f32",
    "TANH": "mw_tanh_f32",
}

_INTEGER_KERNELS = {
    ("ABS", DType.INT16): "mw_abs_s16",
    ("ABS", DType.INT32): "mw_abs_s32",
    ("LOGICAL_NOT", DType.BOOL): "mw_logical_not",
    ("NEG", DType.INT16): "mw_neg_s16",
    ("NEG", DType.INT32): "mw_neg_s32",
    ("NEG", DType.INT64): "mw_neg_s64",
}

_BOUNDS = {"RELU6": (0.0, 6.0), "RELU_0_TO_1": (0.0, 1.0), "RELU_N1_TO_1": (-1.0, 1.0)}

OPERATORS = (*_FLOAT_KERNELS, "LOGICAL_NOT")


def matches(site: Site) -> bool:
    """Floats, booleans and integers without quantisation; NEG looks at none."""
    kind = site.signature.input(0)
    if kind.dtype is DType.FLOAT32:
        return site.node.op in _FLOAT_KERNELS
    return (site.node.op, kind.dtype) in _INTEGER_KERNELS and (site.node.op == "NEG" or kind.quant is None)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel, in place if the plan likes."""
    params: dict[str, int | float] = {"count": site.signature.input(0).size}
    yield (
        site.call(
            _kernel(site), params | _extra(site), (site.read(0), site.write()), overlaps=site.in_place(0)
        ),
    )


def _kernel(site: Site) -> str:
    op, dtype = site.node.op, site.signature.input(0).dtype
    if dtype is not DType.FLOAT32:
        return _INTEGER_KERNELS[op, dtype]
    if op == "GELU" and site.signature.attrs["approximate"]:
        return "mw_gelu_tanh_f32"
    return _FLOAT_KERNELS[op]


def _extra(site: Site) -> dict[str, int | float]:
    """Parameters beside the count."""
    op = site.node.op
    if op == "LEAKY_RELU":
        return {"alpha": float(site.signature.attrs["alpha"])}
    if op == "HARD_SIGMOID":
        return {name: float(site.signature.attrs[name]) for name in ("alpha", "beta")}
    if op in _BOUNDS:
        low, high = _BOUNDS[op]
        return {"low": low, "high": high}
    return {}
