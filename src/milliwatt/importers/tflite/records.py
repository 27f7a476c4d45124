# SPDX-License-Identifier: Apache-2.0
"""What the file says, as plain immutable records: the reader's result, nothing judged yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FieldValue = int | float | bool | str | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True)
class QuantRecord:
    """A tensor's quantisation parameters. ``details`` names a scheme other than affine, else "NONE"."""

    scale: npt.NDArray[np.float32]
    zero_point: npt.NDArray[np.int64]
    dimension: int
    details: str


@dataclass(frozen=True)
class TensorRecord:
    """A tensor. ``data`` is None without contents; ``type`` is the schema's name of the element type."""

    name: str
    type: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    data: npt.NDArray[np.uint8] | None
    quant: QuantRecord | None
    is_variable: bool
    is_sparse: bool


@dataclass(frozen=True)
class OptionsRecord:
    """An operator's options: the table's name and its fields in the schema's spelling."""

    table: str
    fields: Mapping[str, FieldValue]


@dataclass(frozen=True)
class OperatorRecord:
    """One use of an operator. Tensors are indices into the subgraph's; -1 is an absent input."""

    op: str
    custom: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    intermediates: tuple[int, ...]
    options: OptionsRecord | None


@dataclass(frozen=True)
class SubgraphRecord:
    """A graph of its own: the first is the model, the others are called from operators."""

    tensors: tuple[TensorRecord, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[OperatorRecord, ...]


@dataclass(frozen=True)
class ModelRecord:
    """A whole file."""

    subgraphs: tuple[SubgraphRecord, ...]


Table = Any
"""An object of a class that flatc generated."""
