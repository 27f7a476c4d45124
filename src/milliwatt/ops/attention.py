# SPDX-License-Identifier: Apache-2.0
"""ATTENTION: for every query the mean of the values, weighted by the softmax of its products with the keys.

Source: Vaswani et al., "Attention is all you need", 2017, scaled dot-product attention.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.float_functions import exp
from milliwatt.ops.operator import Attribute, Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.rows import rows, sequential_sum

Array = npt.NDArray[Any]


def ranks(signature: Signature) -> bool:
    """Queries, keys and values have at least two dimensions, and equally many matrices."""
    shapes_ = [signature.input(index).shape for index in (0, 1, 2)]
    ranked = all(len(shape) >= 2 for shape in shapes_)
    return ranked and len({math.prod(shape[:-2]) for shape in shapes_}) == 1


def fitting(signature: Signature) -> bool:
    """Keys have the queries' depth, and there are as many values as keys."""
    depth, count = key_sizes(signature)
    return signature.input(0).shape[-1] == depth and signature.input(2).shape[-2] == count


def mask_repeats(signature: Signature) -> bool:
    """The mask is [queries or 1, keys], alike for all matrices or one for each of them."""
    if not signature.has_input(3):
        return True
    shape = signature.input(3).shape
    queries, keys = signature.input(0).shape[-2], key_sizes(signature)[1]
    leading = math.prod(shape[:-2])
    return (
        len(shape) >= 2
        and shape[-1] == keys
        and shape[-2] in (1, queries)
        and leading in (1, math.prod(signature.input(0).shape[:-2]))
    )


def finite_scale(signature: Signature) -> bool:
    """The scale is finite."""
    return math.isfinite(signature.attrs["scale"])


def key_sizes(signature: Signature) -> tuple[int, int]:
    """Depth and number of the keys, which stand in rows, or in columns where ``keys_in_columns`` is set."""
    first, second = signature.input(1).shape[-2:]
    return (first, second) if signature.attrs["keys_in_columns"] else (second, first)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The values' shape with a row for every query."""
    value = signature.input(2).shape
    return ((*value[:-2], signature.input(0).shape[-2], value[-1]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Each operation in float32; exponentials correctly rounded and summed in order. The C kernel divides the sums of
    the values instead of the weights.
    """
    query, key, value = (call.input(index).reshape(-1, *call.input(index).shape[-2:]) for index in (0, 1, 2))
    turned = key if call.signature.attrs["keys_in_columns"] else key.swapaxes(1, 2)
    scores = (query @ turned) * np.float32(call.signature.attrs["scale"])
    if call.signature.attrs["causal"]:
        scores = np.where(np.tri(*scores.shape[1:], dtype=np.bool_), scores, np.float32(-np.inf))
    mask = call.inputs[3] if len(call.inputs) > 3 else None
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        if mask is not None:
            scores = scores + mask.reshape(-1, *mask.shape[-2:])
        terms = rows(exp(scores - scores.max(axis=-1, keepdims=True)))
        weights = (terms * (np.float32(1) / sequential_sum(terms))).reshape(scores.shape)
        return (as_output(weights @ value, call.signature),)


def macs(signature: Signature) -> int:
    """Queries times the keys that they see times (depth of the keys + depth of the values)."""
    depth, count = key_sizes(signature)
    *leading, queries, _ = signature.input(0).shape
    causal = signature.attrs["causal"]
    seen = sum(min(query + 1, count) if causal else count for query in range(queries))
    return math.prod(leading) * seen * (depth + signature.input(2).shape[-1])


OPERATOR = Operator(
    name="ATTENTION",
    summary="For every query the mean of the values, weighted by the softmax of its products with the keys.",
    attributes={
        "scale": Attribute("float", 1.0),
        "keys_in_columns": Attribute("bool", False),
        # Query i sees the keys 0..i alone.
        "causal": Attribute("bool", False),
    },
    types=(TypeRow((*(DType.FLOAT32,) * 3, (DType.FLOAT32, None)), (DType.FLOAT32,)),),
    constraints=(ranks, fitting, mask_repeats, finite_scale),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    tflite=False,
)
