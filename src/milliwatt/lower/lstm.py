# SPDX-License-Identifier: Apache-2.0
"""LSTM on float32."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower import recurrent
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.site import Site
from milliwatt.ops.recurrent import sizes

OPERATORS = ("LSTM",)

_ORDER = (2, 3, 1, 0)
"""ONNX's gates i, o, f, c in the order of the kernel: forget, cell, output, input."""


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel with a loop over the steps."""
    _, _, features, cells = sizes(site.signature)
    hidden, initial_hidden, hidden_stride, hidden_start = recurrent.state(site, 0)
    cell, initial_cell, cell_stride, cell_start = recurrent.state(site, 1)
    params = {
        **recurrent.geometry(site),
        "gates": 4,
        "batch_stride": 1,
        "hidden_stride": hidden_stride,
        "cell_stride": cell_stride,
        "hidden_start": hidden_start,
        "cell_start": cell_start,
        "cell_clip": 0.0,
    }
    weights = recurrent.fused_weights(site).reshape(4, cells, features + cells)[list(_ORDER)]
    bias = recurrent.merged_bias(site).reshape(4, cells)[list(_ORDER)]
    arguments = (
        *(site.read(0), recurrent.sequence(site), hidden, cell, initial_hidden, initial_cell),
        Table("weights", weights.transpose(1, 2, 0)),
        Table("bias", bias.T),
    )
    yield (recurrent.call(site, "mw_lstm_f32", params, arguments),)
