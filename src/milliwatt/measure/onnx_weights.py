# SPDX-License-Identifier: Apache-2.0
"""Makes ONNX Runtime exact for uint8 data and int8 weights.

On x86 processors without VNNI it adds pairs of their products with saturation in 16 bits. It does not where the
weights are uint8 as well, which are the same numbers with a zero point that is 128 higher.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_PRODUCTS = {"QLinearConv": (2, 3, 5), "QLinearMatMul": (2, 3, 5), "QGemm": (2, 3, 5)}
"""Inputs: the data's zero point, the weights and their zero point."""


def make_weights_unsigned(model: Any) -> None:
    """Replace, in an ONNX model, int8 weights of products with uint8 data by uint8 weights."""
    from onnx import numpy_helper

    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        places = _PRODUCTS.get(node.op_type)
        if places is None or len(node.input) <= max(places):
            continue
        if not all(node.input[place] in tensors for place in places):
            continue
        point, *signed = (numpy_helper.to_array(tensors[node.input[place]]) for place in places)
        if point.dtype != np.uint8 or any(array.dtype != np.int8 for array in signed):
            continue
        for place, array in zip(places[1:], signed, strict=True):
            name = f"{node.input[place]} as uint8"
            if name not in tensors:
                shifted = (array.astype(np.int16) + 128).astype(np.uint8)
                tensors[name] = numpy_helper.from_array(shifted, name)
                model.graph.initializer.append(tensors[name])
            node.input[place] = name
