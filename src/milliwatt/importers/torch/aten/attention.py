# SPDX-License-Identifier: Apache-2.0
"""Scaled dot-product attention: softmax(query @ key.T * scale + mask) @ value.

Source: Vaswani et al., "Attention is all you need", 2017.
"""

from __future__ import annotations

import math

import numpy as np

from milliwatt.importers.torch.aten.linear import product
from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType


def attention(site: Site) -> str:
    """All heads at once, as stacks of matrices."""
    query, key, value = (site.value(name) for name in ("query", "key", "value"))
    if site.flag("enable_gqa"):
        key, value = (shared_heads(site, item, site.build.shape_of(query)) for item in (key, value))
    depth = site.build.shape_of(query)[-1]
    scale = site.number("scale") if site.has("scale") else 1.0 / math.sqrt(depth)
    columns = site.build.shape_of(key)[-2]
    factor = site.scalar(scale, DType.FLOAT32)
    if columns < depth:
        scores = site.emit("MUL", [product(site, query, key, turned=True), factor])
    else:
        scores = product(site, site.emit("MUL", [query, factor]), key, turned=True)
    weights = site.emit("SOFTMAX", [masked(site, scores)], {"beta": 1.0})
    return site.reshape(product(site, weights, value), site.output_shape)


def masked(site: Site, scores: str) -> str:
    """The scores, minus infinity where the mask forbids to look; a mask of floats is added."""
    if site.flag("is_causal"):
        rows, columns = site.build.shape_of(scores)[-2:]
        allowed = site.build.constant(np.tri(rows, columns, dtype=np.bool_), stem="causal")
        return chosen(site, allowed, scores)
    mask = site.optional("attn_mask")
    if mask is None:
        return scores
    if site.build.type_of(mask).dtype is DType.BOOL:
        return chosen(site, mask, scores)
    return site.emit("ADD", [scores, mask])


def chosen(site: Site, allowed: str, scores: str) -> str:
    """The scores where it is allowed, else minus infinity."""
    return site.emit(
        "SELECT_V2", [allowed, scores, site.scalar(-math.inf, DType.FLOAT32)], dtype=DType.FLOAT32
    )


def shared_heads(site: Site, value: str, query: tuple[int, ...]) -> str:
    """Each head of keys or values repeated for the heads of queries that share it."""
    *front, heads, rows, columns = site.build.shape_of(value)
    times = query[-3] // heads
    wide = site.reshape(value, (*front, heads, 1, rows, columns))
    shape = (*front, heads, times, rows, columns)
    repeated = site.emit("BROADCAST_TO", [wide, site.build.integers(shape, stem="shape")])
    return site.reshape(repeated, (*front, heads * times, rows, columns))


TABLE = {"aten.scaled_dot_product_attention.default": attention}
