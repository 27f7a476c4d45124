# SPDX-License-Identifier: Apache-2.0
"""Computes at import what depends on parameters and constants alone: masks, positions, normalised weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milliwatt.errors import UnsupportedError
from milliwatt.importers.torch.framework import torch
from milliwatt.importers.torch.site import Constant, Meaning

MAX_ELEMENTS = 1 << 24
"""The most elements that a tensor computed at import may have."""

MAX_COMPUTED = 1 << 26
"""The most elements that all tensors computed at import may have together."""

_NOT_COMPUTED = ("aten.from_file", "aten.rand", "aten.resize")

_EMPTY = ("aten.empty", "aten.new_empty")
"""Memory of any content, which becomes zeros."""


class Allowance:
    """How many elements may still be computed at import."""

    def __init__(self) -> None:
        self._left = MAX_COMPUTED

    def take(self, count: int, *, where: str) -> None:
        """Pay for the elements of a tensor.

        Raises:
            UnsupportedError: there are too many.
        """
        self._left -= count
        if self._left < 0:
            raise UnsupportedError(
                f"the model computes more than {MAX_COMPUTED:,} numbers that do not depend on its inputs",
                where=where,
            )


def known_result(
    node: Any, meanings: Mapping[Any, Meaning], allowance: Allowance, *, where: str
) -> Constant | tuple[Constant, ...] | None:
    """What the node computes, when everything that it reads is known; None when it must run on the device."""
    framework = torch()
    name = str(node.target)
    if not name.startswith(("aten.", "prims.")) or name.startswith(_NOT_COMPUTED):
        return None
    if framework.Tag.nondeterministic_seeded in node.target.tags:
        return None
    results = node.meta.get("val")
    tensors = results if isinstance(results, tuple | list) else (results,)
    if not all(isinstance(item, framework.Tensor) and item.numel() <= MAX_ELEMENTS for item in tensors):
        return None
    if any(not isinstance(meanings.get(item), Constant) for item in node.all_input_nodes):
        return None
    allowance.take(sum(item.numel() for item in tensors), where=where)
    if name.startswith(_EMPTY):
        return Constant(framework.zeros(tuple(results.shape), dtype=results.dtype), node.name)

    def tensor_of(item: Any) -> Any:
        meaning = meanings[item]
        return meaning.tensor if isinstance(meaning, Constant) else meaning

    arguments = framework.fx.map_arg((node.args, dict(node.kwargs)), tensor_of)
    with framework.no_grad():
        computed = node.target(*arguments[0], **arguments[1])
    if isinstance(computed, tuple | list):
        return tuple(Constant(item, node.name) for item in computed)
    return Constant(computed, node.name)
