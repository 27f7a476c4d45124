# SPDX-License-Identifier: Apache-2.0
"""RNN on float32."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower import recurrent
from milliwatt.lower.interleaved_rows import interleaved
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.site import Site

OPERATORS = ("RNN",)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel with a loop over the steps."""
    hidden, initial, stride, start = recurrent.state(site, 0)
    params = {
        **recurrent.geometry(site),
        "hidden_stride": stride,
        "hidden_start": start,
        "rectify": int(site.signature.attrs["activation"] == "RELU"),
    }
    tables = (
        Table("weights", interleaved(recurrent.fused_weights(site))),
        Table("bias", recurrent.merged_bias(site)),
    )
    arguments = (site.read(0), recurrent.sequence(site), hidden, initial, *tables)
    yield (recurrent.call(site, "mw_rnn_f32", params, arguments),)
