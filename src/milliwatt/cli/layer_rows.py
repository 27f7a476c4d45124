# SPDX-License-Identifier: Apache-2.0
"""The calls of a profile as rows of a table: what one layer's bands spend stands in one row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from milliwatt.bands import layer_of
from milliwatt.cli.layer_names import layer_names
from milliwatt.lower.program import KernelCall


@dataclass(frozen=True)
class LayerRow:
    """Calls that are shown as one.

    Attributes:
        op: the operator.
        kernels: how often each kernel is called, in the order of the first calls.
        macs, instructions, cycles: of all calls; cycles are None without a validated model.
        name: the layer, in the words of the user's model.
    """

    op: str
    kernels: dict[str, int]
    macs: int
    instructions: int
    cycles: int | None
    name: str

    @property
    def kernel(self) -> str:
        """The kernels, with the number of calls where it is not one."""
        return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in self.kernels.items())


def with_layers(layers: Sequence[dict[str, Any]], calls: Sequence[KernelCall]) -> list[dict[str, Any]]:
    """The calls of a profile, each with the layer of the user's model that it belongs to."""
    return [{**one, "layer": layer_of(call.source)} for one, call in zip(layers, calls, strict=True)]


def layer_rows(layers: Sequence[dict[str, Any]], calls: Sequence[KernelCall]) -> list[LayerRow]:
    """One row for each call, but of a layer in bands one for its operator and one for the rows that it keeps.

    Args:
        layers: from `with_layers`.
        calls: the same calls.
    """
    in_bands = {layer_of(call.source) for call in calls if layer_of(call.source) != call.source}
    groups: dict[object, list[dict[str, Any]]] = {}
    names: dict[object, str] = {}
    named = layer_names((layer_of(call.source), call.reads, call.writes) for call in calls)
    for index, (one, name) in enumerate(zip(layers, named, strict=True)):
        key = (one["layer"], one["op"]) if one["layer"] in in_bands else index
        groups.setdefault(key, []).append(one)
        names.setdefault(key, name)
    return [_row(group, names[key]) for key, group in groups.items()]


def _row(group: Sequence[dict[str, Any]], name: str) -> LayerRow:
    cycles = [one["cycles"] for one in group]
    return LayerRow(
        op=group[0]["op"],
        kernels=dict(Counter(str(one["kernel"]) for one in group)),
        macs=sum(one["macs"] for one in group),
        instructions=sum(one["instructions"] for one in group),
        cycles=None if None in cycles else sum(cycles),
        name=name,
    )
