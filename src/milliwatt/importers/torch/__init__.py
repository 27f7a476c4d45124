# SPDX-License-Identifier: Apache-2.0
"""PyTorch models through torch.export: programs saved as .pt2, and live modules.

The steps: `archive` (bytes -> a program, without unpickling anything), `program` (a module -> a program;
changes in place become states, what no translation takes is decomposed), `translate` with the operators in
`aten`. Needs PyTorch, the extra `train`, which is imported when a model is read and not before.
"""

from __future__ import annotations

import sys

from milliwatt.importers.request import Request
from milliwatt.ir import Graph

SUFFIXES = (".pt2", ".pt", ".pth", ".ts")
"""Programs are saved as .pt2; the other suffixes are taken so that TorchScript and pickles are refused with the
reason and what to do instead.
"""

__all__ = ["SUFFIXES", "from_module", "from_object", "from_program", "load", "takes"]


def takes(model: object) -> bool:
    """Whether the object is a PyTorch module or an exported program."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    return isinstance(model, torch.nn.Module | torch.export.ExportedProgram)


def from_object(model: object, example: object, name: str, request: Request) -> Graph:
    """The graph of a live module or of an exported program; see `from_module`."""
    request.refuse_shapes("live PyTorch")
    torch = sys.modules["torch"]
    if isinstance(model, torch.export.ExportedProgram):
        return from_program(model, name)
    return from_module(model, example, name)


def from_module(module: object, example_inputs: object, name: str) -> Graph:
    """The graph of a module.

    The module is exported in evaluation mode and left as it was. Buffers that its forward changes become state
    variables, which keep their value from one run to the next.

    Args:
        module: a torch.nn.Module.
        example_inputs: a tensor or array, several in order, or several by the names of forward's arguments ("" for
            the first); their shapes become the graph's.
        name: the graph's name.

    Raises:
        UsageError: the module does not take these inputs.
        UnsupportedError: it uses something that torch.export or milliwatt does not support.
    """
    from milliwatt.importers.torch.example import tensors
    from milliwatt.importers.torch.program import exported
    from milliwatt.importers.torch.translate import translate

    return translate(exported(module, tensors(module, example_inputs)), name)


def from_program(program: object, name: str) -> Graph:
    """The graph of a torch.export.ExportedProgram. A batch that it leaves open is fixed to 1."""
    from milliwatt.importers.torch.program import functional
    from milliwatt.importers.torch.translate import translate

    return translate(functional(program), name)


def load(data: bytes, name: str, request: Request) -> Graph:
    """The graph of a program saved by torch.export.save, with a batch that it leaves open fixed to 1.

    Nothing in the file is run or unpickled.

    Raises:
        ModelError: the bytes are damaged, or no program of PyTorch.
        UnsupportedError: they are another kind of PyTorch file, or use something that milliwatt does not support.
        ToolchainError: PyTorch is not installed.
    """
    from milliwatt.importers.torch.archive import program_of
    from milliwatt.importers.torch.translate import translate

    request.refuse_shapes(".pt2")
    return translate(program_of(data), name)
