# SPDX-License-Identifier: Apache-2.0
"""A recipe appends one random, valid node of one operator to a graph."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from milliwatt.ir import DType
from milliwatt.testing.builder import GraphBuilder

Make = Callable[[GraphBuilder, DType], tuple[str, ...]]


@dataclass(frozen=True)
class Recipe:
    """How to make a random node.

    Attributes:
        op: the operator.
        make: appends one node whose main element type is given, and returns its outputs. It takes its data
            from `GraphBuilder.value`, so that nodes chain, and raises nothing.
        dtypes: the main element types that it can make.
    """

    op: str
    make: Make
    dtypes: tuple[DType, ...]


@functools.cache
def recipes() -> Mapping[str, Recipe]:
    """All recipes by operator, found by walking `milliwatt.testing.recipes`."""
    import milliwatt.testing.recipes as package

    found: dict[str, Recipe] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        found.update({recipe.op: recipe for recipe in getattr(module, "RECIPES", ())})
    return MappingProxyType(dict(sorted(found.items())))
