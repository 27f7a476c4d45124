# SPDX-License-Identifier: Apache-2.0
"""GATHER_ND: slices of a tensor, each chosen by one index per leading axis."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, rows


def depth_fits(signature: Signature) -> bool:
    """The last dimension of the indices is at least 1 and not longer than the data has axes."""
    indices = signature.input(1).shape
    return len(indices) >= 1 and 1 <= indices[-1] <= len(signature.input(0).shape)


def constant_indices_inside(signature: Signature) -> bool:
    """Constant indices lie in their axes."""
    indices = signature.constant(1)
    if indices is None:
        return True
    extents = signature.input(0).shape[: indices.shape[-1]]
    return bool(((indices >= 0) & (indices < np.array(extents))).all())


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The indices' shape without its last dimension, then the data's axes that no index chooses."""
    indices = signature.input(1).shape
    return ((*indices[:-1], *signature.input(0).shape[indices[-1] :]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's indexing by arrays. Indices outside, at which TFLite fails, are limited to their axes."""
    data, indices = call.input(0), call.input(1)
    limits = np.array(data.shape[: indices.shape[-1]]) - 1
    inside = np.minimum(np.maximum(indices, 0), limits)
    return (as_output(data[tuple(np.moveaxis(inside, -1, 0))], call.signature),)


OPERATOR = Operator(
    name="GATHER_ND",
    summary="Slices of a tensor, each chosen by one index per leading axis.",
    types=rows(INDEX),
    constraints=(depth_fits, constant_indices_inside),
    shapes=shapes,
    evaluate=evaluate,
)
