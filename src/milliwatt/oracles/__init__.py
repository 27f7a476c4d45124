# SPDX-License-Identifier: Apache-2.0
"""The engine of the framework that a model comes from, for `verify`. One file per framework, found by walking.

A module has

* ``SUFFIXES``: the model files that it runs, and ``of_file(path, graph) -> Oracle``;
* or ``takes(model: object) -> bool`` and ``of_object(model, example, graph) -> Oracle`` for live objects; or both.

A framework that is not installed is a ToolchainError, which `verify` reports as not compared.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from milliwatt.errors import ToolchainError
from milliwatt.ir import Graph
from milliwatt.verification import Oracle


@functools.cache
def _modules() -> tuple[ModuleType, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)


def of_file(path: Path, graph: Graph) -> Oracle:
    """The framework's engine with the model of a file in it.

    Args:
        path: the model's file.
        graph: what was imported from it.

    Raises:
        ToolchainError: the framework is not installed, refuses the model, or none is known for the file.
    """
    for module in _modules():
        if path.suffix.lower() in getattr(module, "SUFFIXES", ()):
            oracle: Oracle = module.of_file(path, graph)
            return oracle
    raise ToolchainError(f"no framework is known for {path.suffix} files")


def of_object(model: object, example: object, graph: Graph) -> Oracle:
    """The framework's engine with a live object in it.

    Args:
        model: the object that was imported.
        example: the example inputs that went with it.
        graph: what was imported from it.

    Raises:
        ToolchainError: the framework refuses the model, or none is known for it.
    """
    for module in _modules():
        if hasattr(module, "takes") and module.takes(model):
            oracle: Oracle = module.of_object(model, example, graph)
            return oracle
    raise ToolchainError(f"no framework is known for a {type(model).__name__}")
