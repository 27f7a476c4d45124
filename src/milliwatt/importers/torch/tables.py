# SPDX-License-Identifier: Apache-2.0
"""Finds the translations of ATen's operators by walking the package `aten`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import MappingProxyType

from milliwatt.importers.torch import aten
from milliwatt.importers.torch.site import Result, Site

Translation = Callable[[Site], Result]


@functools.cache
def translations() -> Mapping[str, Translation]:
    """The translation of each operator by its name with its overload, for example ``aten.relu.default``."""
    found: dict[str, Translation] = {}
    for module_info in sorted(pkgutil.iter_modules(aten.__path__), key=lambda item: item.name):
        module = importlib.import_module(f"{aten.__name__}.{module_info.name}")
        found |= getattr(module, "TABLE", {})
    return MappingProxyType(found)
