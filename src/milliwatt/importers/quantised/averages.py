# SPDX-License-Identifier: Apache-2.0
"""Integer forms of average pools whose output has another quantisation than their data.

AVERAGE_POOL_2D keeps the quantisation, so that a finer output would be rounded twice. A mean over everything, or
a depthwise convolution with ones, rounds once.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from milliwatt.importers.quantised.draft import Draft
from milliwatt.ir import DType, Node, Quant, TensorType


def requantising_average(draft: Draft, node: Node, data: str, output: TensorType) -> Node | None:
    """The node that averages integer data and requantises once; None where windows reach over the border."""
    kind = draft.type_of(data)
    height, width = (int(str(node.attrs[name])) for name in ("filter_height", "filter_width"))
    if node.attrs.get("explicit_padding") or node.attrs.get("padding") != "VALID":
        return None
    if (height, width) == kind.shape[1:3] and output.shape[1:3] == (1, 1):
        axes = draft.constant(f"{node.outputs[0]}.axes", np.array([1, 2], np.int32), None)
        return replace(node, op="MEAN", inputs=(data, axes), attrs={"keep_dims": True})
    scale = float(np.float32(1 / (height * width)))
    weight = 1 if kind.dtype is not DType.UINT8 else 129
    quant = Quant((scale,), (weight - 1,))
    dtype = np.uint8 if kind.dtype is DType.UINT8 else np.int8
    ones = np.full((1, height, width, kind.shape[3]), weight, dtype)
    filters = draft.constant(f"{node.outputs[0]}.ones", ones, quant)
    attrs = {name: node.attrs[name] for name in ("stride_h", "stride_w", "padding") if name in node.attrs}
    fused = node.attrs.get("fused_activation_function", "NONE")
    return replace(
        node,
        op="DEPTHWISE_CONV_2D",
        inputs=(data, filters),
        attrs={**attrs, "depth_multiplier": 1, "fused_activation_function": fused},
    )
