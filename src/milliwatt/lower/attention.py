# SPDX-License-Identifier: Apache-2.0
"""ATTENTION, with one row of scores as scratch."""

from __future__ import annotations

import math
from collections.abc import Iterator

from milliwatt.lower.program import KernelCall, Overlap, Scratch
from milliwatt.lower.site import Site
from milliwatt.ops.attention import key_sizes

OPERATORS = ("ATTENTION",)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel; where there is no mask it gets the queries instead and does not read them as one."""
    signature = site.signature
    *leading, queries, depth = signature.input(0).shape
    keys, width = signature.input(2).shape[-2:]
    columns = signature.attrs["keys_in_columns"]
    params: dict[str, int | float] = {
        "batches": math.prod(leading),
        "queries": queries,
        "keys": key_sizes(signature)[1],
        "depth": depth,
        "width": width,
        "key_next": 1 if columns else depth,
        "key_step": keys if columns else 1,
        "causal": int(signature.attrs["causal"]),
        **_mask_strides(site),
        "scale": float(signature.attrs["scale"]),
    }
    mask = site.read(3 if signature.has_input(3) else 0)
    arguments = (*map(site.read, (0, 1, 2)), mask, site.write(), Scratch(4 * keys, "float"))
    yield (site.call("mw_attention_f32", params, arguments, overlaps=_overlaps(site, math.prod(leading))),)


def _mask_strides(site: Site) -> dict[str, int | float]:
    if not site.signature.has_input(3):
        return {"masked": 0, "mask_batch": 0, "mask_query": 0}
    shape = site.signature.input(3).shape
    return {
        "masked": 1,
        "mask_batch": math.prod(shape[-2:]) if math.prod(shape[:-2]) > 1 else 0,
        "mask_query": shape[-1] if shape[-2] > 1 else 0,
    }


def _overlaps(site: Site, batches: int) -> tuple[Overlap, ...]:
    """Over the queries, unless they are also something else; a row is written when its query is no longer needed."""
    query, *others = site.node.inputs
    if query in others:
        return ()
    rows = batches * site.signature.input(0).shape[-2]
    grown = site.signature.input(2).shape[-1] - site.signature.input(0).shape[-1]
    return site.in_place(0, distance=4 * max(grown, grown * (rows - 1)))
