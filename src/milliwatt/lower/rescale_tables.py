# SPDX-License-Identifier: Apache-2.0
"""What all portable accumulating kernels take behind their geometry: bias, multipliers, output range."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.program import Argument, Table
from milliwatt.lower.real_scale import in_one_word, two_words
from milliwatt.lower.site import Site
from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import accumulates_wide, filter_zero, rescale
from milliwatt.ops.activation_range import float_range
from milliwatt.ops.operator import Signature

Array = npt.NDArray[Any]

Params = dict[str, int | float]

SUFFIX = {DType.INT8: "s8", DType.UINT8: "u8", DType.INT16: "s16", DType.FLOAT32: "f32"}
"""How kernels are named after the element type of their data."""

_BIAS = {DType.INT8: np.int32, DType.UINT8: np.int32, DType.INT16: np.int64, DType.FLOAT32: np.float32}


def constant_bias(site: Site, index: int) -> bool:
    """Whether the optional bias is absent or a constant, or at least of the type that the kernel reads."""
    if not site.signature.has_input(index) or site.signature.constant(index) is not None:
        return True
    return site.signature.input(index).dtype.numpy == _BIAS[site.signature.outputs[0].dtype]


def bias_argument(site: Site, index: int, channels: int) -> Argument:
    """The bias: a table of the accumulator's type, zeros where the model has none, or a value of the arena."""
    wanted = _BIAS[site.signature.outputs[0].dtype]
    constant = site.signature.constant(index)
    if constant is not None:
        return Table("bias", constant.reshape(-1).astype(wanted))
    if site.signature.has_input(index):
        return site.read(index)
    return Table("bias", np.zeros(channels, wanted))


def rescaling(site: Site, signature: Signature, channels: int) -> tuple[Params, tuple[Table, ...]]:
    """The kernel's output parameters, and its tables of mantissas and exponents (none for floats and uint8,
    whose only multiplier is a parameter). With the rounding REAL a mantissa has 53 bits in two words.

    Args:
        site: the node.
        signature: its signature with data, filter and bias as inputs 0, 1 and 2.
        channels: number of output channels.
    """
    output = signature.outputs[0].dtype
    if output is DType.FLOAT32:
        low, high = float_range(signature.attrs["fused_activation_function"])
        return {"low": low, "high": high}, ()
    constants = rescale(signature, channels, site.rounding)
    if output is not DType.INT16:
        constants = in_one_word(constants)
    real = constants.rounding is Rounding.REAL
    params: Params = {"low": constants.low, "high": constants.high, "rounding": int(constants.rounding)}
    mantissa, exponent = two_words(constants) if real else (constants.mantissa, constants.exponent)
    if output is DType.INT16:
        wide = accumulates_wide(signature)
        params["wide"] = int(wide)
        if wide and not real:
            mantissa = wide_mantissa(mantissa, site.rounding)
    else:
        params |= {"input_offset": constants.input_offset, "output_offset": constants.output_offset}
    if output is DType.UINT8:
        params |= {"exponent": int(exponent[0]), "filter_offset": -filter_zero(signature)}
        return params | _only_multiplier(signature, mantissa), ()
    return params, (Table("mantissa", mantissa), Table("exponent", exponent.astype(np.int8)))


def _only_multiplier(signature: Signature, mantissa: Array) -> Params:
    """The multiplier of a uint8 layer; that of FULLY_CONNECTED may have a lower word."""
    words = mantissa[0] if mantissa.ndim == 2 else np.array([0, mantissa[0]])
    lower = {"mantissa_below": int(words[0])} if signature.op == "FULLY_CONNECTED" else {}
    return {"mantissa": int(words[1]), **lower}


def wide_mantissa(mantissa: Array, rounding: Rounding) -> Array:
    """Mantissas as `mw_requantize_wide` takes them: 15 bits with two roundings, else all 31."""
    if rounding is Rounding.SINGLE:
        return mantissa
    rounded = (mantissa.astype(np.int64) + (1 << 15)) >> 16
    return np.where(mantissa < 0x7FFF0000, rounded, 0x7FFF).astype(np.int32)
