# SPDX-License-Identifier: Apache-2.0
"""PyTorch, operator by operator on the exported program."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from milliwatt.importers import ImportNotice
from milliwatt.importers.torch import takes
from milliwatt.importers.torch.archive import program_of
from milliwatt.importers.torch.example import tensors
from milliwatt.importers.torch.framework import torch
from milliwatt.importers.torch.program import exported, functional
from milliwatt.ir import Graph
from milliwatt.measure.reference_torch import TorchReference
from milliwatt.verification import Oracle

SUFFIXES = (".pt2",)

__all__ = ["SUFFIXES", "of_file", "of_object", "takes"]


def of_file(path: Path, graph: Graph) -> Oracle:
    """See `milliwatt.oracles`."""
    with warnings.catch_warnings():
        # Whoever imported the model has been told already.
        warnings.simplefilter("ignore", ImportNotice)
        return TorchReference(program_of(path.read_bytes()), graph.outputs)


def of_object(model: object, example: object, graph: Graph) -> Oracle:
    """See `milliwatt.oracles`."""
    module: Any = model
    if isinstance(module, torch().export.ExportedProgram):
        return TorchReference(functional(module), graph.outputs)
    return TorchReference(exported(module, tensors(module, example)), graph.outputs)
