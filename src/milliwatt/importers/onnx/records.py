# SPDX-License-Identifier: Apache-2.0
"""What `reader` takes out of an ONNX file: plain records and NumPy arrays, no protobuf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

Extent = int | str | None
"""A number, the name of a symbolic extent, or None where nothing is said."""

AttributeValue = (
    "int | float | str | Array | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | GraphRecord"
)


@dataclass(frozen=True)
class ValueRecord:
    """A graph input or output: its name, its element type (None where unknown) and its shape (None where unknown)."""

    name: str
    dtype: np.dtype[Any] | None
    shape: tuple[Extent, ...] | None


@dataclass(frozen=True)
class NodeRecord:
    """One node. Names of absent inputs and outputs are empty; attributes of unknown kinds are left out."""

    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class GraphRecord:
    """A graph: the main one, or the branch of an If."""

    inputs: tuple[ValueRecord, ...]
    outputs: tuple[ValueRecord, ...]
    constants: Mapping[str, Array]
    nodes: tuple[NodeRecord, ...]


@dataclass(frozen=True)
class FunctionRecord:
    """An operator that the file defines itself, as nodes."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    nodes: tuple[NodeRecord, ...]


@dataclass(frozen=True)
class ModelRecord:
    """A file: operator sets by domain ("" is ONNX's own), the graph, functions by (domain, name)."""

    opsets: Mapping[str, int]
    graph: GraphRecord
    functions: Mapping[tuple[str, str], FunctionRecord]


@dataclass(frozen=True)
class Reference:
    """An attribute of a function's node that takes the value of the function's attribute of that name."""

    name: str
