# SPDX-License-Identifier: Apache-2.0
"""LAYER_NORM and RMS_NORM, in place if the plan likes."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Site
from milliwatt.ops.normalised_rows import depth

OPERATORS = ("LAYER_NORM", "RMS_NORM")


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel; where there is no scale or bias it gets the data instead and does not read it."""
    signature = site.signature
    count = depth(signature)
    scaled, shifted = signature.has_input(1), signature.has_input(2)
    params = {
        "rows": signature.input(0).size // count,
        "depth": count,
        "centre": int(site.node.op == "LAYER_NORM"),
        "scaled": int(scaled),
        "shifted": int(shifted),
        "epsilon": float(signature.attrs["epsilon"]),
    }
    arguments = (
        site.read(0),
        site.write(),
        site.read(1 if scaled else 0),
        site.read(2 if shifted else 0),
    )
    yield (site.call("mw_layer_norm_f32", params, arguments, overlaps=site.in_place(0)),)
