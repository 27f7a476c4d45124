# SPDX-License-Identifier: Apache-2.0
"""Searches the short form of an int8 sum: two factors, a bias and a shift that give every result exactly.

TFLite rounds four times per sum. Its result is nevertheless ``(a·x + b·y + c) >> s`` for nearly all scales, and
there are only 65536 pairs of bytes, so the search tries all of them: for given factors, each pair whose
result is k demands ``k·2^s <= a·x + b·y + c < (k + 1)·2^s``, which leaves an interval for c. Results at the
limits of the type or activation demand one side only.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Quant, TensorType
from milliwatt.ops.numerics import Rounding
from milliwatt.ops.operator import Signature
from milliwatt.ops.rescaled_pair import LinearPair, linear_pair, rescaled_pair, sum_of_pair

Array = npt.NDArray[Any]

_SHIFTS = (21, 20, 18, 16)
_STEPS = (0, 1, -1, 2, -2)
_BYTES = np.arange(-128, 128)
_LIMIT = 2**31


def short_form(signature: Signature, rounding: Rounding) -> LinearPair | None:
    """The short form of an int8 ADD or SUB, or None when the search finds none."""
    if rounding is Rounding.SINGLE:
        return linear_pair(signature)
    first, second, output = signature.input(0).quant, signature.input(1).quant, signature.outputs[0].quant
    if first is None or second is None or output is None:
        raise ValueError(f"{signature.op} is not quantised")
    activation = str(signature.attrs["fused_activation_function"])
    return _search(signature.op, first, second, output, activation)


@functools.lru_cache(maxsize=256)
def _search(op: str, first: Quant, second: Quant, output: Quant, activation: str) -> LinearPair | None:
    kinds = [TensorType(DType.INT8, (256, 256), quant) for quant in (first, second, output)]
    attrs = {"fused_activation_function": activation, "pot_scale_int16": False}
    signature = Signature(op, (kinds[0], kinds[1]), (kinds[2],), attrs=attrs)
    limits = rescaled_pair(signature)
    wanted = sum_of_pair(signature, _BYTES[:, None], _BYTES[None, :], Rounding.DOUBLE)
    sign = -1 if op == "SUB" else 1
    ratios = (first.scale[0] / output.scale[0], sign * second.scale[0] / output.scale[0])
    edges = _edges(wanted, limits.low, limits.high)
    for shift in _SHIFTS:
        centres = [round(ratio * 2.0**shift) for ratio in ratios]
        if max(map(abs, centres)) * 256 >= _LIMIT:
            continue
        for steps in itertools.product(_STEPS, _STEPS):
            factors = (centres[0] + steps[0], centres[1] + steps[1])
            bias = _bias(edges, factors, shift)
            if bias is None or not _fits(factors, bias):
                continue
            found = LinearPair(*factors, bias, shift, limits.low, limits.high)
            if np.array_equal(found.evaluate(_BYTES[:, None], _BYTES[None, :]), wanted):
                return found
    return None


def _edges(
    wanted: Array, low: int, high: int
) -> tuple[tuple[Array, Array, Array], tuple[Array, Array, Array]]:
    """For rows of equal x: the results' steps along y, which alone bound the bias.

    Returns (x, y, k) of the smallest y of each result k above ``low``, and of the largest y of each result
    below ``high``; along y the results rise or fall, so "smallest" means the end with the smallest sum.
    """
    rising = wanted[:, -1].sum() >= wanted[:, 0].sum()
    ordered = wanted if rising else wanted[:, ::-1]
    starts = np.ones(wanted.shape, bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.ones(wanted.shape, bool)
    ends[:, :-1] = starts[:, 1:]
    line = _BYTES if rising else _BYTES[::-1]
    return _points(starts & (ordered > low), ordered, line), _points(ends & (ordered < high), ordered, line)


def _points(chosen: Array, ordered: Array, line: Array) -> tuple[Array, Array, Array]:
    rows, columns = np.nonzero(chosen)
    return _BYTES[rows], line[columns], ordered[rows, columns]


def _bias(
    edges: tuple[tuple[Array, Array, Array], tuple[Array, Array, Array]], factors: tuple[int, int], shift: int
) -> int | None:
    """The middle of the interval of biases that give all results, or None when it is empty."""
    (first, second, result), (last_first, last_second, last_result) = edges
    least = (result << shift) - factors[0] * first - factors[1] * second
    most = ((last_result + 1) << shift) - 1 - factors[0] * last_first - factors[1] * last_second
    low = int(least.max()) if least.size else -_LIMIT
    high = int(most.min()) if most.size else _LIMIT
    return (low + high) // 2 if low <= high else None


def _fits(factors: tuple[int, int], bias: int) -> bool:
    """Whether no partial sum leaves int32."""
    return (abs(factors[0]) + abs(factors[1])) * 128 + abs(bias) < _LIMIT
