# SPDX-License-Identifier: Apache-2.0
"""GRU on float32."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.lower import recurrent
from milliwatt.lower.interleaved_rows import interleaved
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.site import Site
from milliwatt.ops.recurrent import sizes

OPERATORS = ("GRU",)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the place where the reset gate multiplies."""
    yield (reset_last(site) if site.signature.attrs["linear_before_reset"] else reset_first(site),)


def reset_last(site: Site) -> KernelCall:
    """One pass over all three gates of each unit."""
    _, _, features, cells = sizes(site.signature)
    hidden, initial, stride, start = recurrent.state(site, 0)
    params = {**recurrent.geometry(site), "hidden_stride": stride, "hidden_start": start}
    weights = recurrent.fused_weights(site).reshape(3, cells, features + cells)
    ahead, back = (bias.reshape(3, cells) for bias in recurrent.biases(site))
    bias = np.stack([ahead[0] + back[0], ahead[1] + back[1], ahead[2], back[2]], axis=1)
    tables = (Table("weights", weights.transpose(1, 2, 0)), Table("bias", bias))
    arguments = (site.read(0), recurrent.sequence(site), hidden, initial, *tables)
    return recurrent.call(site, "mw_gru_f32", params, arguments)


def reset_first(site: Site) -> KernelCall:
    """The gates of all units, then what they let through."""
    _, _, features, cells = sizes(site.signature)
    hidden, initial, stride, start = recurrent.state(site, 0)
    params = {**recurrent.geometry(site), "hidden_stride": stride, "hidden_start": start}
    weights = recurrent.fused_weights(site).reshape(3, cells, features + cells)
    bias = recurrent.merged_bias(site).reshape(3, cells)
    gates = weights[:2].swapaxes(0, 1)
    tables = (
        Table("gate_weights", interleaved(gates.reshape(2 * cells, features + cells))),
        Table("gate_bias", bias[:2].T),
        Table("weights", interleaved(weights[2])),
        Table("bias", bias[2]),
    )
    kept = Scratch(4 * cells, "float")
    arguments = (site.read(0), recurrent.sequence(site), hidden, kept, initial, *tables)
    return recurrent.call(site, "mw_gru_reset_first_f32", params, arguments)
