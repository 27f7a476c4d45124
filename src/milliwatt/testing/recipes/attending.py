# SPDX-License-Identifier: Apache-2.0
"""ATTENTION."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import AttrValue, DType
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe


def attention(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Keys in rows and in columns; no mask, one for all matrices or one for each."""
    heads, queries, keys = build.integer(1, 3), build.integer(1, 6), build.integer(1, 7)
    depth, width = build.integer(1, 6), build.integer(1, 6)
    columns = bool(build.integer(0, 1))
    query = build.value(dtype, shape=(heads, queries, depth))
    key = build.value(dtype, shape=(heads, depth, keys) if columns else (heads, keys, depth))
    value = build.value(dtype, shape=(heads, keys, width))
    shape = build.choice([None, (queries, keys), (1, keys), (heads, queries, keys), (heads, 1, keys)])
    mask = None if shape is None else build.constant(build.random.normal(0, 2, shape).astype(np.float32))
    # Small, so that what comes in with large values does not make a softmax of rounding errors.
    attrs: dict[str, AttrValue] = {"scale": build.choice([0.25, 0.01]), "keys_in_columns": columns}
    attrs["causal"] = build.random.random() < 0.3
    return build.node("ATTENTION", (query, key, value, mask), attrs=attrs, dtype=dtype)


RECIPES = (Recipe("ATTENTION", attention, (DType.FLOAT32,)),)
